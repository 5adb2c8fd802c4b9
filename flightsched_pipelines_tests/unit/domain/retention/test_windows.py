"""Windows: which kinds have one, that they cover all that grows, and that nothing is due that is still needed."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from flightsched_pipelines.database.schema import PIPELINE_TABLES, hourly_metrics
from flightsched_pipelines.definitions import defs
from flightsched_pipelines.defs.runs.run_limits import KIND_TAG
from flightsched_pipelines.domain.retention.due import due_before
from flightsched_pipelines.domain.retention.windows import PIPELINE, WINDOWS, Kept, archived_tables, kept_days
from flightsched_pipelines.domain.verification.columns import LEADS_HOURS
from flightsched_pipelines.durations import HOUR
from flightsched_pipelines.services import track_records
from flightsched_pipelines.services.hourly.verification import LONGEST_LESSON_HOURS
from flightsched_pipelines.services.monitoring import forecast_record, status
from flightsched_pipelines_tests.conftest import settings_for
from flightsched_pipelines_tests.examples import examples

NOW = datetime(2027, 3, 1, 10, 25, tzinfo=UTC)
TABLES = sorted(name for name, window in WINDOWS.items() if window.kept is Kept.HOURS and name != PIPELINE)


def test_every_table_and_every_kind_of_run_has_a_window() -> None:
    assert set(TABLES) == {*PIPELINE_TABLES, hourly_metrics.name}
    kinds = {job.tags[KIND_TAG] for job in defs.resolve_all_job_defs() if KIND_TAG in job.tags}
    runs = {name.removeprefix("runs_") for name, window in WINDOWS.items() if window.kept is Kept.RUNS}
    assert runs == {kind.replace(" ", "_") for kind in kinds}


def test_the_guide_lists_every_window() -> None:
    guide = (Path(__file__).parents[4] / "docs" / "how-to" / "retention.md").read_text()
    listed = re.findall(r"^\| `(\w+)` \| (.+) \| ([\w ]+) \| (\d+) \|$", guide, re.MULTILINE)
    assert listed == [
        (name, window.meaning, "for ever" if window.days is None else f"{window.days:g}", f"{window.least_days:g}")
        for name, window in WINDOWS.items()
    ]


def test_nothing_of_a_users_is_deleted_unasked() -> None:
    unasked = {name for name in WINDOWS if kept_days(name, {}) is not None}
    assert {WINDOWS[name].kept for name in unasked} == {Kept.RUNS, Kept.DAGSTER, Kept.FILES}
    assert archived_tables({}) == {}


def test_a_window_of_the_pipeline_is_that_of_each_table_without_its_own() -> None:
    days = archived_tables({PIPELINE: 14, "raw_weather": 20})
    assert days == {name: WINDOWS[name].least_days for name in TABLES} | {"raw_weather": 20}


def test_later_hours_read_nothing_older_than_the_least_window() -> None:
    assert WINDOWS["forecast_verification"].least_days > forecast_record.RECORD_DAYS
    assert WINDOWS["verdict_verification"].least_days > track_records.RECORD_DAYS
    assert WINDOWS["alerts"].least_days >= status.SHOWN_DAYS
    hours = LONGEST_LESSON_HOURS + max(LEADS_HOURS) + 3
    assert all(WINDOWS[name].least_days * 24 > 2 * hours for name in TABLES)


hours = st.integers(0, 24 * 400).map(lambda ago: NOW.replace(minute=0) - ago * HOUR)


@examples(300, "a set of hours, a newest one and an open case: three numbers")
@given(
    st.sampled_from(TABLES), st.floats(0.1, 1000), st.sets(hours, min_size=1), st.none() | hours,
    st.timedeltas(timedelta(days=-2), timedelta(days=400)),
)  # fmt: skip
def test_no_hour_is_due_that_a_later_hour_or_an_open_case_needs(
    table: str, days: float, stored: set[datetime], opened: datetime | None, still: timedelta
) -> None:
    newest = max(stored)
    before = due_before(table, days, newest, opened, newest + still)
    for hour in (hour for hour in stored if hour < before):
        assert hour < newest - timedelta(days=WINDOWS[table].least_days), "even if the platform stood still"
        assert hour < newest + still - timedelta(days=days), "or its clock was set back"
        assert opened is None or hour < opened


@pytest.mark.parametrize(
    ("given_settings", "sentence"),
    [
        ({"keep_days": {"forecasts": 30}}, "KEEP_DAYS__FORECASTS is set without ARCHIVE"),
        ({"keep_days": {"pipeline": 30}}, "KEEP_DAYS__PIPELINE is set without ARCHIVE"),
        ({"archive": "s3://bucket/hours"}, "ARCHIVE is on S3 without AWS_REGION"),
        ({"archive": "hours"}, "dir:PATH or s3://BUCKET/PREFIX"),
        ({"archive": "dir:x", "keep_days": {"forecasts": 3}}, "forecasts must be kept for at least 14 days; got 3"),
        ({"keep_days": {"reports": 0.5}}, "reports must be kept for at least 1 day; got 0.5"),
        ({"keep_days": {"weather": 30}}, "there is no window weather"),
        ({"keep_days": {"outbox": 0}}, "greater than 0"),
    ],
)
def test_a_window_that_cannot_be_is_refused_with_a_sentence(given_settings: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        settings_for(**given_settings)
