"""Weekly local rules as UTC periods."""

from datetime import UTC, datetime, time, timedelta

import pytest

from flightsched_pipelines.domain.rescheduling.availability import (
    AvailabilityException,
    WeeklyRule,
    expand,
    merge_periods,
    subtract_periods,
)

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
