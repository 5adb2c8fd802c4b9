"""Reference data of an hour: stored, so that an old hour run again gives the same rows."""

from datetime import timedelta

import pandas as pd
from sqlalchemy import Engine, text

from flightsched_pipelines.database.frames import read_partition, write_partition
from flightsched_pipelines.database.schema import PIPELINE_TABLES
from flightsched_pipelines.services.hourly import hourly_steps, joint_plan, proposal_validation, snapshots
from flightsched_pipelines.settings import Settings
from flightsched_pipelines_tests.conftest import SEED_HOUR, settings_for

SETTINGS = settings_for()
LATER = SEED_HOUR + timedelta(hours=2)
OWN_LIMITS = (
    "INSERT INTO school.weather_minimums (school_id, student_id, authority, rule, comparison, limit_value, unit, "
    "effect, effective_from, reference) "
    "SELECT school_id, id, 'student', 'visibility', '>=', 20, 'SM', 'block', '2026-01-01', 'test' FROM school.students"
)
CHANGES = (
    "UPDATE school.weather_minimums SET limit_value = 12 WHERE rule = 'visibility' AND authority = 'default'",
    "DELETE FROM school.weather_minimums WHERE rule = 'gust'",
    OWN_LIMITS,
    "UPDATE school.runways SET closed = true",
    "UPDATE school.airports SET latitude_deg = 60, approach_ceiling_ft = 3000",
    "INSERT INTO school.requirements (school_id, requirement, effect, reference) SELECT 1, 'squawk', 'block', 'a test'",
    "INSERT INTO school.squawks (aircraft_id, reported_on, description) SELECT 1, '2026-11-01', 'Radio'",
)
OTHERS = settings_for(
    lookahead_hours=24, booking_buffer_minutes=0, reschedule_horizon_days=1, taf_max_distance_nm=1, solver_effort=0.1
)


def change(engine: Engine) -> None:
    with engine.begin() as connection:
        for statement in CHANGES:
            connection.execute(text(statement))


def stored(engine: Engine, table: str) -> pd.DataFrame:
    return read_partition(engine, PIPELINE_TABLES[table], [SEED_HOUR]).drop(columns="partition_hour")


def run_again(engine: Engine, settings: Settings) -> dict[str, pd.DataFrame]:
    """Make the hour's assets again from stored rows, as the run of an old hour does."""
    forecasts = hourly_steps.forecast(engine, stored(engine, "raw_weather"), SEED_HOUR, settings)
    bookings = stored(engine, "booking_snapshot")
    then = hourly_steps.settings_at(engine, SEED_HOUR, settings)
    lessons = hourly_steps.lessons_ahead(bookings, SEED_HOUR, then.lookahead_hours)
    broken = hourly_steps.assess_lessons(engine, lessons, forecasts, SEED_HOUR, settings).broken
    available = stored(engine, "availability_snapshot")
    found = hourly_steps.find_slots(engine, broken, bookings, available, forecasts, SEED_HOUR, settings)
    return {
        "forecasts": forecasts,
        "at_risk_bookings": broken,
        "reschedule_candidates": found.candidates,
        "reschedule_plan": joint_plan.choose_plan(
            engine, found.candidates, broken, bookings, available, SEED_HOUR, settings
        ).proposals,
    }


def test_an_old_hour_gives_the_same_rows_after_minimums_runways_airports_and_settings_changed(
    ticked_engine: Engine,
) -> None:
    before = run_again(ticked_engine, SETTINGS)
    change(ticked_engine)
    after = run_again(ticked_engine, OTHERS)

    for table, rows in before.items():
        pd.testing.assert_frame_equal(rows, after[table])
    assert set(before["at_risk_bookings"]["booking_id"]) == set(stored(ticked_engine, "at_risk_bookings")["booking_id"])
    assert proposal_validation.validate_proposals(ticked_engine, SEED_HOUR, OTHERS).violations.empty


def test_the_snapshot_of_an_old_hour_stands_and_that_of_the_running_one_is_taken_anew(ticked_engine: Engine) -> None:
    taken = stored(ticked_engine, "reference_snapshot")
    change(ticked_engine)

    old = snapshots.snapshot_reference(ticked_engine, SEED_HOUR, LATER, OTHERS)
    pd.testing.assert_frame_equal(old, taken)

    running = snapshots.snapshot_reference(ticked_engine, SEED_HOUR, SEED_HOUR + timedelta(minutes=5), OTHERS)
    assert (running["digest"].to_numpy() != taken["digest"].to_numpy()).all()


def test_hours_that_depend_on_the_same_share_its_content(ticked_engine: Engine) -> None:
    table = PIPELINE_TABLES["reference_snapshot"]
    for hours in range(1, 4):
        hour = pd.Timestamp(SEED_HOUR + timedelta(hours=hours)).as_unit("us")
        taken = snapshots.snapshot_reference(ticked_engine, hour.to_pydatetime(), hour.to_pydatetime(), SETTINGS)
        write_partition(ticked_engine, table, taken.assign(partition_hour=hour), [hour.to_pydatetime()])
    with ticked_engine.connect() as connection:
        contents = connection.execute(text("SELECT count(*) FROM school.reference_contents")).scalar_one()
    assert contents == 5, "airports, runways, minimums, settings, and nothing that is required"


def test_an_old_hour_without_any_booking_stays_without(ticked_engine: Engine) -> None:
    """Add bookings since, which do not belong to that hour."""
    earlier = SEED_HOUR - timedelta(hours=3)
    empty = stored(ticked_engine, "booking_snapshot").head(0).assign(partition_hour=pd.Timestamp(earlier).as_unit("us"))
    write_partition(ticked_engine, PIPELINE_TABLES["booking_snapshot"], empty, [earlier])

    assert snapshots.snapshot_bookings(ticked_engine, earlier, LATER, SETTINGS).empty
