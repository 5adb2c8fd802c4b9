"""The order of offers of a freed slot, and the slots that a lesson could take."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightsched_pipelines.domain.cases.lifecycle import BookingStatus, Case, CaseState, Slot, StandbyRule
from flightsched_pipelines.domain.cases.responses import RequestedTimes
from flightsched_pipelines.domain.cases.standby import (
    FreedSlot,
    StandbyLesson,
    next_standby_transition,
    slots_to_offer,
    standby_order,
)

NOW = datetime(2026, 11, 24, 18, tzinfo=UTC)
HOUR = timedelta(hours=1)
SLOT = Slot(NOW + 20 * HOUR, NOW + 22 * HOUR, 5, 9)
FREED = FreedSlot(1, 1, SLOT, "C172S")
LATER = Slot(NOW + 90 * HOUR, NOW + 91 * HOUR, 4, 8)
WAITING = StandbyLesson(
    booking_id=1, student_id=1, lesson=LATER, aircraft_type="C172S", solo=False, on_hold=False, since_utc=NOW,
    until=None, last_flown_utc=None, wishes=RequestedTimes(), time_zone="America/Los_Angeles",
)  # fmt: skip

instants = st.integers(-500, 500).map(lambda hours: NOW + hours * HOUR)
waiting = st.builds(lambda since, held, flown: (since, held, flown), instants, st.booleans(), st.none() | instants).map(
    lambda drawn: replace(WAITING, since_utc=drawn[0], on_hold=drawn[1], last_flown_utc=drawn[2])
)
queues = st.lists(waiting, max_size=8).map(
    lambda found: [replace(one, booking_id=number) for number, one in enumerate(found)]
)


@given(queues, st.sampled_from(get_args(StandbyRule)))
def test_a_rule_only_puts_those_who_wait_in_order(queue: list[StandbyLesson], rule: StandbyRule) -> None:
    turn = standby_order(queue, rule)
    assert sorted(one.booking_id for one in turn) == ([] if rule == "nobody" else [one.booking_id for one in queue])
    assert turn == standby_order(reversed(queue), rule)


@given(queues)
def test_of_equals_who_waits_longest_is_first(queue: list[StandbyLesson]) -> None:
    assert [one.since_utc for one in standby_order(queue, "first_come")] == sorted(one.since_utc for one in queue)
    by_class = standby_order(queue, "threatened_first")
    assert by_class == [
        one for held in (True, False) for one in standby_order(queue, "first_come") if one.on_hold == held
    ]
    grounded = standby_order(queue, "longest_without_lesson")
    flown = [one.last_flown_utc for one in grounded if one.last_flown_utc is not None]
    assert flown == sorted(flown)
    assert all(one.last_flown_utc is None for one in grounded[: len(grounded) - len(flown)])


def test_a_lesson_takes_what_came_free_for_as_long_as_it_lasts_its_own_instructor_first() -> None:
    ends = SLOT.starts_at_utc + HOUR
    assert slots_to_offer(FREED, WAITING) == [
        Slot(SLOT.starts_at_utc, ends, 4, 9),
        Slot(SLOT.starts_at_utc, ends, 5, 9),
    ]
    assert slots_to_offer(FREED, replace(WAITING, solo=True)) == [Slot(SLOT.starts_at_utc, ends, None, 9)]
    solo = replace(FREED, slot=replace(SLOT, instructor_id=None))
    assert slots_to_offer(solo, WAITING) == [Slot(SLOT.starts_at_utc, ends, 4, 9)]


@pytest.mark.parametrize(
    "unfit",
    [
        replace(WAITING, aircraft_type="C152"),
        replace(WAITING, lesson=replace(LATER, ends_at_utc=LATER.starts_at_utc + 3 * HOUR)),
        replace(WAITING, lesson=replace(LATER, starts_at_utc=NOW + 19 * HOUR, ends_at_utc=NOW + 20 * HOUR)),
        replace(WAITING, until=date(2026, 11, 24)),
        replace(WAITING, wishes=RequestedTimes(days=frozenset({"sat"}))),
        replace(WAITING, wishes=RequestedTimes(parts_of_day=frozenset({"evening"}))),
        replace(WAITING, wishes=RequestedTimes(latest_date=date(2026, 11, 24))),
    ],
)
def test_what_is_of_no_use_is_not_offered(unfit: StandbyLesson) -> None:
    assert slots_to_offer(FREED, unfit) == []


def test_a_lesson_on_weather_hold_may_go_later_and_others_only_earlier() -> None:
    past = replace(WAITING, lesson=Slot(NOW - 3 * HOUR, NOW - 2 * HOUR, 4, 8))
    assert slots_to_offer(FREED, past) == []
    assert slots_to_offer(FREED, replace(past, on_hold=True)) != []


OFFERED = Case(CaseState.PROPOSED, LATER, [SLOT], NOW + HOUR)
HELD = replace(OFFERED, state=CaseState.STUDENT_ACCEPTED)


@pytest.mark.parametrize(
    ("case", "standing", "at", "on_hold", "is_free", "event"),
    [
        (OFFERED, BookingStatus("ok", LATER), NOW, False, True, None),
        (OFFERED, BookingStatus("unknown", LATER), NOW, False, True, None),
        (OFFERED, BookingStatus("at_risk", LATER), NOW, True, True, None),
        (OFFERED, BookingStatus("at_risk", LATER), NOW, False, True, "cancelled"),
        (OFFERED, BookingStatus("ok", LATER), NOW, True, True, "cancelled"),
        (OFFERED, BookingStatus("ok", LATER), NOW, False, False, "cancelled"),
        (OFFERED, BookingStatus("ok", LATER), NOW + HOUR, False, True, "expired"),
        (OFFERED, BookingStatus("ok", None), NOW, False, True, "cancelled"),
        (OFFERED, BookingStatus("ok", replace(LATER, aircraft_id=7)), NOW, False, True, "changed"),
        (HELD, BookingStatus("at_risk", LATER), NOW, False, True, None),
        (HELD, BookingStatus("ok", LATER), NOW + 2 * HOUR, True, True, None),
        (HELD, BookingStatus("ok", None), NOW, False, True, "cancelled"),
    ],
)  # fmt: skip
def test_an_hour_ends_an_offer_that_is_lost_or_wanted_no_more(
    case: Case, standing: BookingStatus, at: datetime, on_hold: bool, is_free: bool, event: str | None
) -> None:
    step = next_standby_transition(case, standing, at, waits_on_hold=on_hold, is_free=is_free)
    assert (step and step.event) == event
