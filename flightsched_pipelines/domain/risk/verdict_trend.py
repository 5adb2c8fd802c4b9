"""The verdict on a lesson over the last hours: since when it is as it is, and whether that is better or worse."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import takewhile

from flightsched_pipelines.domain.risk.bookings import severity

UNKNOWN = "unknown"


class Direction(StrEnum):
    """The direction in which a verdict changed last; ``CHANGED`` is to or from one that was not known."""

    STEADY = "steady"
    BETTER = "better"
    WORSE = "worse"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class VerdictTrend:
    """The verdict of each hour that has one, the oldest first, and since which hour it has been the newest one.

    ``before`` is the verdict until then; ``None`` if it was the same in all of them.
    """

    hours: Sequence[tuple[datetime, str]]
    direction: Direction
    since_utc: datetime
    before: str | None


def verdict_trend(hours: Sequence[tuple[datetime, str]]) -> VerdictTrend | None:
    """Return the trend of the verdicts of some hours; ``None`` for fewer than two hours."""
    known = sorted(hours)
    if len(known) < 2:
        return None
    now = known[-1][1]
    same = list(takewhile(lambda one: one[1] == now, reversed(known)))
    before = known[-len(same) - 1][1] if len(same) < len(known) else None
    return VerdictTrend(known, _direction(before, now), same[-1][0], before)


def _direction(before: str | None, now: str) -> Direction:
    if before is None:
        return Direction.STEADY
    if UNKNOWN in (before, now):
        return Direction.CHANGED
    return Direction.WORSE if severity(now) > severity(before) else Direction.BETTER
