"""The feed of a school's scheduler: each file once, in order, whole or not at all, from a folder and from S3."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from sqlalchemy import Engine

from flightsched_pipelines.clients.delivery import aws
from flightsched_pipelines.clients.schedule_feed.feed import FeedError, ScheduleFeed, open_feed
from flightsched_pipelines.definitions import build_definitions
from flightsched_pipelines.defs.clock import Clock
from flightsched_pipelines.defs.schedule_feed.feed import schedule_feed_sensor
from flightsched_pipelines.services.imports.feed import files_due, take_files, write_changes
from flightsched_pipelines.settings import Settings
from flightsched_pipelines_tests.conftest import settings_for
from flightsched_pipelines_tests.integration.imports.helpers import everything, rows
from flightsched_pipelines_tests.integration.imports.test_rules import BOOKINGS, HEADER
from flightsched_pipelines_tests.integration.imports.test_schedule_changes import filed, place_of, put
from flightsched_pipelines_tests.servers import moto_server

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
NEW = "B-2001,S-2,I-2,N102RW,local,2027-02-01T09:00-08:00,2027-02-01T11:00-08:00,\n"
BAD = HEADER + NEW + NEW.replace("S-2", "S-9").replace("B-2001", "B-2002")

Put = Callable[[str, str], None]


@pytest.fixture(params=["folder", "bucket"])
def feed(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Settings, Put, Callable[[], set[str]]]]:
    """Settings with a feed, a way to drop a file into it, and all names that it has."""
    if request.param == "folder":
        settings = settings_for(schedule_feed=f"dir:{tmp_path}")
        yield (
            settings,
            lambda name, content: _write(tmp_path / name, content),
            lambda: {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()},
        )
        return
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with moto_server.running() as url:
        s3 = aws.client("s3", moto_server.REGION, url)
        s3.create_bucket(Bucket="school")
        settings = settings_for(
            schedule_feed="s3://school/exports", aws_region=moto_server.REGION, aws_endpoint_url=url
        )

        def drop(name: str, content: str) -> None:
            s3.put_object(Bucket="school", Key=f"exports/{name}", Body=content.encode())

        def names() -> set[str]:
            found = s3.list_objects_v2(Bucket="school").get("Contents", ())
            return {one["Key"].removeprefix("exports/") for one in found}

        yield settings, drop, names


def _write(path: Path, content: str) -> None:
    path.write_text(content, encoding="utf-8")


def opened(settings: Settings) -> ScheduleFeed:
    """Return the feed of the settings."""
    found = open_feed(settings)
    assert found is not None
    return found


def outcomes(engine: Engine, settings: Settings, now: datetime = NOW) -> list[tuple[str, str]]:
    """See what the feed has, take it a minute later, and return kind and outcome of each file."""
    files_due(engine, opened(settings), now)
    return [(one.kind, one.outcome) for one in take_files(engine, opened(settings), now + MINUTE, settings)]


def test_each_file_is_taken_once_in_order_and_the_same_content_changes_nothing(
    school: Engine, feed: tuple[Settings, Put, Any]
) -> None:
    settings, drop, names = feed
    drop("bookings-1.csv", HEADER + NEW.replace("S-2", "S-7"))
    drop("students-1.csv", "id,name,email,training_level\nS-7,Ada Seven,ada@example.com,student_pilot\n")

    assert outcomes(school, settings) == [("students", "imported"), ("bookings", "imported")]
    before = everything(school)
    assert outcomes(school, settings) == []
    drop("bookings-again.csv", HEADER + NEW.replace("S-2", "S-7"))
    assert outcomes(school, settings, NOW + 5 * MINUTE) == [("bookings", "unchanged")]

    after = everything(school)
    assert {name: after[name] for name in before if name != "feed_files"} == {
        name: value for name, value in before.items() if name != "feed_files"
    }
    assert names() == {"bookings-1.csv", "students-1.csv", "bookings-again.csv"}, "what is imported stays"


def test_a_bad_file_goes_aside_with_a_report_and_nothing_of_it_is_imported(
    school: Engine, feed: tuple[Settings, Put, Any]
) -> None:
    settings, drop, names = feed
    drop("bookings-bad.csv", BAD)
    drop("lessons.csv", "a\n1\n")
    before = everything(school)

    assert outcomes(school, settings) == [("bookings", "rejected"), ("", "rejected")]

    after = everything(school)
    assert {**after, "feed_files": []} == {**before, "feed_files": []}
    aside = sorted(names())
    assert all(name.startswith("rejected/") for name in aside)
    assert [name.rsplit("-", 1)[1] for name in aside] == [
        "bad.csv", "bad.csv.report.txt", "lessons.csv", "lessons.csv.report.txt"
    ]  # fmt: skip
    report = opened(settings).read(aside[1], 10_000).decode()
    assert "line 3: student is 'S-9'; no student of the school has this id" in report
    drop("bookings-good.csv", HEADER + NEW)
    assert outcomes(school, settings, NOW + 5 * MINUTE) == [("bookings", "imported")]


LONG = f"bookings-{'x' * 242}.csv"


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [("bookings-M\udcfcller.csv", HEADER + NEW, "the name is not UTF-8"), (LONG, BAD, "line 3: student is 'S-9'")],
    ids=["not UTF-8", "too long to have a time before it"],
)
def test_a_file_of_an_odd_name_goes_aside_and_stops_no_other(
    school: Engine, tmp_path: Path, name: str, content: str, why: str
) -> None:
    settings = settings_for(schedule_feed=f"dir:{tmp_path}")
    _write(tmp_path / name, content)
    _write(tmp_path / "bookings-good.csv", HEADER + NEW)

    assert sorted(outcomes(school, settings)) == [("bookings", "imported"), ("bookings", "rejected")]

    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["bookings-good.csv"]
    [report] = (tmp_path / "rejected").glob("*.report.txt")
    assert why in report.read_text(encoding="utf-8")
    assert outcomes(school, settings, NOW + 5 * MINUTE) == []


def test_an_odd_name_that_can_be_stored_is_a_name_like_any_other(
    school: Engine, feed: tuple[Settings, Put, Any]
) -> None:
    settings, drop, names = feed
    drop("bookings-M\u00fcller 1%2B.csv", HEADER + NEW)
    drop("aircraft-\u202e'.csv", "a\n1\n")

    assert outcomes(school, settings) == [("aircraft", "rejected"), ("bookings", "imported")]

    assert "bookings-M\u00fcller 1%2B.csv" in names()
    assert len(names()) == 3


def test_changes_are_written_until_a_file_has_them(school: Engine, feed: tuple[Settings, Put, Any]) -> None:
    settings, drop, names = feed
    drop("bookings-1.csv", filed(0))
    assert outcomes(school, settings) == [("bookings", "imported")]
    put(school, "X-1", 1)

    assert write_changes(school, opened(settings), NOW)
    assert not write_changes(school, opened(settings), NOW), "they are there"
    assert "changes/changes.csv" in names()
    assert ",X-1,X-1,move,waiting," in opened(settings).changes()

    drop("bookings-2.csv", filed(0) + "\n")
    assert outcomes(school, settings, NOW + 5 * MINUTE) == [("bookings", "unchanged")]
    assert place_of(school, "X-1") == 1
    drop("bookings-3.csv", filed(1))
    outcomes(school, settings, NOW + 10 * MINUTE)
    assert write_changes(school, opened(settings), NOW)
    assert "X-1" not in opened(settings).changes()


def test_a_file_that_grows_is_not_taken(school: Engine, tmp_path: Path) -> None:
    settings = settings_for(schedule_feed=f"dir:{tmp_path}")
    feed = opened(settings)
    _write(tmp_path / "bookings.csv", HEADER + NEW)
    assert files_due(school, feed, NOW) == []
    _write(tmp_path / "bookings.csv", BOOKINGS + NEW.replace(",\n", "\n"))
    assert files_due(school, feed, NOW + MINUTE) == [], "it is another file now"
    assert files_due(school, feed, NOW + MINUTE + timedelta(seconds=5)) == []
    assert [file.name for file in files_due(school, feed, NOW + 2 * MINUTE)] == ["bookings.csv"]


def test_a_feed_that_is_not_there_is_said_so(school: Engine, tmp_path: Path) -> None:
    feed = opened(settings_for(schedule_feed=f"dir:{tmp_path / 'nowhere'}"))
    with pytest.raises(FeedError, match="the folder of SCHEDULE_FEED, or a file in it, cannot be listed: No such file"):
        files_due(school, feed, NOW)


def test_the_sensor_launches_a_run_that_shows_counts_and_no_names(school: Engine, tmp_path: Path) -> None:
    settings = settings_for(schedule_feed=f"dir:{tmp_path}")
    definitions = build_definitions(engine=school, settings=settings)
    with dg.DagsterInstance.ephemeral() as instance:

        def tick() -> Any:
            resources = {"engine": school, "settings": settings, "clock": Clock()}
            with dg.build_sensor_context(instance=instance, definitions=definitions, resources=resources) as context:
                return schedule_feed_sensor(context)

        job = definitions.resolve_job_def("take_feed_files")
        assert job.execute_in_process(instance=instance).success
        assert isinstance(tick(), dg.SkipReason)
        _write(tmp_path / "bookings-smith.csv", HEADER + NEW)
        assert isinstance(tick(), dg.SkipReason), "it may still grow"
        with school.begin() as connection:
            connection.exec_driver_sql("UPDATE school.feed_files SET seen_at = seen_at - interval '1 minute'")
        assert isinstance(tick(), dg.RunRequest)
        done = job.execute_in_process(instance=instance)

    outputs = [event for event in done.all_events if event.is_successful_output]
    metadata = outputs[0].step_output_data.metadata
    assert (metadata["files"].value, metadata["added"].value) == (1, 1)
    assert "| bookings | imported | 1 | 1 |" in str(metadata["taken"].value)
    assert "smith" not in str(metadata)
    assert rows(school, "SELECT outcome FROM school.feed_files") == [("imported",)]
