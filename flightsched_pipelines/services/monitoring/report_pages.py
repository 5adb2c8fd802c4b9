"""The pages of the hourly reports, in a folder: one for each hour of a fortnight, or as long as is set, and the newest.

With ``REPORTS_BUCKET`` they are copied to S3 under the same names; the bucket's own rules say how long they stay.
"""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from flightsched_pipelines.clients import owner_only_files
from flightsched_pipelines.clients.delivery import aws
from flightsched_pipelines.clients.delivery.aws_errors import AWS_ERRORS
from flightsched_pipelines.errors import PlainError
from flightsched_pipelines.reporting import page
from flightsched_pipelines.reporting.models import Report
from flightsched_pipelines.settings import Settings
from flightsched_pipelines.text import one_line

NEWEST = "latest.html"


class ReportPageError(PlainError):
    """A page cannot be written to its folder or bucket; the message contains the reason."""


def page_path(hour_utc: datetime, settings: Settings) -> Path:
    """Return the path of an hour's page."""
    folder = settings.report_folder or settings.flightsched_home / "reports"
    return folder / f"{hour_utc:%Y-%m-%dT%H}.html"


def write_page(report: Report, settings: Settings) -> Path:
    """Write the page, also as the newest, and delete pages beyond their window; returns its path."""
    text, path = page.html(report), page_path(report.hour_utc, settings)
    folder = path.parent
    try:
        _prepare(folder, ours=settings.report_folder is None)
        _write(path, text)
        pages = sorted(folder.glob("????-??-??T??.html"))
        names = [path.name, *([NEWEST] if pages[-1] == path else [])]
        if NEWEST in names:
            _write(folder / NEWEST, text)
    except OSError as error:
        raise ReportPageError(
            f"{folder} cannot be written ({error.strerror}); set REPORT_FOLDER to a folder that can"
        ) from None
    days = settings.kept_days("reports")
    for old in pages[: -round(days * 24)] if days else ():
        old.unlink(missing_ok=True)
    if settings.reports_bucket is not None:
        _copy(names, text.encode(), settings.reports_bucket, settings)
    return path


def _copy(names: Iterable[str], page: bytes, bucket: str, settings: Settings) -> None:
    s3 = aws.client("s3", settings.aws_region or "", settings.aws_endpoint_url)
    for name in names:
        try:
            s3.put_object(Bucket=bucket, Key=name, Body=page, ContentType="text/html; charset=utf-8")
        except AWS_ERRORS as error:
            raise ReportPageError(
                f"{name} cannot be copied to the bucket of REPORTS_BUCKET: {one_line(str(error))}"
            ) from error


def _prepare(folder: Path, *, ours: bool) -> None:
    """Make the folder for its owner alone; one that was made for REPORT_FOLDER, as for a web server, stays open."""
    if not ours:
        folder.mkdir(mode=owner_only_files.FOLDER, parents=True, exist_ok=True)
    elif not folder.is_dir() or owner_only_files.is_open(folder):
        owner_only_files.folder(folder)
        owner_only_files.close_to_others(folder)


def _write(path: Path, text: str) -> None:
    """Replace a file atomically: a reader sees the old page or the new one. Who may enter the folder may read it."""
    draft = path.with_suffix(".draft")
    owner_only_files.write(draft, text.encode())
    draft.chmod(owner_only_files.FILE | path.parent.stat().st_mode & 0o044)
    draft.replace(path)
