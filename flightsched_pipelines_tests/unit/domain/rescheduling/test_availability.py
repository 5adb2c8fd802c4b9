"""Weekly local rules as UTC periods."""

from datetime import UTC, datetime, time, timedelta

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightsched_pipelines.domain.rescheduling.availability import (
    AvailabilityException,
    WeeklyRule,
    expand,
    merge_periods,
    subtract_periods,
    within,
)
from flightsched_pipelines_tests.examples import examples

SCHOOL = ("school", 1)


def every_day(opens: int = 8, closes: int = 17, zone: str = "America/Los_Angeles") -> list[WeeklyRule]:
    return [WeeklyRule(SCHOOL, zone, weekday, time(opens), time(closes)) for weekday in range(7)]


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("day", "opens_utc"),
    [
        (utc(2026, 3, 7), 16),  # standard time
        (utc(2026, 3, 8), 15),  # clocks went forward that night
        (utc(2026, 10, 31), 15),
        (utc(2026, 11, 1), 16),  # clocks went back that night
        (utc(2028, 2, 29), 16),  # a leap day
        (utc(2026, 11, 30), 16),  # the end of a month
    ],
)
def test_a_school_opens_at_eight_local_time_on_every_day(day: datetime, opens_utc: int) -> None:
    (period,) = expand(every_day(), [], day + timedelta(hours=12), day + timedelta(hours=36))[SCHOOL][:1]

    assert period == (day + timedelta(hours=opens_utc), day + timedelta(hours=opens_utc + 9))


def test_the_day_is_the_schools_not_the_servers() -> None:
    monday_only = [WeeklyRule(SCHOOL, "America/Los_Angeles", 0, time(17), time(20))]

    periods = expand(monday_only, [], utc(2026, 11, 9), utc(2026, 11, 12))[SCHOOL]

    assert periods == [(utc(2026, 11, 10, 1), utc(2026, 11, 10, 4))], "Monday evening there is Tuesday in UTC"


def test_an_exception_takes_away_and_another_gives() -> None:
    day = utc(2026, 11, 10)
    away = AvailabilityException(SCHOOL, (day + timedelta(hours=18), day + timedelta(hours=19)), available=False)
    extra = AvailabilityException(SCHOOL, (day + timedelta(hours=25), day + timedelta(hours=27)), available=True)

    periods = expand(every_day(), [away, extra], day + timedelta(hours=12), day + timedelta(hours=30))[SCHOOL]

    assert periods == [
        (day + timedelta(hours=16), day + timedelta(hours=18)),
        (day + timedelta(hours=19), day + timedelta(hours=27)),
    ]


def test_what_is_taken_away_wins_over_what_is_given() -> None:
    day = utc(2026, 11, 10)
    both = (day, day + timedelta(hours=2))
    overrides = [
        AvailabilityException(SCHOOL, both, available=True),
        AvailabilityException(SCHOOL, both, available=False),
    ]

    assert expand([], overrides, day, day + timedelta(days=1))[SCHOOL] == []


def test_periods_join_where_they_touch_and_end_at_the_horizon() -> None:
    a, b, c = utc(2026, 1, 1, 1), utc(2026, 1, 1, 2), utc(2026, 1, 1, 3)

    assert merge_periods([(b, c), (a, b), (c, c)]) == [(a, c)]
    assert subtract_periods([(a, c)], [(a, b)]) == [(b, c)]
    assert expand(every_day(), [], utc(2026, 11, 10, 17), utc(2026, 11, 10, 18))[SCHOOL] == [
        (utc(2026, 11, 10, 17), utc(2026, 11, 10, 18))
    ]


clocks = st.sampled_from([time(0), time(0, 30), time(1, 30), time(2, 30), time(8), time(17), time(23), time(23, 59)])
rules = st.lists(
    st.builds(
        WeeklyRule,
        st.just(SCHOOL),
        st.sampled_from(["UTC", "America/Los_Angeles", "Australia/Lord_Howe", "Pacific/Auckland", "America/Havana"]),
        st.integers(0, 6),
        clocks,
        clocks,
    ),
    max_size=6,
)
quarters = st.integers(0, 30 * 96).map(lambda number: utc(2026, 10, 25) + number * timedelta(minutes=15))
exceptions = st.lists(
    st.builds(AvailabilityException, st.just(SCHOOL), st.tuples(quarters, quarters), st.booleans()), max_size=4
).map(lambda found: [one for one in found if one.period[0] < one.period[1]])


@examples(200, "five zones, both changes of clocks, and every hour of a day from which whole days are looked at")
@given(rules, exceptions, st.integers(0, 14 * 24), st.integers(1, 3 * 24))
def test_whole_days_cut_to_a_time_are_what_is_known_of_that_time(
    weekly: list[WeeklyRule], others: list[AvailabilityException], first: int, hours: int
) -> None:
    from_utc = utc(2026, 10, 26) + timedelta(hours=first)
    to_utc = from_utc + timedelta(hours=hours)
    days = from_utc.replace(hour=0), (to_utc + timedelta(days=1)).replace(hour=0)
    stored = pd.DataFrame(expand(weekly, others, *days).get(SCHOOL, []), columns=["starts_at_utc", "ends_at_utc"])

    cut = within(stored.astype("datetime64[us, UTC]"), from_utc, to_utc)

    known = expand(weekly, others, from_utc, to_utc).get(SCHOOL, [])
    assert list(cut.itertuples(index=False, name=None)) == known
