"""Pages of the operations reports in a bucket, at Amazon as moto speaks it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flightsched_pipelines.clients.delivery import aws
from flightsched_pipelines.services.monitoring.report_pages import NEWEST, ReportPageError, write_page
from flightsched_pipelines_tests.conftest import settings_for
from flightsched_pipelines_tests.servers import moto_server
from flightsched_pipelines_tests.unit.reporting.builders import empty

BUCKET = "flightsched-reports"
HOUR = datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_pages_are_copied_and_an_older_hour_is_not_the_newest(amazon: str, tmp_path: Path) -> None:
    moto_server.reset(amazon)
    s3 = aws.client("s3", moto_server.REGION, amazon)
    s3.create_bucket(Bucket=BUCKET)
    settings = settings_for(
        report_folder=tmp_path, reports_bucket=BUCKET, aws_region=moto_server.REGION, aws_endpoint_url=amazon
    )

    newest = write_page(empty(HOUR), settings)
    older = write_page(empty(HOUR - timedelta(hours=5)), settings)

    copied = {
        one["Key"]: s3.get_object(Bucket=BUCKET, Key=one["Key"])
        for one in s3.list_objects_v2(Bucket=BUCKET)["Contents"]
    }
    assert {name: one["Body"].read() for name, one in copied.items()} == {
        newest.name: newest.read_bytes(), older.name: older.read_bytes(), NEWEST: newest.read_bytes()
    }  # fmt: skip
    assert {one["ContentType"] for one in copied.values()} == {"text/html; charset=utf-8"}


def test_a_bucket_that_is_not_there_is_named_by_its_setting_and_the_page_is_in_the_folder(
    amazon: str, tmp_path: Path
) -> None:
    moto_server.reset(amazon)
    settings = settings_for(
        report_folder=tmp_path, reports_bucket=BUCKET, aws_region=moto_server.REGION, aws_endpoint_url=amazon
    )

    with pytest.raises(
        ReportPageError, match=r"^2026-11-24T12\.html cannot be copied to the bucket of REPORTS_BUCKET: "
    ):
        write_page(empty(HOUR), settings)

    assert (tmp_path / NEWEST).is_file()
