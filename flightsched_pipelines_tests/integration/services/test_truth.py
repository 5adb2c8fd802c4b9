"""Whatever hours, weather, responses, schools and time bring, messages match the tables, and holds keep owners."""

from collections.abc import Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
from hypothesis import HealthCheck
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import Engine

from flightsched_pipelines.clients.delivery.delivery_errors import HandOver
from flightsched_pipelines.database.queries.notifications.leases import Message
from flightsched_pipelines.services.delivery.outbox_worker import Channel, drain
from flightsched_pipelines.services.notifications.dispatch import dispatch
from flightsched_pipelines.services.responses import deadlines, weather_hold
from flightsched_pipelines.services.standby.offers import offer_freed_slots
from flightsched_pipelines_tests.conftest import SEED_HOUR, clone, connected
from flightsched_pipelines_tests.examples import examples
from flightsched_pipelines_tests.integration.services.helpers import (
    HOUR,
    LATER,
    SETTINGS,
    cases,
    give,
    next_hour,
    one,
    rows,
    run,
    said,
    stored,
    verdicts_with,
)

WHICH = st.integers(0, 5)
WEATHER = st.sampled_from(["none at all", "none for some", "unknown", "as before", "above for all", "above for some"])
DEEDS = {
    "cancel": "UPDATE school.bookings SET status = 'cancelled' WHERE id = :id",
    "fly": "UPDATE school.bookings SET status = 'completed' WHERE id = :id",
    "move": "UPDATE school.bookings SET period = tstzrange(lower(period) + interval '40 days', upper(period) + "
    "interval '40 days') WHERE id = :id AND upper(period) < '2026-12-15' AND status IN ('scheduled', 'weather_hold')",
}
FREE = """
UPDATE school.bookings SET status = 'cancelled' WHERE id = (
    SELECT o.id FROM school.bookings o JOIN school.bookings b USING (school_id) WHERE b.id = :id AND o.id <> b.id
    AND o.status = 'scheduled' AND lower(o.period) > :soon ORDER BY o.id LIMIT 1)
"""
"""The cancellation of another lesson of a lesson's school."""

CLEARED_WITHOUT_VERDICT = """
SELECT count(*) FROM school.case_events e JOIN school.reschedule_cases c ON c.id = e.case_id
WHERE e.event IN ('cleared', 'released') AND NOT EXISTS (
    SELECT FROM pipeline.lesson_verdicts v
    WHERE v.partition_hour = e.partition_hour AND v.booking_id = c.booking_id AND v.verdict IN ('ok', 'watch'))
"""
TOLD_WITHOUT_VERDICT = """
SELECT count(*) FROM school.outbox o JOIN school.reschedule_cases c ON c.id = o.case_id
WHERE o.event = 'cleared' AND NOT EXISTS (
    SELECT FROM pipeline.lesson_verdicts v
    WHERE v.partition_hour = o.partition_hour AND v.booking_id = c.booking_id AND v.verdict IN ('ok', 'watch'))
"""
TOLD_AFTER_IT_BEGAN = """
SELECT count(*) FROM school.outbox o WHERE o.event IN ('cleared', 'expired', 'kept')
AND o.role IN ('student', 'instructor') AND o.payload ->> 'standby' = 'false'
AND CASE o.status WHEN 'sent' THEN o.settled_at ELSE o.created_at END
    >= (o.payload -> 'lesson' ->> 'starts_at_utc')::timestamptz
"""
TOLD_OF_NO_ANSWER_THAT_CAME = """
SELECT count(*) FROM school.outbox o WHERE o.event = 'expired' AND o.payload ->> 'standby' = 'false'
AND o.role IN ('student', 'instructor') AND EXISTS (
    SELECT FROM school.case_events e WHERE e.case_id = o.case_id AND e.event IN ('accepted', 'none_suit'))
"""
TOLD_THAT_NOBODY_ANSWERED = """
SELECT count(*) FROM school.outbox o JOIN school.reschedule_cases c ON c.id = o.case_id
WHERE o.event = 'expired' AND o.role IN ('student', 'instructor') AND c.booking_id = :id AND o.id > :newest
"""
STANDING = """
SELECT b.status, b.weather_hold_by, lower(b.period) AS starts, c.closed_at IS NULL AS is_open,
    EXISTS (SELECT FROM school.reschedule_cases d WHERE d.booking_id = b.id AND d.id > c.id AND d.closed_at IS NULL
        AND d.freed_slot_id IS NULL) AS has_later_case,
    (SELECT v.verdict FROM pipeline.lesson_verdicts v WHERE v.booking_id = b.id AND v.partition_hour = :newest)
        AS verdict
FROM school.reschedule_cases c JOIN school.bookings b ON b.id = c.booking_id WHERE c.id = :id
"""
LONGEST = timedelta(hours=SETTINGS.dispatch_max_age_hours)


