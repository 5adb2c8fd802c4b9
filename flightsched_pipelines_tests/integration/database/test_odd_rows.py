"""Odd rows: the database refuses them; older ones stop at most their own school's lessons."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import dagster as dg
import pandas as pd
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DataError, IntegrityError

from flightsched_pipelines.database import embedded, migrations
from flightsched_pipelines.database.frames import read_partition
from flightsched_pipelines.database.queries.schedule import bookings as schedule
from flightsched_pipelines.database.queries.schedule.availability import availability
from flightsched_pipelines.database.queries.schedule.violating_rows import odd_rows
from flightsched_pipelines.database.schema import PIPELINE_TABLES
from flightsched_pipelines.definitions import build_definitions
from flightsched_pipelines.defs.partitions import key_of
from flightsched_pipelines.services.notifications.dispatch import dispatch
from flightsched_pipelines.services.responses import deadlines
from flightsched_pipelines.services.school_figures.figures import school_figures
from flightsched_pipelines.services.standby.offers import freed_slots_due, offer_freed_slots
from flightsched_pipelines.services.standby.places import places
from flightsched_pipelines_tests.conftest import SEED_HOUR, administer, clone, connected, settings_for
from flightsched_pipelines_tests.integration.database.odd_rows import OPEN_AT_THE_UPGRADE, REFUSED, TAKEN, Odd
from flightsched_pipelines_tests.integration.frames import in_order

BEFORE = "0013"
"""The revision before conditions on entered data."""

A, B = 1, 2
"""The seed's schools: odd rows are school A's."""


@pytest.mark.parametrize("odd", REFUSED.values(), ids=REFUSED.keys())
def test_the_database_refuses(refusing: Engine, odd: Odd) -> None:
    with pytest.raises((IntegrityError, DataError)), refusing.begin() as connection:
        connection.execute(text(odd.enter.replace(":", r"\:")))


@pytest.fixture(scope="module")
def refusing(server_home: Path, templates: dict[str, str]) -> Iterator[Engine]:
    """Return a seeded database into which every row is entered, and in which none stays."""
    for url in clone(server_home, templates["seeded"]):
        yield from connected(url)


@dataclass(frozen=True)
class Hour:
    """An hour's findings: the verdict and explanation of each booking that is not ok, and each proposal's slot."""

    risk: pd.DataFrame
    proposals: pd.DataFrame


OF_A_TYPE = (
    "INSERT INTO school.weather_minimums (school_id, authority, aircraft_type, rule, comparison, limit_value, unit, "
    "effect, effective_from, reference) VALUES (2, 'school', 'PA-28-181', 'density_altitude', '<=', 7500, 'ft', "
    "'warn', '2026-01-01', 'Centennial Flight School, operations manual 4.7')"
)
"""The seed's minimum for a type of aircraft, which the revision before could not hold."""


def run_hour(engine: Engine) -> Hour:
    job = build_definitions(engine=engine, settings=settings_for()).resolve_job_def("hourly_tick")
    with dg.DagsterInstance.ephemeral() as instance:
        assert job.execute_in_process(instance=instance, partition_key=key_of(SEED_HOUR)).success
    dispatch(engine, SEED_HOUR + timedelta(minutes=8), settings_for())
    return hour_of(engine)


def hour_of(engine: Engine) -> Hour:
    names = {
        "at_risk_bookings": ["booking_id", "verdict", "rule", "airport", "hour_utc", "hazard", "explanation"],
        "reschedule_proposals": ["booking_id", "rank", "starts_at_utc", "aircraft_id"],
    }
    return Hour(*(read_partition(engine, PIPELINE_TABLES[table], [SEED_HOUR], names=of) for table, of in names.items()))


def of_school(engine: Engine, frame: pd.DataFrame, school_id: int) -> pd.DataFrame:
    with engine.connect() as connection:
        query = text("SELECT id FROM school.bookings WHERE school_id = :school")
        ids = connection.execute(query, {"school": school_id}).scalars().all()
    return in_order(frame[frame["booking_id"].isin(ids)])


