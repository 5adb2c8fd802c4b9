"""Ground and simulator lessons in a school's files, and a lesson that was kept on the ground beside them."""

from datetime import UTC, datetime

from sqlalchemy import Engine

from flightsched_pipelines.database.queries.schedule.booking_moves import Move, move
from flightsched_pipelines.database.queries.schedule.changes import standing_lessons
from flightsched_pipelines.domain.cases.lifecycle import Slot
from flightsched_pipelines.services import schedule_changes
from flightsched_pipelines_tests.integration.imports.helpers import NOW, bring, refused, rows

SIMULATOR = "id,tail_number,type,simulator\nSIM-1,SIM-1,AATD,yes\n"
HEADER = "id,student,instructor,aircraft,form,lesson_kind,solo,starts_at,ends_at\n"
TIMES = "2027-02-01T09:00-08:00,2027-02-01T11:00-08:00"
STATED = "SELECT ground, aircraft_id IS NULL FROM school.bookings WHERE external_id = :key"

BAD = {
    f"G-1,S-1,I-1,,,local,no,{TIMES}": "aircraft; it is empty; name an aircraft, or say ground in the column `form`",
    f"G-1,S-1,I-1,,flight,local,no,{TIMES}": "aircraft; it is empty; name an aircraft, or say ground in",
    f"G-1,S-1,I-1,,simulator,local,no,{TIMES}": "aircraft; it is empty; name an aircraft, or say ground in",
    f"G-1,S-1,I-1,N101RW,ground,local,no,{TIMES}": "form is 'ground'; with this aircraft it is a flight; say flight",
    f"G-1,S-1,I-1,N101RW,simulator,local,no,{TIMES}": "form is 'simulator'; with this aircraft it is a flight",
    f"G-1,S-1,I-1,SIM-1,flight,local,no,{TIMES}": "form is 'flight'; with this aircraft it is a simulator",
    f"G-1,S-1,I-1,SIM-1,glider,local,no,{TIMES}": "form is 'glider'; give one of flight, simulator, ground",
    f"G-1,S-1,,,ground,local,yes,{TIMES}": "form is 'ground'; a ground lesson needs an instructor, and is not solo",
}


def test_a_forgotten_aircraft_never_makes_a_ground_lesson(school: Engine) -> None:
    bring(school, "aircraft", SIMULATOR)
    for line, reason in BAD.items():
        (fault,) = refused(school, "bookings", f"{HEADER}{line}\n")
        assert fault.startswith(f"line 2: {reason}"), (line, fault)
    assert rows(school, STATED, key="G-1") == []


def test_ground_and_simulator_lessons_come_and_go_with_the_file(school: Engine) -> None:
    bring(school, "aircraft", SIMULATOR)
    content = (
        f"{HEADER}G-1,S-1,I-1,,ground,local,no,{TIMES}\nG-2,S-2,I-2,SIM-1,,local,no,{TIMES}\n"
        f"G-3,S-3,,N102RW,flight,local,yes,{TIMES}\n"
    )
    assert bring(school, "bookings", content).added == 3
    assert [rows(school, STATED, key=key)[0] for key in ("G-1", "G-2", "G-3")] == [
        (True, True), (False, False), (False, False),
    ]  # fmt: skip
    assert bring(school, "bookings", content).unchanged == 3
    flown = bring(school, "bookings", f"{HEADER}G-1,S-1,I-1,N101RW,flight,local,no,{TIMES}\n")
    assert (flown.changed, rows(school, STATED, key="G-1")) == (1, [(False, False)])
    twice = refused(school, "bookings", f"{HEADER}G-4,S-4,I-1,,ground,local,no,{TIMES}\n")
    assert any("I-1" in fault and "booked from" in fault for fault in twice)


def test_a_lesson_kept_on_the_ground_waits_for_the_file_and_a_third_place_wins(school: Engine) -> None:
    header = HEADER.replace(",form", "")
    old = f"{header}K-1,S-1,I-1,N101RW,local,no,{TIMES}\n"
    bring(school, "bookings", old)
    ((booking_id, instructor),) = rows(
        school, "SELECT id, instructor_id FROM school.bookings WHERE external_id = 'K-1'"
    )
    starts, ends = datetime(2027, 2, 1, 17, tzinfo=UTC), datetime(2027, 2, 1, 19, tzinfo=UTC)
    with school.begin() as connection:
        lessons = standing_lessons(connection, [booking_id])
        move(connection, [Move(booking_id, Slot(starts, ends, instructor, None))], lessons, NOW)

    (listed,) = schedule_changes.changes(school, NOW)
    record = schedule_changes.as_record(listed)
    assert (record["kind"], record["old_aircraft"], record["aircraft"]) == ("ground", "N101RW", None)
    assert record["starts_at"] == record["old_starts_at"]

    assert list(bring(school, "bookings", old).not_entered) == ["K-1"]
    assert rows(school, STATED, key="K-1") == [(True, True)]
    entered = bring(school, "bookings", f"{HEADER}K-1,S-1,I-1,,ground,local,no,{TIMES}\n")
    assert list(entered.entered) == ["K-1"]
    assert schedule_changes.changes(school, NOW) == []
    bring(school, "bookings", f"{header}K-1,S-1,I-1,N102RW,local,no,{TIMES}\n")
    assert rows(school, STATED, key="K-1") == [(False, False)]