class Truth(RuleBasedStateMachine):
    """Some threatened lessons, six of them watched, and all events that may happen to them."""

    home: Path
    template: str

    def __init__(self) -> None:
        super().__init__()
        self._all = ExitStack()
        url = self._all.enter_context(contextmanager(clone)(self.home, self.template))
        self.engine: Engine = self._all.enter_context(contextmanager(connected)(url))
        by_start = "SELECT id, booking_id FROM school.reschedule_cases ORDER BY starts_at_utc, id LIMIT 3"
        run(self.engine, "UPDATE school.contact_preferences SET digest = coalesce(instructor_id % 2 = 0, false)")
        self.known = [*rows(self.engine, by_start), *cases(self.engine)[:3]]
        self.now = LATER
        self.newest = SEED_HOUR
        self.orders = 0
        self.by_hand: set[int] = set()
        self.gone: dict[int, int] = {}
        """Lessons that the school ended, each with the newest message of that moment."""

    @rule(weather=WEATHER, late=st.integers(0, 170))
    def an_hour_is_dispatched(self, weather: str, late: int) -> None:
        """Dispatch an hour, perhaps without any weather, perhaps late."""
        self.newest = max(self.now, self.newest + HOUR).replace(minute=0, second=0)
        self.newest += HOUR * (self.newest < self.now)
        self.now = self.newest + timedelta(minutes=late)
        broken = stored(self.engine, "at_risk_bookings")
        if weather == "above for all":
            broken = broken.head(0)
        elif weather == "above for some":
            broken = broken[broken["booking_id"] % 2 == 0]
        elif weather == "unknown":
            broken = broken.assign(verdict="unknown")
        verdicts = verdicts_with(self.engine, broken)
        if weather == "none at all":
            verdicts, broken = verdicts.head(0), broken.head(0)
        elif weather == "none for some":
            verdicts, broken = (frame[frame["booking_id"] % 3 > 0] for frame in (verdicts, broken))
        verdicts = verdicts[verdicts["booking_id"].isin(self._ahead())]
        number = (self.newest - SEED_HOUR) // HOUR
        next_hour(self.engine, number, at_risk_bookings=broken, lesson_verdicts=verdicts)
        dispatch(self.engine, self.now, SETTINGS)

    def _ahead(self) -> set[int]:
        """The lessons that an hour assesses: those that start from it on."""
        snapshot = stored(self.engine, "booking_snapshot")
        return set(snapshot.loc[snapshot["starts_at_utc"] >= pd.Timestamp(self.newest), "booking_id"])

    @rule(minutes=st.sampled_from([1, 20, 45, 90, 300, 720]))
    def time_goes_by(self, minutes: int) -> None:
        """Process everything due."""
        self.now += timedelta(minutes=minutes)
        deadlines.process_deadlines(self.engine, self.now, SETTINGS)

    @rule()
    def the_mail_goes_out(self) -> None:
        """Deliver all that waited, and check that each message says what is so now."""
        sent: list[Message] = []

        def send(message: Message, hand_over: HandOver) -> str:
            hand_over()
            sent.append(message)
            return "taken"

        drain(self.engine, {"email": Channel(send, knows_keys=True)}, SETTINGS, now=lambda: self.now)
        for message in sent:
            if message.role in {"student", "instructor"}:
                for part in message.payload["lines"] if message.event == "digest" else [message.payload]:
                    self.is_so(part)

    def is_so(self, part: Mapping[str, Any]) -> None:
        """Check what a message, or a line of a digest, says of a lesson."""
        [lesson] = rows(self.engine, STANDING, id=part["case_id"], newest=self.newest)
        event, standby = part["event"], part.get("standby", False)
        if event in {"opened", "updated", "accepted", "reminded"}:
            assert lesson.is_open
            return
        if event in {"cleared", "expired", "declined", "kept", "changed", "moved"}:
            assert lesson.status != "cancelled"
            assert lesson.starts.isoformat() == datetime.fromisoformat(part["lesson"]["starts_at_utc"]).isoformat()
        if standby:
            return
        if event == "cancelled":
            assert lesson.status == "cancelled"
        if event in {"expired", "declined"}:
            assert (lesson.status, lesson.has_later_case) == ("weather_hold", False)
        if event in {"cleared", "kept"}:
            assert (lesson.status == "weather_hold", lesson.has_later_case) == (part["stays_on_hold"], False)
        if event == "cleared":
            assert lesson.verdict in {"ok", "watch"}
            assert self.now - self.newest <= LONGEST

    @rule(which=WHICH, action=st.sampled_from(["accept", "confirm", "keep", "none_suit", "withdraw"]))
    def somebody_answers(self, which: int, action: str) -> None:
        """Respond to the newest case of a lesson."""
        _, booking_id = self.known[which]
        newest = "SELECT max(id) FROM school.reschedule_cases WHERE booking_id = :id"
        words: dict[str, Any] = {"accept": {"number": 1}, "keep": {"reason": "It will do."}}.get(action, {})
        give(self.engine, one(self.engine, newest, id=booking_id), said(action, **words), self.now)

    @rule(leaving=WHICH)
    def a_slot_is_freed_and_offered(self, leaving: int) -> None:
        """Cancel another lesson of a lesson's school, and offer what is free to whoever waits."""
        _, booking_id = self.known[leaving]
        run(self.engine, FREE, id=booking_id, soon=self.now + 2 * HOUR)
        offer_freed_slots(self.engine, self.now, SETTINGS)

    @rule(which=WHICH, what=st.sampled_from(["hold", "hold", "release"]))
    def a_dispatcher_gives_an_order(self, which: int, what: Any) -> None:
        """Put or lift a weather hold by hand."""
        _, booking_id = self.known[which]
        self.orders += 1
        key = f"order-{self.orders}"
        if weather_hold.order(self.engine, key, what, str(booking_id), "Air show", "job", self.now).applied:
            (self.by_hand.add if what == "hold" else self.by_hand.discard)(booking_id)

    @rule(which=WHICH, deed=st.sampled_from(sorted(DEEDS)))
    def the_school_does_something(self, which: int, deed: str) -> None:
        """Cancel, complete or move a lesson in the school's schedule."""
        _, booking_id = self.known[which]
        run(self.engine, DEEDS[deed], id=booking_id)
        if deed != "move":
            self.by_hand.discard(booking_id)
            newest = one(self.engine, "SELECT coalesce(max(id), 0) FROM school.outbox")
            self.gone.setdefault(booking_id, newest)

    @invariant()
    def people_were_told_what_is_so(self) -> None:
        """Check every message after every step."""
        for wrong in (CLEARED_WITHOUT_VERDICT, TOLD_WITHOUT_VERDICT, TOLD_AFTER_IT_BEGAN, TOLD_OF_NO_ANSWER_THAT_CAME):
            assert one(self.engine, wrong) == 0
        for booking_id, newest in self.gone.items():
            assert one(self.engine, TOLD_THAT_NOBODY_ANSWERED, id=booking_id, newest=newest) == 0

    @invariant()
    def a_dispatchers_holds_stay(self) -> None:
        """Check that nobody else lifts a dispatcher's hold."""
        still = "SELECT id FROM school.bookings WHERE status = 'weather_hold' AND weather_hold_by = 'dispatcher'"
        assert {row.id for row in rows(self.engine, still)} == self.by_hand

    def teardown(self) -> None:
        """Give the database back."""
        self._all.close()


def test_no_sequence_of_hours_weather_answers_and_clocks_tells_what_is_not_so(
    server_home: Path, told_template: str
) -> None:
    class Here(Truth):
        home = server_home
        template = told_template

    run_state_machine_as_test(
        Here,
        settings=examples(
            6,
            "20 steps cost seconds of PostgreSQL; steps, not runs, meet each other",
            stateful_step_count=20,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
