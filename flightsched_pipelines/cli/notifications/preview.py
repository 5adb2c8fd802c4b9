"""Preview notifications with sample data: ``flightsched preview``."""

from pathlib import Path
from typing import Annotated

import typer

from flightsched_pipelines.cli.console import UsageError, Yes, confirm, console
from flightsched_pipelines.formatting import plural
from flightsched_pipelines.messages import calendar, email, slack, sms
from flightsched_pipelines.messages.models import Digest, Notice
from flightsched_pipelines.services.notifications.samples import SAMPLES


def preview(
    name: Annotated[str | None, typer.Argument(help="The message; default: list their names.")] = None,
    folder: Annotated[Path | None, typer.Option("--html", help="Write every message's HTML into this folder.")] = None,
    yes: Yes = False,
) -> None:
    """Preview notifications with sample data."""
    if folder is not None:
        try:
            _write(folder, yes=yes)
        except OSError as error:
            raise UsageError(f"{folder} cannot be written to: {error.strerror}; name another folder") from None
        console.print(f"{plural(len(SAMPLES), 'message')} written to {folder}")
        return
    if name is None:
        console.print("\n".join(SAMPLES))
        return
    if name not in SAMPLES:
        raise UsageError(f"there is no message '{name}'; there are {', '.join(SAMPLES)}")
    rendered, sample = _rendered(name), SAMPLES[name]
    console.print(f"[bold]Subject:[/bold] {rendered.subject}\n")
    console.print(rendered.text, markup=False)
    for part, words in _beside_the_mail(sample).items():
        console.print(f"[bold]{part}:[/bold] ", end="")
        console.print(words, markup=False, soft_wrap=True)


def _write(folder: Path, *, yes: bool) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    pages = {folder / f"{name}.html": _rendered(name).html.encode() for name in SAMPLES}
    if others := [path.name for path, page in pages.items() if path.exists() and path.read_bytes() != page]:
        confirm(f"{folder} has other files of these names: {', '.join(others)}. Replace them?", yes)
    for path, page in pages.items():
        path.write_bytes(page)


def _beside_the_mail(sample: Notice | Digest) -> dict[str, str]:
    """The same message on the other channels, as text; tomorrow's lessons and the week's figures go by mail alone."""
    if isinstance(sample, Digest):
        if sample.evening or sample.week:
            return {}
        _, blocks = slack.blocks(sample)
        parts = [block["text"] if "text" in block else block["elements"][0] for block in blocks]
        return {"Slack": "\n".join(part["text"] for part in parts)}
    if not calendar.changes_entry(sample):
        return {"SMS": sms.sms_text(sample)}
    entry, method = calendar.entry(
        sample, organizer="school@example.com", attendee="reader@example.com", base_uid_domain="example.com"
    )
    return {"SMS": sms.sms_text(sample), f"Calendar entry, {method}": "\n" + entry.decode().replace("\r\n", "\n")}


def _rendered(name: str) -> email.Rendered:
    sample = SAMPLES[name]
    return email.render_digest(sample) if isinstance(sample, Digest) else email.render_notice(sample)
