"""Odd rows: the database refuses them; older ones stop at most their own school's lessons."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
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
from flightsched_pipelines_tests.conftest import SEED_HOUR, administer, clone, connected, settings_for
from flightsched_pipelines_tests.integration.frames import in_order

BEFORE = "0013"
"""The revision before conditions on entered data."""

A, B = 1, 2
"""The seed's schools: odd rows are school A's."""


@dataclass(frozen=True)
class Odd:
    """An odd row: how it is entered, and how it is named; ``None`` if it does not keep anything from being read."""

    enter: str
    named: str | None = None


BOOKING = (
    "INSERT INTO school.bookings (reference, school_id, student_id, instructor_id, aircraft_id, lesson_kind, solo, "
    "departure, route, period) VALUES ('{0}', 1, 1, 1, 1, 'local', false, 'KPAO', {1}, {2})"
)
SOON = "tstzrange('2026-11-12 03:00+00', '2026-11-12 04:00+00')"
MINIMUM = (
    "INSERT INTO school.weather_minimums (school_id, authority, rule, comparison, limit_value, unit, effect, "
    "effective_from, effective_to, reference) VALUES (1, 'school', '{}', '{}', {}, '{}', '{}', {}, {}, 'odd')"
)
DOWN = "INSERT INTO school.downtime (aircraft_id, period, reason) VALUES (1, {}, 'odd')"
AWAY = "INSERT INTO school.availability_exceptions (student_id, period, available) VALUES (1, {}, false)"
WISH = (
    "INSERT INTO school.student_preferences (student_id, {0}) VALUES (2, {1}) "
    "ON CONFLICT (student_id) DO UPDATE SET {0} = EXCLUDED.{0}"
)
FIELD = "UPDATE school.airports SET {} = {} WHERE ident = 'KPAO'"


def minimum(rule: str, comparison: str, limit: str, unit: str, effect: str = "block", since: str = "'2026-01-01'",
            until: str = "NULL") -> str:  # fmt: skip
    return MINIMUM.format(rule, comparison, limit, unit, effect, since, until)


REFUSED: dict[str, Odd] = {
    "downtime to infinity": Odd(DOWN.format("tstzrange('2026-11-10Z', 'infinity')"), "school.downtime row"),
    "downtime from -infinity": Odd(DOWN.format("tstzrange('-infinity', '2026-11-12Z')"), "school.downtime row"),
    "downtime for ever": Odd(DOWN.format("tstzrange('-infinity', 'infinity')"), "school.downtime row"),
    "downtime of nothing": Odd(DOWN.format("'empty'"), "school.downtime row"),
    "downtime to the year 294276": Odd(DOWN.format("tstzrange('2026-11-10Z', '294276-01-01Z')"), "school.downtime row"),
    "away to infinity": Odd(AWAY.format("tstzrange('2026-11-10Z', 'infinity')"), "school.availability_exceptions row"),
    "away since the year 1": Odd(AWAY.format("tstzrange('0001-01-01Z', NULL)"), "school.availability_exceptions row"),
    "away for nothing": Odd(AWAY.format("'empty'"), "school.availability_exceptions row"),
    "latest date infinity": Odd(WISH.format("latest_date", "'infinity'"), "school.student_preferences row 2"),
    "latest date -infinity": Odd(WISH.format("latest_date", "'-infinity'"), "school.student_preferences row 2"),
    "latest date in the year 12000": Odd(WISH.format("latest_date", "'12000-01-01'"), "school.student_preferences row"),
    "wishes in a table": Odd(WISH.format("days", "'{{mon},{tue}}'"), "school.student_preferences row 2, days"),
    "a booking in the year 294000": Odd(
        BOOKING.format("far", "'{}'", "tstzrange('294000-01-01Z', '294000-01-01 01:00Z')"), "school.bookings row"
    ),
    "a route with a gap": Odd(BOOKING.format("odd", "ARRAY['KSJC', NULL]", SOON), "school.bookings row"),
    "a route in a table": Odd(BOOKING.format("odd", "'{{KSJC},{KPAO}}'", SOON), "school.bookings row"),
    "crosswind NaN": Odd("UPDATE school.aircraft SET demonstrated_crosswind_kt = 'NaN' WHERE id = 1", "aircraft row 1"),
    "crosswind infinity": Odd(
        "UPDATE school.aircraft SET demonstrated_crosswind_kt = 'infinity' WHERE id = 1", "aircraft row 1"
    ),
    "crosswind below 0": Odd("UPDATE school.aircraft SET demonstrated_crosswind_kt = -5 WHERE id = 1", "aircraft row"),
    "a level nobody has": Odd("UPDATE school.instructors SET may_teach = '{moon}' WHERE id = 1", "instructors row 1"),
    "levels in a table": Odd(
        "UPDATE school.instructors SET may_teach = '{{student_pilot},{private_pilot}}' WHERE id = 1",
        "instructors row 1, may_teach",
    ),
    "a runway without end": Odd(
        "UPDATE school.runways SET length_ft = 'infinity' WHERE airport = 'KPAO' AND runway = '31'", "runways row KPAO"
    ),
    "a field in space": Odd(FIELD.format("elevation_ft", "'NaN'"), "school.airports row KPAO"),
    "approach ceiling NaN": Odd(FIELD.format("approach_ceiling_ft", "'NaN'"), "school.airports row KPAO"),
    "approach visibility below 0": Odd(FIELD.format("approach_visibility_sm", "-1"), "school.airports row KPAO"),
    "the base in no time zone": Odd(FIELD.format("time_zone", "'Mars/Olympus'"), "school.airports row KPAO, time_zone"),
    "a path for a time zone": Odd(FIELD.format("time_zone", "'../../etc'"), "school.airports row KPAO, time_zone"),
    "quiet hours from 24:00": Odd(
        "UPDATE school.contact_preferences SET quiet_from = '24:00', quiet_to = '07:00' WHERE student_id IS NOT NULL"
    ),
    "quiet hours in no time zone": Odd("UPDATE school.contact_preferences SET time_zone = 'Nowhere'"),
    "an unknown rule": Odd(minimum("mood", ">=", "5", "SM"), "school.weather_minimums row"),
    "a minimum that is NaN": Odd(minimum("wind", "<", "'NaN'", "kt"), "limit_value"),
    "a minimum that is infinite": Odd(minimum("wind", "<", "'infinity'", "kt"), "limit_value"),
    "a minimum without a limit": Odd(minimum("wind", "<", "NULL", "kt"), "limit_value"),
    "a minimum that allows everything": Odd(minimum("visibility", ">=", "-5", "SM"), "limit_value"),
    "a minimum in furlongs": Odd(minimum("visibility", ">=", "5", "furlong"), "unit"),
    "a ceiling in kilometres": Odd(minimum("ceiling", ">=", "1", "km"), "unit"),
    "a comparison that allows the worse": Odd(minimum("visibility", "<", "5", "SM"), "comparison"),
    "a minimum since for ever": Odd(
        minimum("wind", "<", "9", "kt", since="'-infinity'"), "school.weather_minimums row"
    ),
    "a minimum until infinity": Odd(minimum("wind", "<", "9", "kt", until="'infinity'"), "school.weather_minimums row"),
    "a minimum that ends before it begins": Odd(minimum("wind", "<", "9", "kt", until="'2020-01-01'"), "effective_to"),
}
"""Rows that the database refuses now, with the names of older ones."""

TAKEN: dict[str, str] = {
    "a field without runways": "DELETE FROM school.runways WHERE airport = 'KPAO'",
    "all runways closed": "UPDATE school.runways SET closed = true WHERE airport = 'KPAO'",
    "a field at the north pole": "UPDATE school.airports SET latitude_deg = 90, longitude_deg = 180 "
    "WHERE ident = 'KSTS'",
    "a field without approaches": FIELD.format("approach_ceiling_ft", "NULL"),
    "an aircraft of no known crosswind": "UPDATE school.aircraft SET demonstrated_crosswind_kt = NULL WHERE id = 1",
    "an aircraft of no name": "UPDATE school.aircraft SET type = '' WHERE id = 1",
    "a tail number of signs": "UPDATE school.aircraft SET type = E'\\u202e', tail_number = E'N\\u200b\\U0001F681' "
    "WHERE id = 2",
    "an instructor who teaches nobody": "UPDATE school.instructors SET may_teach = '{}' WHERE id = 1",
    "an aircraft of another school": "UPDATE school.bookings SET aircraft_id = 9 WHERE id IN "
    "(SELECT min(id) FROM school.bookings WHERE school_id = 1)",
    "a student of another school": "UPDATE school.students SET school_id = 2 WHERE id = 1",
    "a route to nowhere": BOOKING.format("odd", "ARRAY['', 'ZZZZ', E'K\\n']", SOON),
    "a reference of signs": BOOKING.format("\U0001f6e9 \u202e'';--", "'{}'", SOON),
    "a booking of no time at all": BOOKING.format(
        "odd", "'{}'", "tstzrange('2026-11-12 03:00Z', '2026-11-12 03:00:00.000001Z')"
    ),
    "downtime without end": DOWN.format("tstzrange('2026-11-10Z', NULL)"),
    "downtime of a moment": DOWN.format("tstzrange('2026-11-12Z', '2026-11-12 00:00:00.000001Z')"),
    "the same downtime twice": f"{DOWN.format(SOON)}; {DOWN.format(SOON)}",
    "a school that closes at midnight": "UPDATE school.opening_hours SET closes = '24:00' WHERE school_id = 1",
    "a school that never opens": "DELETE FROM school.opening_hours WHERE school_id = 1",
    "a person who can fly until midnight": "UPDATE school.availability SET ends = '24:00' WHERE instructor_id = 1",
    "wishes that exclude each other": "UPDATE school.student_preferences SET days = '{mon}', "
    "parts_of_day = '{evening}', latest_date = '2026-11-10', notice_hours = 336",
    "a latest date long ago": WISH.format("latest_date", "'2000-01-01'"),
    "a note of signs": WISH.format("note", "E'\\u0001\\u202e\\U0001F600 \\\\ {}'"),
    "moved more often than can be": "UPDATE school.bookings SET times_moved = 2147483647 WHERE school_id = 1",
    "times moved below 0": "UPDATE school.bookings SET times_moved = -2147483648 WHERE school_id = 1",
    "the same minimum twice": f"{minimum('wind', '<', '9', 'kt')}; {minimum('wind', '<', '9', 'kt')}",
    "minimums that contradict each other": "; ".join(
        minimum("wind", "<", limit, "kt", effect) for limit, effect in (("9", "block"), ("30", "warn"))
    ),
    "a minimum until the last day": minimum("wind", "<", "9", "kt", until="'9999-12-31'"),
    "a minimum of a rule that needs no unit": minimum("icing", "none", "'NaN'", "moon"),
    "a school of no name": "UPDATE school.schools SET name = '', dispatch_email = '' WHERE id = 1",
}
"""Rows that are odd, and accepted."""


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


def test_all_rows_from_before_together_leave_the_other_school_as_it_was(
    server_home: Path, older: str, undisturbed: Engine
) -> None:
    """Run one hour and its dispatch with every row that is refused now; the school's lessons are unknown or at risk."""
    takes_the_same = ("a route in a table",)
    rows = [odd.enter for name, odd in REFUSED.items() if name not in takes_the_same]
    expected, usual = hour_of(undisturbed), of_school(undisturbed, hour_of(undisturbed).risk, B)
    for url in clone(server_home, older):
        for engine in connected(url):
            enter(engine, *rows)
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