def enter(engine: Engine, *statements: str) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement.replace(":", r"\:")))


@pytest.fixture(scope="module")
def undisturbed(server_home: Path, ticked_template: str) -> Iterator[Engine]:
    for url in clone(server_home, ticked_template):
        yield from connected(url)


@pytest.fixture(scope="module")
def older(server_home: Path, templates: dict[str, str]) -> Iterator[str]:
    """A seeded database at the revision before."""
    name = f"test_{uuid4().hex}"
    administer(server_home, f"CREATE DATABASE {name} TEMPLATE {templates['seeded']}")
    for engine in connected(embedded.url(server_home, name)):
        migrations.downgrade(engine, BEFORE)
    yield name
    administer(server_home, f"DROP DATABASE {name} WITH (FORCE)")


def faults_of(engine: Engine) -> list[str]:
    return schedule.minimums(engine)["fault"].dropna().tolist()


@pytest.mark.parametrize("odd", REFUSED.values(), ids=REFUSED.keys())
def test_a_row_from_before_is_kept_and_named_when_it_can_be_read(server_home: Path, older: str, odd: Odd) -> None:
    for url in clone(server_home, older):
        for engine in connected(url):
            enter(engine, odd.enter)
            migrations.upgrade(engine)
            faults = faults_of(engine)
            if odd.named is not None:
                assert any(odd.named in fault for fault in faults), faults
            window = SEED_HOUR, SEED_HOUR + timedelta(days=10)
            assert len(schedule.bookings(engine, *window, SEED_HOUR)) > 100
            assert len(availability(engine, *window)) > 100


THEIRS = (
    "SELECT count(*) FROM school.reschedule_cases c JOIN school.bookings b ON b.id = c.booking_id "
    "WHERE c.closed_at IS NULL AND (b.reference IN ('odd', 'far')) = :odd"
)


def go_on(engine: Engine, at: datetime) -> None:
    """Take everything that is due, with old rows that no change is taken of; all cases but theirs end."""
    settings = settings_for()
    passed = deadlines.process_deadlines(engine, at, settings)
    assert sum(passed.values()) > 0
    assert deadlines.deadlines_due(engine, at, settings) == 0, "the rows would launch a run every two minutes"
    with engine.connect() as connection:
        still = {odd: connection.execute(text(THEIRS), {"odd": odd}).scalar_one() for odd in (True, False)}
    assert still == {True: 2, False: 0}
    enter(
        engine,
        "UPDATE school.bookings SET status = 'cancelled' WHERE id = (SELECT min(id) FROM school.bookings WHERE "
        "school_id = 1 AND status = 'scheduled' AND lower(period) > '2026-11-13' AND reference NOT IN ('odd', 'far'))",
    )
    assert freed_slots_due(engine, at, settings) > 0
    assert offer_freed_slots(engine, at, settings).looked_at > 0
    assert places(engine, at)
    assert len(school_figures(engine, at.date() - timedelta(days=7), at.date())) == 2
    with engine.connect() as connection:
        views = connection.execute(text("SELECT viewname FROM pg_views WHERE schemaname = 'analytics'")).scalars().all()
        for view in views:
            connection.execute(text(f"SELECT count(v::text) FROM analytics.{view} v"))  # noqa: S608, a view of ours


