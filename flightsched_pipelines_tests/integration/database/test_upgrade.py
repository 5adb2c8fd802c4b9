"""A database of an older version, with an hour and its cases, upgraded: nothing is lost, and its work goes on.

``older/revision_0009.sql.gz`` is pg_dump of a home in which version 0.1 ran its demo with the stand-in for OpenAI, and
people responded: one lesson moved, one was kept, one waits for its instructor, one for the release of a solo flight.
"""

import gzip
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from sqlalchemy import Engine, text

from flightsched_pipelines.database import embedded, migrations
from flightsched_pipelines.definitions import build_definitions
from flightsched_pipelines.defs.partitions import key_of
from flightsched_pipelines.domain.risk.breaches import OWN_LIMIT
from flightsched_pipelines.services.notifications.dispatch import dispatch
from flightsched_pipelines_tests.conftest import administer, clone, connected, settings_for
from flightsched_pipelines_tests.integration.services.helpers import OVERLAPS, one, place, rows, run, say, state

DUMP = Path(__file__).parent / "older" / "revision_0009.sql.gz"
HOUR = datetime(2026, 11, 26, 2, tzinfo=UTC)
NOW = HOUR + timedelta(minutes=55)
MOVED, WAITS_FOR_INSTRUCTOR, WAITS_FOR_RELEASE, PROPOSED = 30, 31, 29, 28


def counts(engine: Engine) -> dict[str, int]:
    tables = rows(
        engine,
        "SELECT table_schema || '.' || table_name FROM information_schema.tables "
        "WHERE table_schema IN ('school', 'pipeline')",
    )
    return {name: one(engine, f"SELECT count(*) FROM {name}") for (name,) in tables}  # noqa: S608, names of tables


