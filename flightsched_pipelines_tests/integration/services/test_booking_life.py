"""A booking's life: whatever the responses at any time, nothing is taken twice, none is lost, every case ends."""

from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
from hypothesis import HealthCheck
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import Engine, event

from flightsched_pipelines.database import embedded
from flightsched_pipelines.services.notifications.dispatch import dispatch
from flightsched_pipelines.services.responses import deadlines
from flightsched_pipelines_tests.conftest import SEED_HOUR, clone, connected
from flightsched_pipelines_tests.examples import examples
from flightsched_pipelines_tests.integration.services.helpers import (
    HOUR,
    LATER,
    OVERLAPS,
    SETTINGS,
    cases,
    give,
    next_hour,
    one,
    rows,
    said,
    stored,
)

SAID = ("accept", "accept", "accept", "confirm", "confirm", "withdraw", "decline", "none_suit", "keep")
WHICH = st.integers(0, 9)
CUT_AT = st.sampled_from([None, None, 3, 9, 20, 40])
LESSONS = "SELECT count(*) FROM school.bookings WHERE status IN ('scheduled', 'weather_hold')"
UNAUDITED = """
SELECT count(*) FROM school.bookings b WHERE b.times_moved <> (
    SELECT count(*) FROM school.case_events e JOIN school.reschedule_cases c ON c.id = e.case_id
    WHERE c.booking_id = b.id AND e.event = 'moved')
"""
UNTOLD = """
SELECT count(*) FROM school.reschedule_cases c WHERE c.state <> (
    SELECT e.to_state FROM school.case_events e WHERE e.case_id = c.id ORDER BY e.id DESC LIMIT 1)
"""
STRAY = """
SELECT count(*) FROM school.bookings h WHERE h.status = 'held' AND NOT EXISTS (
    SELECT FROM school.reschedule_cases c WHERE c.booking_id = h.holds_for AND c.state = 'student_accepted')
"""
OPEN = "SELECT id FROM school.reschedule_cases WHERE closed_at IS NULL"
ANSWERS = "SELECT count(*) FROM school.responses WHERE door = 'terminal'"


@contextmanager
def cut_off(engine: Engine, url: str, at_statement: int) -> Generator[None]:
    """End the server's side of the connection, once, when this many statements have been sent."""
    sent = 0

    def count(connection: Any, *_: Any) -> None:
        nonlocal sent
        sent += 1
        if sent == at_statement:
            backend = connection.connection.driver_connection.info.backend_pid
            with psycopg.connect(url, autocommit=True) as other:
                other.execute("SELECT pg_terminate_backend(%s, 5000)", [backend])

    event.listen(engine, "before_cursor_execute", count)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", count)


class Life(RuleBasedStateMachine):
    """Some threatened lessons, the people who answer, the hours that go by, and connections that break."""

    home: Path
    template: str

    def __init__(self) -> None:
        super().__init__()
        self._all = ExitStack()
        url = self._all.enter_context(contextmanager(clone)(self.home, self.template))
        self.engine: Engine = self._all.enter_context(contextmanager(connected)(url))
        self.admin = embedded.url(self.home, "postgres")
        self.known = [case_id for case_id, _ in cases(self.engine)[:10]]
        self.lessons = one(self.engine, LESSONS)
        self.now = LATER
        self.newest = SEED_HOUR
        self.said = 0

    @rule(
        action=st.sampled_from(SAID),
        which=WHICH,
        number=st.integers(1, 4),
        stranger=st.sampled_from([False, False, False, True]),
        cut_at=CUT_AT,
    )
    def somebody_answers(self, action: str, which: int, number: int, stranger: bool, cut_at: int | None) -> None:
        """Give a response, of the right person or another, that may lose its connection on the way."""
        reason = "It will do." if action == "keep" else ""
        person = 999_999 if stranger else None
        answer = said(action, number=number, person_id=person, reason=reason)
        with ExitStack() as faults:
            if cut_at is not None:
                faults.enter_context(cut_off(self.engine, self.admin, cut_at))
            outcome = give(self.engine, self.known[which], answer, self.now)
        assert outcome.sentence.endswith(".")
        assert not (stranger and outcome.applied)
        self.said += 1

    @rule(which=WHICH, number=st.integers(1, 3), cut_at=CUT_AT)
    def a_lesson_is_to_move(self, which: int, number: int, cut_at: int | None) -> None:
        """Let the student accept an alternative, and the instructor confirm."""
        self.somebody_answers("accept", which, number, False, None)
        self.somebody_answers("confirm", which, number, False, cut_at)

    @rule(minutes=st.integers(1, 90))
    def time_goes_by(self, minutes: int) -> None:
        """Process everything due."""
        self.now += timedelta(minutes=minutes)
        deadlines.process_deadlines(self.engine, self.now, SETTINGS)

    @rule(better=st.integers(0, 3))
    def an_hour_is_dispatched(self, better: int) -> None:
        """Dispatch a new forecast, above the minimums for a quarter of the lessons."""
        self.now = max(self.now, self.newest + HOUR + timedelta(minutes=8))
        self.newest = self.now.replace(minute=0)
        risk = stored(self.engine, "at_risk_bookings")
        worse = risk[risk["booking_id"] % 4 != better]
        next_hour(self.engine, (self.newest - SEED_HOUR) // HOUR, at_risk_bookings=worse)
        assert not dispatch(self.engine, self.now, SETTINGS).repeated

    @invariant()
    def nothing_is_taken_twice_lost_or_done_unseen(self) -> None:
        """Check the invariants after every step."""
        for wrong in (OVERLAPS, UNAUDITED, UNTOLD, STRAY):
            assert one(self.engine, wrong) == 0
        assert one(self.engine, LESSONS) == self.lessons
        assert one(self.engine, ANSWERS) == self.said

    def teardown(self) -> None:
        """Check that every case ends, answered or not."""
        with self._all:
            for _ in range(2):
                self.now += timedelta(days=4)
                deadlines.process_deadlines(self.engine, self.now, SETTINGS)
            assert rows(self.engine, OPEN) == []
            assert one(self.engine, STRAY) == 0


def test_whatever_is_said_and_breaks_nothing_is_taken_twice_none_is_lost_and_every_case_ends(
    server_home: Path, told_template: str
) -> None:
    class Here(Life):
        home = server_home
        template = told_template

    run_state_machine_as_test(
        Here,
        settings=examples(
            6,
            "a life of 20 steps costs seconds of PostgreSQL; steps, not lives, meet each other",
            stateful_step_count=20,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
