"""A lesson below the minimums keeps its slot on the ground or in a simulator: offered, accepted, moved, once."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine

from flightsched_pipelines_tests.integration.services.helpers import (
    LATER,
    OVERLAPS,
    events,
    held,
    one,
    place,
    rows,
    say,
    state,
    told,
)

MINUTE = timedelta(minutes=1)


def kept(engine: Engine, form: str) -> tuple[int, int, int]:
    """Return a case that offers its slot in a form: its id, its booking, and the number of the offer."""
    query = (
        "SELECT c.id, c.booking_id, o.number FROM school.reschedule_cases c JOIN school.case_offers o "
        "ON o.case_id = c.id LEFT JOIN school.aircraft a ON a.id = o.aircraft_id WHERE c.state = 'proposed' "
        "AND CASE WHEN o.aircraft_id IS NULL THEN 'ground' WHEN a.simulator THEN 'simulator' ELSE 'flight' END = :form "
        "ORDER BY c.starts_at_utc DESC, c.id LIMIT 1"
    )
    return tuple(rows(engine, query, form=form)[0])


@pytest.mark.parametrize("form", ["ground", "simulator"])
def test_a_lesson_keeps_its_slot_without_flying(told_engine: Engine, form: str) -> None:
    case_id, booking_id, number = kept(told_engine, form)
    _, starts, instructor, aircraft = place(told_engine, booking_id)

    taken = say(told_engine, case_id, "accept", number=number)

    assert taken.applied, taken
    assert held(told_engine, booking_id) == 1
    again = say(told_engine, case_id, "accept", number=number)
    assert (again.outcome, held(told_engine, booking_id)) == ("already_answered", 1)

    confirmed = say(told_engine, case_id, "confirm", LATER + MINUTE)

    assert confirmed.applied, confirmed
    assert confirmed.sentence.startswith(f"The lesson keeps its time, as a {form} lesson, ")
    status, now_starts, now_instructor, now_aircraft = place(told_engine, booking_id)
    assert (status, now_starts, now_instructor) == ("scheduled", starts, instructor)
    assert (now_aircraft is None, now_aircraft == aircraft) == (form == "ground", False)
    assert (held(told_engine, booking_id), state(told_engine, case_id)) == (0, "rescheduled")
    assert events(told_engine, case_id) == ["opened", "accepted", "confirmed", "moved"]
    assert told(told_engine, case_id, "moved") == ["instructor", "student"]
    assert one(told_engine, OVERLAPS) == 0
    change = "SELECT kind, from_aircraft_id, to_aircraft_id FROM school.schedule_changes WHERE booking_id = :id"
    assert rows(told_engine, change, id=booking_id) == [("ground", aircraft, now_aircraft)]
    freed = "SELECT aircraft_id, instructor_id FROM school.freed_slots WHERE booking_id = :id"
    assert rows(told_engine, freed, id=booking_id) == [(aircraft, None)]
