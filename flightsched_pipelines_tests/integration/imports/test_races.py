"""Imports while people respond: nothing is booked twice, no lesson is lost, nobody waits for each other for ever."""

import threading
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import Engine

from flightsched_pipelines.services.imports.importing import ImportOptions, import_file
from flightsched_pipelines.services.imports.reports import ImportRefusedError
from flightsched_pipelines_tests.integration.services.helpers import (
    LATER,
    OVERLAPS,
    SETTINGS,
    cases,
    give,
    one,
    rows,
    said,
)

LESSONS = """
SELECT b.reference, s.email, i.email, a.tail_number, b.lesson_kind, b.solo, b.departure,
    array_to_string(b.route, ' '), lower(b.period), upper(b.period)
FROM school.bookings b JOIN school.students s ON s.id = b.student_id JOIN school.aircraft a ON a.id = b.aircraft_id
LEFT JOIN school.instructors i ON i.id = b.instructor_id
WHERE b.school_id = 1 AND b.holds_for IS NULL ORDER BY b.id
"""
HEADER = "id,school,student,instructor,aircraft,lesson_kind,solo,departure,route,starts_at,ends_at,status\n"
DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
TIMES, PEOPLE = 6, 6


def exported(engine: Engine, cancelled: set[str]) -> bytes:
    """Return a school's export of its schedule as it stands, some of it cancelled."""
    lines = [HEADER]
    for reference, student, instructor, tail, kind, solo, departure, route, starts, ends in rows(engine, LESSONS):
        status = "cancelled" if reference in cancelled else "scheduled"
        lines.append(
            f"{reference},Palo Alto Flight School,{student},{instructor or ''},{tail},{kind},{'yes' if solo else 'no'},"
            f"{departure},{route},{starts.isoformat()},{ends.isoformat()},{status}\n"
        )
    return "".join(lines).encode()


def test_an_import_that_races_responses_books_nothing_twice_and_loses_nothing(told_engine: Engine) -> None:
    lessons = one(told_engine, "SELECT count(*) FROM school.bookings WHERE holds_for IS NULL")
    known = [case_id for case_id, _ in cases(told_engine)[:PEOPLE]]
    deadlocks = one(told_engine, DEADLOCKS)
    stale = exported(told_engine, set())
    stop = threading.Event()

    def answer(case_id: int) -> int:
        applied = 0
        while not stop.is_set():
            for action in ("accept", "confirm"):
                outcome = give(told_engine, case_id, said(action, number=1), LATER)
                assert outcome.sentence
                applied += outcome.applied
        return applied

    done = refused = 0
    with ThreadPoolExecutor(len(known)) as hands:
        answering = [hands.submit(answer, case_id) for case_id in known]
        try:
            for time in range(TIMES):
                data = stale if time % 2 == 0 else exported(told_engine, {"PAO-1001", f"PAO-{1010 + time}"})
                try:
                    import_file(told_engine, "bookings", data, ImportOptions(yes=True), LATER, SETTINGS)
                    done += 1
                except ImportRefusedError:
                    refused += 1
        finally:
            stop.set()
        applied = sum(each.result() for each in answering)

    assert one(told_engine, OVERLAPS) == 0
    assert one(told_engine, "SELECT count(*) FROM school.bookings WHERE holds_for IS NULL") == lessons
    assert one(told_engine, DEADLOCKS) == deadlocks
    assert done + refused == TIMES
    assert done >= 1
    assert applied >= 1
    moved = "SELECT count(*) FROM school.case_events WHERE event = 'moved'"
    assert one(told_engine, "SELECT sum(times_moved) FROM school.bookings") == one(told_engine, moved)
