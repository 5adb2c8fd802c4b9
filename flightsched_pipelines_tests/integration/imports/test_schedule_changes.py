"""Moves of the platform's beside files of the school's: no order of them loses a move or a lesson."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from sqlalchemy import Engine

from flightsched_pipelines.database.queries.schedule.booking_moves import Move, move
from flightsched_pipelines.database.queries.schedule.changes import standing_lessons
from flightsched_pipelines.domain.cases.lifecycle import Slot
from flightsched_pipelines.services import schedule_changes
from flightsched_pipelines.services.imports.importing import ImportOptions, import_file
from flightsched_pipelines_tests.examples import examples
from flightsched_pipelines_tests.integration.imports.helpers import NOW, bring, rows
from flightsched_pipelines_tests.integration.imports.test_races import exported
from flightsched_pipelines_tests.integration.imports.test_rules import BOOKINGS, HEADER, run, where
from flightsched_pipelines_tests.integration.services.helpers import LATER, OVERLAPS, SETTINGS, cases, one, say, state

BEGIN = datetime(2027, 3, 1, 9, tzinfo=UTC)
PLACES = 5
STEP = st.one_of(
    st.tuples(st.just("move"), st.integers(0, PLACES - 1)),
    st.tuples(st.just("book"), st.integers(0, PLACES - 1)),
    st.tuples(st.just("enter"), st.just(0)),
    st.tuples(st.just("fresh"), st.just(0)),
    st.tuples(st.just("stale"), st.integers(0, 3)),
)


def slot(engine: Engine, place: int) -> Slot:
    """Return the place of a number: a time of its own with one instructor and aircraft."""
    starts = BEGIN + timedelta(hours=3 * place)
    (found,) = rows(
        engine,
        "SELECT i.id, a.id FROM school.instructors i, school.aircraft a WHERE i.external_id = 'I-1' AND "
        "a.tail_number = 'N101RW'",
    )
    return Slot(starts, starts + timedelta(hours=2), *found)


def filed(place: int) -> str:
    """Return a file with one lesson at a place."""
    starts = BEGIN + timedelta(hours=3 * place)
    ends = starts + timedelta(hours=2)
    return f"{HEADER}X-1,S-1,I-1,N101RW,local,{starts.isoformat()},{ends.isoformat()},\n"


def put(engine: Engine, reference: str, place: int) -> None:
    """Move a lesson as the platform does."""
    (found,) = rows(engine, "SELECT id FROM school.bookings WHERE reference = :name", name=reference)
    with engine.begin() as connection:
        move(connection, [Move(found[0], slot(engine, place))], standing_lessons(connection, found), NOW)


def place_of(engine: Engine, reference: str) -> int:
    """Return the number of the place that a lesson has."""
    (found,) = rows(engine, "SELECT lower(period) FROM school.bookings WHERE reference = :name", name=reference)
    return (found[0] - BEGIN) // timedelta(hours=3)


def states(engine: Engine) -> list[str]:
    """Return the states of all changes, in their order."""
    return [state_ for (state_,) in rows(engine, "SELECT state FROM school.schedule_changes ORDER BY id")]


@dataclass
class Model:
    """The places of the lesson: here, in the scheduler and in the last file, and in all exports so far."""

    here: int = 0
    scheduler: int = 0
    known: int = 0
    exports: list[int] = field(default_factory=lambda: [0])


@examples(
    25,
    "an example imports files into PostgreSQL, in several orders",
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(STEP, min_size=1, max_size=8), st.booleans())
def test_no_order_of_moves_and_files_loses_a_move_or_a_lesson(
    untouched_school: Engine, steps: list[tuple[str, int]], by_hand: bool
) -> None:
    engine, model = untouched_school, Model()
    run(engine, "DELETE FROM school.bookings WHERE reference = 'X-1'")
    bring(engine, "bookings", filed(0))
    if by_hand:
        run(
            engine,
            "UPDATE school.bookings SET external_id = NULL, imported_period = NULL, imported_instructor_id = NULL, "
            "imported_aircraft_id = NULL WHERE reference = 'X-1'",
        )
    for what, number in steps:
        if what == "move":
            put(engine, "X-1", number)
            model.here = number
        elif what == "book":
            model.scheduler = number
        elif what == "enter":
            model.scheduler = model.here
        else:
            file = model.scheduler if what == "fresh" else model.exports[number % len(model.exports)]
            model.exports.append(file)
            moved, known = model.here != model.known, model.known
            report = bring(engine, "bookings", filed(file), yes=True)
            stays = moved and file == known
            assert list(report.not_entered) == (["X-1"] if stays else [])
            assert list(report.entered) == (["X-1"] if moved and file == model.here else [])
            assert list(report.overruled) == (["X-1"] if moved and file not in (known, model.here) else [])
            model.here, model.known = (model.here if stays else file), file
        assert place_of(engine, "X-1") == model.here
        listed = schedule_changes.changes(engine, NOW)
        assert [(one_.booking, one_.state) for one_ in listed] == (
            [("X-1", "waiting")] if model.here != model.known else []
        )
    assert len(rows(engine, "SELECT FROM school.bookings WHERE reference = 'X-1'")) == 1


@pytest.fixture
def moved(school: Engine) -> Engine:
    """The example school with a lesson that the platform moved from place 0 to 1."""
    bring(school, "bookings", filed(0))
    put(school, "X-1", 1)
    return school


def test_a_move_made_before_the_first_import_is_not_undone(school: Engine) -> None:
    bring(school, "bookings", filed(0))
    run(school, "UPDATE school.bookings SET external_id = NULL, imported_period = NULL WHERE reference = 'X-1'")
    put(school, "X-1", 1)

    report = bring(school, "bookings", filed(0), yes=True)

    assert list(report.not_entered) == ["X-1"]
    assert place_of(school, "X-1") == 1


def test_moved_twice_is_one_change_and_moved_back_is_none(moved: Engine) -> None:
    put(moved, "X-1", 2)
    assert states(moved) == ["superseded", "waiting"]
    (change,) = schedule_changes.changes(moved, NOW)
    assert (change.before.starts_at_utc, change.after and change.after.starts_at_utc) == (
        BEGIN, BEGIN + timedelta(hours=6)
    )  # fmt: skip

    put(moved, "X-1", 0)

    assert states(moved) == ["superseded", "taken_back"]
    assert schedule_changes.changes(moved, NOW) == []


def test_a_lesson_that_the_school_cancels_is_not_to_be_entered(moved: Engine) -> None:
    report = bring(moved, "bookings", filed(0).replace(",\n", ",cancelled\n"))

    assert list(report.overruled) == ["X-1"]
    assert (states(moved), where(moved, "X-1")[0]) == (["overruled"], "cancelled")


def test_changes_as_csv_name_the_lesson_by_the_ids_of_the_school(moved: Engine) -> None:
    (change,) = schedule_changes.changes(moved, NOW)
    record = schedule_changes.as_record(change)

    assert {name: record[name] for name in ("id", "kind", "state", "instructor", "old_aircraft")} == {
        "id": "X-1", "kind": "move", "state": "waiting", "instructor": "I-1", "old_aircraft": "N101RW"
    }  # fmt: skip
    assert (record["old_starts_at"], record["starts_at"]) == ("2027-03-01T01:00-08:00", "2027-03-01T04:00-08:00")
    assert schedule_changes.as_csv([change]).splitlines()[0].startswith("change,school,id,reference,kind,state")
    assert json.dumps(record)


def test_a_complete_file_ends_only_lessons_within_its_span(school: Engine) -> None:
    bring(school, "bookings", filed(0))
    within = BOOKINGS.splitlines(keepends=True)
    lacks_one = "".join(line for line in within if not line.startswith("B-1002"))

    report = bring(school, "bookings", lacks_one, complete=True)

    assert [change.id for change in report.changes] == ["B-1002"]
    assert where(school, "X-1")[0] == "scheduled", "it lies after the file's last lesson"


def test_a_lesson_of_the_school_takes_a_held_slot_and_the_student_is_offered_others(told_engine: Engine) -> None:
    ours = "b.school_id = (SELECT id FROM school.schools WHERE name = 'Palo Alto Flight School')"
    case_id, booking_id = cases(told_engine, where=ours)[0]
    assert say(told_engine, case_id, "accept", number=1).applied
    (held,) = rows(
        told_engine,
        "SELECT lower(h.period), upper(h.period), a.tail_number, i.email, b.reference FROM school.bookings h "
        "JOIN school.aircraft a ON a.id = h.aircraft_id JOIN school.instructors i ON i.id = h.instructor_id "
        "JOIN school.bookings b ON b.id = h.holds_for WHERE h.holds_for = :booking",
        booking=booking_id,
    )
    starts, ends, tail, teacher, reference = held
    free = one(
        told_engine,
        "SELECT s.email FROM school.students s WHERE s.school_id = (SELECT school_id FROM school.bookings WHERE "
        "id = :booking) AND NOT EXISTS (SELECT FROM school.bookings b WHERE b.student_id = s.id AND b.period && "
        "tstzrange(:starts, :ends)) ORDER BY s.id LIMIT 1",
        booking=booking_id, starts=starts, ends=ends,
    )  # fmt: skip
    file = exported(told_engine, set()).decode()
    times = f"{starts.isoformat()},{ends.isoformat()}"
    new = f"NEW-1,Palo Alto Flight School,{free},{teacher},{tail},local,no,KPAO,,{times},\n"

    report = import_file(told_engine, "bookings", (file + new).encode(), ImportOptions(yes=True), LATER, SETTINGS)

    assert list(report.released) == [reference]
    assert one(told_engine, OVERLAPS) == 0
    assert one(told_engine, "SELECT count(*) FROM school.bookings WHERE reference = 'NEW-1'") == 1
    assert state(told_engine, case_id) in {"proposed", "open"}
    assert one(told_engine, "SELECT event FROM school.case_events WHERE case_id = :id ORDER BY id DESC LIMIT 1",
               id=case_id) == "hold_released"  # fmt: skip
    told = "SELECT count(*) FROM school.outbox WHERE case_id = :id AND event = 'updated' AND role = 'student'"
    assert one(told_engine, told, id=case_id) >= 1
