"""A booking's life: whoever says whatever at any time, nothing is taken twice, none is lost, every case ends."""

from datetime import timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flightsched_pipelines.desk import deadlines
from flightsched_pipelines_tests.conftest import clone, connected
from flightsched_pipelines_tests.integration.desk.answering import (
    LATER,
    OVERLAPS,
    SETTINGS,
    cases,
    give,
    one,
    rows,
    said,
)

ACTIONS = ("accept", "accept", "accept", "confirm", "confirm", "withdraw", "decline", "none_suit", "keep", "deadlines")

STEPS = st.lists(
    st.tuples(
        st.sampled_from(ACTIONS), st.integers(0, 4), st.integers(1, 4), st.sampled_from(["own", "other"]),
        st.integers(0, 150),
    ),
    min_size=8,
    max_size=16,
)  # fmt: skip

LESSONS = "SELECT count(*) FROM school.bookings WHERE status IN ('scheduled', 'weather_hold')"
UNAUDITED = """
SELECT count(*) FROM school.bookings b WHERE b.times_moved <> (
    SELECT count(*) FROM school.case_events e JOIN school.reschedule_cases c ON c.id = e.case_id
    WHERE c.booking_id = b.id AND e.event = 'moved')
"""
STRAY = """
SELECT count(*) FROM school.bookings h WHERE h.status = 'held' AND NOT EXISTS (
    SELECT FROM school.reschedule_cases c WHERE c.booking_id = h.holds_for AND c.state = 'student_accepted')
"""


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_whatever_is_said_nothing_is_taken_twice_none_is_lost_and_every_case_ends(
    server_home: Path, told_template: str, steps: list[tuple[str, int, int, str, int]]
) -> None:
    for url in clone(server_home, told_template):
        for engine in connected(url):
            known, now = cases(engine)[:5], LATER
            lessons = one(engine, LESSONS)
            for action, which, number, who, minutes in steps:
                now += timedelta(minutes=minutes)
                if action == "deadlines":
                    deadlines.pass_deadlines(engine, now, SETTINGS)
                else:
                    person = None if who == "own" else 999_999
                    reason = "It will do." if action == "keep" else ""
                    answer = said(action, number=number, person_id=person, reason=reason)
                    outcome = give(engine, known[which][0], answer, now)
                    assert outcome.sentence.endswith(".")
                assert one(engine, OVERLAPS) == one(engine, UNAUDITED) == one(engine, STRAY) == 0
                assert one(engine, LESSONS) == lessons
            given_ = sum(action != "deadlines" for action, *_ in steps)
            assert one(engine, "SELECT count(*) FROM school.responses WHERE door = 'terminal'") == given_
            for _ in range(2):
                now += timedelta(days=4)
                deadlines.pass_deadlines(engine, now, SETTINGS)
            assert rows(engine, "SELECT id FROM school.reschedule_cases WHERE closed_at IS NULL") == []
            assert one(engine, STRAY) == 0
