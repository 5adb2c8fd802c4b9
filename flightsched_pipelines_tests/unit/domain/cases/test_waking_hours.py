"""Deadlines fall in waking hours, and waits count them alone: tables, and laws over times, zones and clock changes."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightsched_pipelines.domain.cases.rules import CaseRules
from flightsched_pipelines.domain.cases.waking_hours import SHORTEST_NOTICE, WakingHours
from flightsched_pipelines_tests.examples import examples

LA = "America/Los_Angeles"
ZONES = st.sampled_from([LA, "Australia/Lord_Howe", "Asia/Kolkata", "America/St_Johns", "UTC", "Pacific/Kiritimati"])
INSTANTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)).map(  # noqa: DTZ001, the zone follows
    lambda naive: naive.replace(tzinfo=UTC, second=0, microsecond=0)
)
MINUTE = timedelta(minutes=1)


def local(*parts: int, hours: int = 8) -> datetime:
    """An instant by its clock at Los Angeles, in winter; in summer with 7 hours."""
    return datetime(*parts, tzinfo=UTC) + timedelta(hours=hours)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("lesson", "told", "deadline"),
    [
        (local(2026, 11, 27, 10), local(2026, 11, 24, 9), local(2026, 11, 24, 21)),  # in the day as before
        (local(2026, 11, 27, 10), local(2026, 11, 24, 13, 47), local(2026, 11, 24, 22)),  # not at 01:47
        (local(2026, 11, 27, 10), local(2026, 11, 24, 10), local(2026, 11, 24, 22)),
        (local(2026, 11, 27, 10), local(2026, 11, 24, 18, 59), local(2026, 11, 24, 22)),
        (local(2026, 11, 27, 10), local(2026, 11, 24, 19), local(2026, 11, 25, 7)),
        (local(2026, 11, 25, 7), local(2026, 11, 24, 19), local(2026, 11, 24, 22)),  # the lesson leaves 06:30
        (local(2026, 11, 25, 7), local(2026, 11, 24, 20), local(2026, 11, 24, 22)),
        (local(2026, 11, 25, 7), local(2026, 11, 24, 20, 1), local(2026, 11, 25, 6, 30)),  # too little of the evening
        (local(2026, 11, 25, 7), local(2026, 11, 24, 23), local(2026, 11, 25, 6, 30)),
        (local(2026, 11, 4, 10), local(2026, 10, 31, 17, hours=7), local(2026, 10, 31, 22, hours=7)),  # 25 hours
        (local(2026, 3, 16, 10, hours=7), local(2026, 3, 7, 18, 30), local(2026, 3, 8, 7, 30, hours=7)),  # 23 hours
    ],
)
def test_a_deadline_is_one_that_people_can_meet(lesson: datetime, told: datetime, deadline: datetime) -> None:
    assert CaseRules().deadline(lesson, told, WakingHours(LA)) == deadline


@pytest.mark.parametrize(
    ("asked", "minutes", "ends"),
    [
        (local(2026, 11, 24, 9), 120, local(2026, 11, 24, 11)),
        (local(2026, 11, 24, 20), 120, local(2026, 11, 24, 22)),
        (local(2026, 11, 24, 21, 30), 120, local(2026, 11, 25, 8, 30)),
        (local(2026, 11, 24, 23, 47), 120, local(2026, 11, 25, 9)),
        (local(2026, 11, 24, 5), 120, local(2026, 11, 24, 9)),
        (local(2026, 11, 24, 7), 31 * 60, local(2026, 11, 26, 8)),
        (local(2026, 10, 31, 21, hours=7), 120, local(2026, 11, 1, 8)),
    ],
)
def test_a_wait_does_not_count_the_night(asked: datetime, minutes: int, ends: datetime) -> None:
    assert WakingHours(LA).end_of_wait(asked, minutes * MINUTE) == ends


@examples(500, "one deadline in one zone an example, and cheap; a changeover is drawn often")
@given(ZONES, INSTANTS, st.integers(1, 10_000), st.integers(1, 20_160))
def test_a_deadline_is_awake_or_nothing_else_was_left_and_never_later(
    zone: str, told: datetime, answer_within: int, ahead: int
) -> None:
    rules, waking, lesson = CaseRules(answer_within=answer_within * MINUTE), WakingHours(zone), told + ahead * MINUTE
    latest = min(lesson - rules.closes_before, told + rules.answer_within)

    deadline = rules.deadline(lesson, told, waking)

    assert deadline <= latest
    assert deadline == latest or deadline >= told + SHORTEST_NOTICE
    if waking.include(latest):
        assert deadline == latest
    elif not waking.include(deadline):
        tries = (
            latest - n * 15 * MINUTE for n in range(min(40, (latest - told - SHORTEST_NOTICE) // (15 * MINUTE) + 1))
        )
        assert not any(map(waking.include, tries))


@examples(500, "one deadline in one zone an example, and cheap; a changeover is drawn often")
@given(ZONES, INSTANTS, st.integers(1, 3000), st.integers(1, 3000))
def test_a_wait_ends_awake_is_never_cut_short_and_later_ones_end_later(
    zone: str, asked: datetime, minutes: int, more: int
) -> None:
    waking = WakingHours(zone)

    ends = waking.end_of_wait(asked, minutes * MINUTE)

    assert waking.include(ends)
    assert ends >= asked + minutes * MINUTE
    assert waking.end_of_wait(ends, more * MINUTE) == waking.end_of_wait(asked, (minutes + more) * MINUTE)