def test_all_rows_from_before_together_leave_the_other_school_as_it_was(
    server_home: Path, older: str, undisturbed: Engine
) -> None:
    """Run an hour, its dispatch and what is due later with every row that is refused now, some with an open case.

    The school's lessons are unknown or at risk.
    """
    takes_the_same = ("a route in a table",)
    rows = [odd.enter for name, odd in REFUSED.items() if name not in takes_the_same]
    expected, usual = hour_of(undisturbed), of_school(undisturbed, hour_of(undisturbed).risk, B)
    for url in clone(server_home, older):
        for engine in connected(url):
            enter(engine, *rows, *OPEN_AT_THE_UPGRADE)
            migrations.upgrade(engine)
            enter(engine, OF_A_TYPE)
            hour = run_hour(engine)
            pd.testing.assert_frame_equal(of_school(engine, hour.risk, B), usual)
            theirs = of_school(undisturbed, expected.proposals, B)
            assert set(of_school(engine, hour.proposals, B)["booking_id"]) == set(theirs["booking_id"])
            with engine.connect() as connection:
                lessons = connection.execute(
                    text("SELECT id FROM school.bookings WHERE school_id = 1 AND status <> 'held' AND "
                         "lower(period) >= :hour AND lower(period) < :until"),
                    {"hour": SEED_HOUR, "until": SEED_HOUR + timedelta(hours=72)},
                ).scalars().all()  # fmt: skip
            found = hour.risk[hour.risk["booking_id"].isin(lessons)]
            assert set(found["booking_id"]) == set(lessons)
            assert set(found["verdict"]) <= {"unknown", "at_risk"}
            named = found.loc[found["verdict"] == "unknown", "explanation"]
            assert named.str.contains("cannot be read, and must be mended: school.").all()
            go_on(engine, SEED_HOUR + timedelta(days=1))


@pytest.mark.parametrize("enters", TAKEN.values(), ids=TAKEN.keys())
def test_an_odd_row_that_is_taken_can_be_read(seeded_engine: Engine, enters: str) -> None:
    enter(seeded_engine, *enters.split("; "))
    assert faults_of(seeded_engine) == []
    window = SEED_HOUR, SEED_HOUR + timedelta(days=10)
    assert len(schedule.bookings(seeded_engine, *window, SEED_HOUR)) > 100
    assert len(availability(seeded_engine, *window)) > 100


def test_all_odd_rows_that_are_taken_leave_the_other_school_as_it_was(
    server_home: Path, templates: dict[str, str], undisturbed: Engine
) -> None:
    """Leave out those that reach into the other school, which are tested alone above."""
    shared = ("another school", "never opens", "BOOKING")
    rows = [enters for name, enters in TAKEN.items() if not any(part in name for part in shared)]
    bookings = [enters for enters in rows if enters.startswith("INSERT INTO school.bookings")]
    for url in clone(server_home, templates["seeded"]):
        for engine in connected(url):
            enter(engine, *(part for enters in rows if enters not in bookings[1:] for part in enters.split("; ")))
            hour = run_hour(engine)
            usual = hour_of(undisturbed)
            pd.testing.assert_frame_equal(of_school(engine, hour.risk, B), of_school(undisturbed, usual.risk, B))


def test_an_upgrade_of_sound_rows_proves_the_conditions_and_finds_none_odd(server_home: Path, older: str) -> None:
    for url in clone(server_home, older):
        for engine in connected(url):
            migrations.upgrade(engine)
            with engine.connect() as connection:
                unproven = text("SELECT count(*) FROM pg_constraint WHERE NOT convalidated")
                assert connection.execute(unproven).scalar_one() == 0
                assert odd_rows(connection) == []


def test_a_database_without_any_minimum_calls_nothing_ok(seeded_engine: Engine) -> None:
    enter(seeded_engine, "DELETE FROM school.weather_minimums")
    hour = run_hour(seeded_engine)
    assert set(hour.risk["verdict"]) <= {"unknown", "at_risk"}
    unknown = hour.risk[hour.risk["verdict"] == "unknown"]
    assert (
        unknown.groupby("booking_id")["hazard"]
        .agg(lambda said: ", ".join(said.dropna()))
        .str.contains("minimums")
        .all()
    )
    assert len(hour.risk.drop_duplicates("booking_id")) > 100
