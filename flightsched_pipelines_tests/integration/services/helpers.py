"""Helpers for tests of responses: cases to answer, ways to respond, and invariants."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pandas as pd
from sqlalchemy import Engine, text

from flightsched_pipelines.database import frames
from flightsched_pipelines.database.schema import PIPELINE_TABLES
from flightsched_pipelines.domain.cases.actions import Action, Role
from flightsched_pipelines.domain.cases.responses import CaseResponse
from flightsched_pipelines.services.hourly import proposal_validation
from flightsched_pipelines.services.notifications.dispatch import DispatchResult, dispatch
from flightsched_pipelines.services.responses.respond import ResponseOutcome, respond
from flightsched_pipelines_tests.conftest import SEED_HOUR, settings_for

HOUR = timedelta(hours=1)
NOW = SEED_HOUR + timedelta(minutes=8)
LATER = NOW + timedelta(minutes=10)
SETTINGS = settings_for(base_url="https://flights.example.com", secret_key="x" * 32)
STUDENTS = {Action.ACCEPT, Action.NONE_SUIT, Action.WITHDRAW}

OVERLAPS = """
SELECT count(*) FROM school.bookings a JOIN school.bookings b ON a.id < b.id AND a.period && b.period
WHERE a.status IN ('scheduled', 'weather_hold', 'held') AND b.status IN ('scheduled', 'weather_hold', 'held')
AND a.holds_for IS DISTINCT FROM b.id AND b.holds_for IS DISTINCT FROM a.id
AND (a.aircraft_id = b.aircraft_id OR a.student_id = b.student_id OR a.instructor_id = b.instructor_id)
"""
"""Query for the number of pairs that have one aircraft, instructor or student at one time."""


def rows(engine: Engine, query: str, **values: Any) -> list[Any]:
    """The rows of a query."""
    with engine.connect() as connection:
        return list(connection.execute(text(query), values))


def one(engine: Engine, query: str, **values: Any) -> Any:
    """The first value of a query."""
    return rows(engine, query, **values)[0][0]


def run(engine: Engine, statement: str, **values: Any) -> None:
    """Run a statement."""
    with engine.begin() as connection:
        connection.execute(text(statement), values)


def refuse_changes_of(engine: Engine, table: str, column: str, key: int, code: str = "XX000") -> None:
    """Let the database fail, with an SQLSTATE, whenever rows of a table with this key are entered or changed."""
    run(
        engine,
        "CREATE FUNCTION school.fail() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION USING ERRCODE = '{code}', MESSAGE = 'it is to fail', SCHEMA = 'school', "
        f"TABLE = '{table}'; END $$",
    )
    run(
        engine,
        f"CREATE TRIGGER fails BEFORE INSERT OR UPDATE ON school.{table} FOR EACH ROW "
        f"WHEN (NEW.{column} = {key}) EXECUTE FUNCTION school.fail()",
    )


def cases(engine: Engine, *, solo: bool = False, where: str = "true") -> list[tuple[int, int]]:
    """Cases with three alternatives in flight, the latest lesson first: id and booking.

    ``where`` is what else a test needs of a case ``c`` and its booking ``b``.
    """
    query = (
        "SELECT c.id, c.booking_id FROM school.reschedule_cases c JOIN school.case_offers o "  # noqa: S608, our SQL
        "ON o.case_id = c.id JOIN school.bookings b ON b.id = c.booking_id "
        "WHERE b.solo = :solo AND c.state = 'proposed' "
        f"AND o.starts_at_utc <> c.starts_at_utc AND ({where}) "
        "GROUP BY c.id HAVING count(*) = 3 ORDER BY c.starts_at_utc DESC, c.id"
    )
    return [tuple(row) for row in rows(engine, query, solo=solo)]


def said(action: str, *, role: Role | None = None, person_id: int | None = None, **answer: Any) -> CaseResponse:
    """Return a response, from the role that would give it."""
    usual: Role = "student" if Action(action) in STUDENTS else "instructor"
    return CaseResponse("", 0, "terminal", Action(action), role or usual, person_id, **answer)


def give(engine: Engine, case_id: int, answer: CaseResponse, at: datetime = LATER, key: str = "") -> ResponseOutcome:
    """Give a response to a case."""
    return respond(engine, replace(answer, key=key or uuid4().hex, case_id=case_id), at, SETTINGS)


def say(
    engine: Engine, case_id: int, action: str, at: datetime = LATER, *, key: str = "", **answer: Any
) -> ResponseOutcome:
    """Give a response to a case."""
    return give(engine, case_id, said(action, **answer), at, key)


def state(engine: Engine, case_id: int) -> str:
    """Return the state of a case."""
    return one(engine, "SELECT state FROM school.reschedule_cases WHERE id = :id", id=case_id)


def place(engine: Engine, booking_id: int) -> tuple[Any, ...]:
    """Return a booking's status, start, instructor and aircraft."""
    query = "SELECT status, lower(period), instructor_id, aircraft_id FROM school.bookings WHERE id = :id"
    return tuple(rows(engine, query, id=booking_id)[0])