@pytest.fixture(scope="module")
def upgraded(server_home: Path) -> Iterator[tuple[str, dict[str, int]]]:
    """A database to clone that was upgraded, and how many rows each of its tables had before."""
    name = "template_upgraded"
    administer(server_home, f"CREATE DATABASE {name}")
    url = embedded.url(server_home, name)
    load = [embedded.program("psql"), url, "--no-psqlrc", "--quiet", "--output=/dev/null", "--set=ON_ERROR_STOP=1"]
    subprocess.run(load, input=gzip.decompress(DUMP.read_bytes()), check=True)  # noqa: S603, the wheel's psql
    before: dict[str, int] = {}
    for engine in connected(url):
        before = counts(engine)
        migrations.upgrade(engine)
    yield name, before
    administer(server_home, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def older(server_home: Path, upgraded: tuple[str, dict[str, int]]) -> Iterator[Engine]:
    """Connections to an upgraded database of the test's own."""
    for url in clone(server_home, upgraded[0]):
        yield from connected(url)


def test_an_upgrade_loses_no_row(older: Engine, upgraded: tuple[str, dict[str, int]]) -> None:
    before = upgraded[1]
    after = counts(older)

    assert before["school.bookings"] == 252
    entered = {"school.weather_minimums": before["school.weather_minimums"] + 20}
    assert {name: after.get(name) for name in before} == before | entered
    migrations.require_current(older)


def test_what_waited_for_a_response_takes_it(older: Engine) -> None:
    for case_id, action in ((WAITS_FOR_INSTRUCTOR, "confirm"), (WAITS_FOR_RELEASE, "confirm"), (PROPOSED, "accept")):
        outcome = say(older, case_id, action, NOW, number=1 if action == "accept" else None)
        assert outcome.applied, (case_id, outcome.sentence)

    assert [state(older, case) for case in (WAITS_FOR_INSTRUCTOR, WAITS_FOR_RELEASE, PROPOSED)] == [
        "rescheduled",
        "rescheduled",
        "student_accepted",
    ]
    assert one(older, OVERLAPS) == 0


def test_a_lesson_that_had_moved_stays_where_it_is(older: Engine) -> None:
    (booking,) = rows(older, "SELECT booking_id FROM school.reschedule_cases WHERE id = :id", id=MOVED)[0]

    assert place(older, booking)[:2] == ("scheduled", datetime(2026, 11, 27, 16, tzinfo=UTC))


def test_the_next_hour_runs_and_goes_on_with_the_open_cases(older: Engine) -> None:
    hour = HOUR + timedelta(hours=1)
    job = build_definitions(engine=older, settings=settings_for()).resolve_job_def("hourly_tick")
    with dg.DagsterInstance.ephemeral() as instance:
        assert job.execute_in_process(instance=instance, partition_key=key_of(hour)).success

    result = dispatch(older, hour + timedelta(minutes=8), settings_for())

    assert result.hour_utc == hour
    # One that was moved may be below the minimums at its new time, too: the forecast is another.
    opened_again = (
        "SELECT count(*) FROM (SELECT 1 FROM school.reschedule_cases GROUP BY booking_id, starts_at_utc "
        "HAVING count(*) > 1)"
    )
    assert one(older, opened_again) == 0, "a lesson whose case is open gets no second one"


def test_analysts_read_the_older_hour(older: Engine) -> None:
    views = [name for (name,) in rows(older, "SELECT viewname FROM pg_views WHERE schemaname = 'analytics' ORDER BY 1")]
    assert views

    with older.connect() as connection:
        connection.execute(text("SET LOCAL ROLE analyst"))
        read = {name: connection.execute(text(f"SELECT count(*) FROM analytics.{name}")).scalar() for name in views}  # noqa: S608

    assert read["cases"] == 34


def test_words_of_a_students_own_limit_leave_the_breaches_that_have_them(ticked_engine: Engine) -> None:
    breaches = "FROM pipeline.at_risk_bookings WHERE booking_id {} :id ORDER BY booking_id, breach_rank, airport, layer"
    lesson = f"SELECT reference, explanation {breaches.format('=')}"
    others = f"SELECT reference, explanation {breaches.format('<>')}"
    booking_id = one(ticked_engine, "SELECT min(booking_id) FROM pipeline.at_risk_bookings WHERE breach_rank = 2")
    (_, *references), of_others = rows(ticked_engine, lesson, id=booking_id), rows(ticked_engine, others, id=booking_id)
    migrations.downgrade(ticked_engine, "0057")
    changed = "UPDATE pipeline.at_risk_bookings SET {} WHERE booking_id = :id"
    run(ticked_engine, changed.format("explanation = 'Crosswind beyond my sore knee.'"), id=booking_id)
    worded = "rule = 'aircraft_crosswind', authority = 'student', reference = 'my sore knee'"
    run(ticked_engine, changed.format(worded) + " AND breach_rank = 1", id=booking_id)

    for _ in range(2):
        migrations.upgrade(ticked_engine)

    explanation = "Crosswind beyond the student's own limit."
    kept = [(reference, explanation) for reference, _ in references]
    assert rows(ticked_engine, lesson, id=booking_id) == [(OWN_LIMIT, explanation), *kept]
    assert rows(ticked_engine, others, id=booking_id) == of_others


@pytest.mark.parametrize("kind", ["availability", "inspections"])
def test_rows_count_as_imported_where_files_of_their_kind_were(seeded_engine: Engine, kind: str) -> None:
    a_file = (
        "INSERT INTO school.imports (kind, imported_at, digest, complete, added, changed, unchanged, gone) "
        "VALUES (:kind, now(), 'd', false, 1, 0, 0, 0)"
    )
    inspected = "INSERT INTO school.inspections (aircraft_id, inspection, due_on) SELECT id, 'annual', '2027-01-31'"
    run(seeded_engine, f"{inspected} FROM school.aircraft")
    counts = {one: f"SELECT DISTINCT imported FROM school.{one}" for one in ("availability", "inspections")}  # noqa: S608, our own names
    for is_imported in (False, True):
        migrations.downgrade(seeded_engine, "0061")
        if is_imported:
            run(seeded_engine, a_file, kind=kind)
        migrations.upgrade(seeded_engine)
        for table, query in counts.items():
            assert rows(seeded_engine, query) == [(is_imported and table == kind,)]
