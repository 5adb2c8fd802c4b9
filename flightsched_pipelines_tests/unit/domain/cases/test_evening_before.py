"""The evening before a day of lessons, and the standing of each of them."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import product

import pytest

from flightsched_pipelines.domain.cases.evening_before import LessonStanding, day_after, standing_of

LA = "America/Los_Angeles"
SIX = time(18)


@pytest.mark.parametrize(
    ("now_utc", "time_zone", "day", "hours"),
    [
        (datetime(2026, 11, 11, 1, 59, 59, tzinfo=UTC), LA, None, None),
        (datetime(2026, 11, 11, 2, tzinfo=UTC), LA, date(2026, 11, 11), 24),
        (datetime(2026, 11, 11, 7, 59, 59, tzinfo=UTC), LA, date(2026, 11, 11), 24),
        (datetime(2026, 11, 11, 8, tzinfo=UTC), LA, None, None),
        (datetime(2026, 11, 11, 2, tzinfo=UTC), "America/Sao_Paulo", date(2026, 11, 11), 24),
        (datetime(2026, 3, 8, 2, tzinfo=UTC), LA, date(2026, 3, 8), 23),
        (datetime(2026, 11, 1, 1, tzinfo=UTC), LA, date(2026, 11, 1), 25),
        (datetime(2026, 12, 31, 20, tzinfo=UTC), "UTC", date(2027, 1, 1), 24),
    ],
)
def test_it_is_evening_from_the_setting_until_midnight_on_the_readers_clock(
    now_utc: datetime, time_zone: str, day: date | None, hours: int | None
) -> None:
    found = day_after(now_utc, time_zone, SIX)
    assert (found and found.day) == day
    if found is not None and hours is not None:
        assert found.ends_utc - found.begins_utc == timedelta(hours=hours)
        assert found.has(found.begins_utc)
        assert not found.has(found.ends_utc)
        assert not found.has(now_utc)


def test_a_lesson_stands_only_by_a_recent_verdict_on_it_that_says_so() -> None:
    verdicts: list[str | None] = [None, "ok", "watch", "unknown", "at_risk"]
    for verdict, (flies, on_hold, beyond, recent) in product(verdicts, product((False, True), repeat=4)):
        standing = standing_of(verdict, flies=flies, on_hold=on_hold, beyond_reach=beyond, may_be_cleared=recent)
        expected = {"ok": LessonStanding.STANDS, "watch": LessonStanding.WARNED}.get(verdict or "")
        cleared = flies and recent and not on_hold and expected is not None
        assert (standing in {LessonStanding.STANDS, LessonStanding.WARNED}) == cleared
        assert (standing is LessonStanding.NOT_FLOWN) == (not flies)
        assert (standing is LessonStanding.BELOW) == (verdict == "at_risk" and flies)
        if cleared:
            assert standing is expected


@pytest.mark.parametrize(
    ("verdict", "beyond", "recent", "standing"),
    [
        ("unknown", True, True, LessonStanding.BEYOND_REACH),
        ("unknown", False, True, LessonStanding.FORECAST_MISSING),
        ("unknown", True, False, LessonStanding.NOT_ASSESSED),
        (None, False, True, LessonStanding.NOT_ASSESSED),
        ("at_risk", False, False, LessonStanding.BELOW),
    ],
)
def test_what_is_uncertain_says_why(verdict: str | None, beyond: bool, recent: bool, standing: LessonStanding) -> None:
    found = standing_of(verdict, flies=True, on_hold=False, beyond_reach=beyond, may_be_cleared=recent)
    assert found is standing