def offer(engine: Engine, case_id: int, number: int) -> tuple[Any, ...]:
    """Return an open alternative: start, instructor, aircraft."""
    query = (
        "SELECT starts_at_utc, instructor_id, aircraft_id FROM school.case_offers "
        "WHERE case_id = :id AND number = :number AND withdrawn_hour IS NULL"
    )
    return tuple(rows(engine, query, id=case_id, number=number)[0])


def book_for_another(engine: Engine, booking_id: int, alternative: tuple[Any, ...]) -> None:
    """Book an alternative's aircraft, for its first hour, for another student, who is free then."""
    start, _, aircraft = alternative
    run(
        engine,
        "WITH hour AS (SELECT tstzrange(:start, :start + interval '1 hour') AS period), "
        "free AS (SELECT max(s.id) AS id FROM school.students s, hour WHERE NOT EXISTS (SELECT 1 FROM school.bookings "
        "WHERE student_id = s.id AND period && hour.period)) "
        "INSERT INTO school.bookings (reference, school_id, student_id, aircraft_id, lesson_kind, solo, departure, "
        "period) SELECT 'OTHER-1', school_id, free.id, :aircraft, 'local', true, departure, hour.period "
        "FROM school.bookings b, hour, free WHERE b.id = :id",
        aircraft=aircraft, start=start, id=booking_id,
    )  # fmt: skip


def held(engine: Engine, booking_id: int) -> int:
    """Return the number of slots held for a booking."""
    return one(engine, "SELECT count(*) FROM school.bookings WHERE holds_for = :id", id=booking_id)


def events(engine: Engine, case_id: int) -> list[str]:
    """A case's audit trail."""
    return [
        row[0]
        for row in rows(engine, "SELECT event FROM school.case_events WHERE case_id = :id ORDER BY id", id=case_id)
    ]


def told(engine: Engine, case_id: int, event: str) -> list[str]:
    """Return the people notified of an event."""
    query = "SELECT role FROM school.outbox WHERE case_id = :id AND event = :event AND channel = 'email' ORDER BY role"
    return [row[0] for row in rows(engine, query, id=case_id, event=event)]


TABLES = (
    "booking_snapshot",
    "lesson_verdicts",
    "at_risk_bookings",
    "reschedule_candidates",
    "reschedule_proposals",
    "unplaceable_bookings",
)


def next_hour(engine: Engine, n: int = 1, **changed: pd.DataFrame) -> datetime:
    """Store an hour like the first, with other tables; validated, as the check records it."""
    hour = SEED_HOUR + n * HOUR
    if "at_risk_bookings" in changed and "lesson_verdicts" not in changed:
        changed["lesson_verdicts"] = verdicts_with(engine, changed["at_risk_bookings"])
    for name in TABLES:
        frame = changed.get(name)
        if frame is None:
            frame = frames.read_partition(engine, PIPELINE_TABLES[name], [SEED_HOUR])
        if name == "lesson_verdicts" and "uncertainty" not in frame:
            frame = frame.assign(uncertainty=None)
        frame = frame.assign(partition_hour=pd.Timestamp(hour).as_unit("us"))
        frames.write_partition(engine, PIPELINE_TABLES[name], frame, [hour])
    proposal_validation.record_validated(engine, hour, 1)
    return hour


def verdicts_with(engine: Engine, broken: pd.DataFrame) -> pd.DataFrame:
    """Return the verdicts for these breaches: ok for lessons that the first hour assessed and that have none."""
    found = dict(zip(broken["booking_id"], broken["verdict"], strict=True))
    assessed = sorted({*stored(engine, "lesson_verdicts")["booking_id"], *found})
    return pd.DataFrame({"booking_id": assessed, "verdict": [found.get(booking_id, "ok") for booking_id in assessed]})


def stored(engine: Engine, table: str) -> pd.DataFrame:
    return frames.read_partition(engine, PIPELINE_TABLES[table], [SEED_HOUR])


EMPTY = ("lesson_verdicts", "at_risk_bookings", "reschedule_candidates", "reschedule_proposals", "unplaceable_bookings")


def nothing_assessed(engine: Engine) -> dict[str, pd.DataFrame]:
    """An hour's tables without a row: it assessed no lesson."""
    return {name: stored(engine, name).head(0) for name in EMPTY}


def all_ok(engine: Engine, *booking_ids: int) -> dict[str, pd.DataFrame]:
    """An hour's tables in which just these lessons were assessed, as ok."""
    verdicts = pd.DataFrame({"booking_id": list(booking_ids), "verdict": "ok"})
    return nothing_assessed(engine) | {"lesson_verdicts": verdicts}


def tell(engine: Engine, number: int, **tables: pd.DataFrame) -> DispatchResult:
    """Store an hour and dispatch it, eight minutes past."""
    hour = next_hour(engine, number, **tables)
    return dispatch(engine, hour + timedelta(minutes=8), SETTINGS)
