"""An hour is proven by its tables: with nothing to prove, too, and never with one that is missing."""

from datetime import datetime, timedelta

import dagster as dg
import pytest
from sqlalchemy import Engine

from flightsched_pipelines.database import frames
from flightsched_pipelines.database.queries.cases.cases import PROVED_FROM, newest_proven_hour
from flightsched_pipelines.database.schema import PIPELINE_TABLES
from flightsched_pipelines.definitions import build_definitions
from flightsched_pipelines.defs.partitions import key_of
from flightsched_pipelines.services.hourly import proposal_validation
from flightsched_pipelines.services.hourly.explanation import explain_booking
from flightsched_pipelines.services.hourly.hour_summary import summarise_hour
from flightsched_pipelines.services.monitoring import data_quality
from flightsched_pipelines.services.notifications.dispatch import dispatch
from flightsched_pipelines.services.responses.overdue import end_overdue
from flightsched_pipelines_tests.conftest import SEED_HOUR, settings_for
from flightsched_pipelines_tests.integration.services.helpers import (
    HOUR,
    SETTINGS,
    next_hour,
    one,
    run,
    stored,
)

MINUTE = timedelta(minutes=1)


def tick(engine: Engine, hour: datetime) -> dg.ExecuteInProcessResult:
    """Run an hour as the schedule would."""
    job = build_definitions(engine=engine, settings=settings_for()).resolve_job_def("hourly_tick")
    with dg.DagsterInstance.ephemeral() as instance:
        return job.execute_in_process(instance=instance, partition_key=key_of(hour), raise_on_error=False)


def test_when_every_lesson_is_cancelled_the_hour_is_proven_and_every_case_ends_so(told_engine: Engine) -> None:
    run(told_engine, "UPDATE school.bookings SET status = 'cancelled' WHERE status <> 'completed'")
    open_cases = one(told_engine, "SELECT count(*) FROM school.reschedule_cases WHERE closed_at IS NULL")
    hour = SEED_HOUR + HOUR
    assert tick(told_engine, hour).success

    result = dispatch(told_engine, hour + 8 * MINUTE, SETTINGS)

    assert result.steps["cancelled"] == open_cases > 20
    assert end_overdue(told_engine, hour + 3 * 24 * HOUR, SETTINGS).total() == 0
    assert one(told_engine, "SELECT count(*) FROM school.outbox WHERE event = 'expired'") == 0


@pytest.fixture
def without_lessons(ticked_engine: Engine) -> Engine:
    """A database in which the first hour had no lessons."""
    for table in PIPELINE_TABLES.values():
        if table.name not in {"raw_weather", "forecasts", "observations", "availability_snapshot"}:
            frame = frames.read_partition(ticked_engine, table, [SEED_HOUR]).head(0)
            frames.write_partition(ticked_engine, table, frame, [SEED_HOUR])
    return ticked_engine


def test_an_hour_with_nothing_to_prove_is_proven(without_lessons: Engine) -> None:
    measured, checks = data_quality.measure_proposals(without_lessons, [SEED_HOUR], SETTINGS)
    assert (measured.value, checks) == (0, 0)
    assert measured.examined > 0


@pytest.mark.parametrize("table", PROVED_FROM)
def test_an_hour_of_which_a_table_was_written_since_is_not_proven(told_engine: Engine, table: str) -> None:
    hour = next_hour(told_engine)
    assert proven(told_engine) == hour
    frames.write_partition(told_engine, PIPELINE_TABLES[table], stored(told_engine, table).head(0), [hour])

    assert proven(told_engine) == SEED_HOUR

    proposal_validation.record_validated(told_engine, hour, 1)
    assert proven(told_engine) == hour


def proven(engine: Engine) -> datetime | None:
    with engine.connect() as connection:
        return newest_proven_hour(connection)


@pytest.mark.parametrize("table", PROVED_FROM)
def test_an_hour_of_which_a_table_was_not_written_is_not_proven(without_lessons: Engine, table: str) -> None:
    run(without_lessons, "DELETE FROM pipeline.partitions WHERE name IN ('proposals_are_valid', :name)", name=table)
    measured, _ = data_quality.measure_proposals(without_lessons, [SEED_HOUR], SETTINGS)
    assert measured.examined == 0
    proven = "SELECT count(*) FROM pipeline.partitions WHERE name = 'proposals_are_valid'"
    assert one(without_lessons, proven) == 0


def test_a_threatened_lesson_with_neither_slots_nor_a_reason_is_not_proven(ticked_engine: Engine) -> None:
    for name in ("reschedule_candidates", "reschedule_proposals", "unplaceable_bookings"):
        frames.write_partition(ticked_engine, PIPELINE_TABLES[name], stored(ticked_engine, name).head(0), [SEED_HOUR])
    run(ticked_engine, "DELETE FROM pipeline.reschedule_plan")
    measured, _ = data_quality.measure_proposals(ticked_engine, [SEED_HOUR], SETTINGS)
    assert measured.examined == 0


def test_a_lesson_without_a_verdict_counts_as_unknown_and_not_as_ok(ticked_engine: Engine) -> None:
    frames.write_partition(
        ticked_engine, PIPELINE_TABLES["lesson_verdicts"], stored(ticked_engine, "lesson_verdicts").head(0), [SEED_HOUR]
    )
    found = data_quality.measure_lessons(ticked_engine, [SEED_HOUR], SEED_HOUR, SETTINGS)
    assert found["unknown_share_is_low"].value == 100
    report = summarise_hour(ticked_engine, SEED_HOUR, SETTINGS, 0.0)
    assert (report.ok, report.not_assessed) == (0, report.bookings)


def test_a_lesson_that_had_begun_is_explained_so(ticked_engine: Engine) -> None:
    query = "SELECT reference FROM pipeline.booking_snapshot ORDER BY starts_at_utc LIMIT 1"
    begun = one(ticked_engine, query)
    change = "UPDATE pipeline.booking_snapshot SET starts_at_utc = :at WHERE reference = :reference"
    run(ticked_engine, change, at=SEED_HOUR - MINUTE, reference=begun)
    assert explain_booking(ticked_engine, begun, SEED_HOUR, SETTINGS).words.startswith(f"{begun} had begun by ")
