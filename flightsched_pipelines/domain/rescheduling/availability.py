"""Availability of people, aircraft and schools: weekly local rules and their exceptions, as periods in UTC."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from functools import lru_cache
from types import MappingProxyType

import pandas as pd

from flightsched_pipelines.durations import DAY
from flightsched_pipelines.time_zones import zone_of

AVAILABILITY_COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "school_id": "int64",
        "resource": "str",
        "resource_id": "int64",
        "starts_at_utc": "datetime64[us, UTC]",
        "ends_at_utc": "datetime64[us, UTC]",
        "aircraft_type": "str",
        "aircraft_crosswind_kt": "float64",
        "may_teach": "object",
    }
)
"""Columns of an availability frame, one row a period in which a resource may be used.

``resource`` is school, student, instructor, aircraft or simulator. ``aircraft_type`` and ``aircraft_crosswind_kt`` are
of the last two, ``may_teach`` (a list of training levels, else empty) of instructors.
"""

Resource = tuple[str, int]
"""Kind of resource and its id."""

Period = tuple[datetime, datetime]
"""Start and end, aware, end excluded."""


@dataclass(frozen=True, slots=True)
class WeeklyRule:
    """A resource is available every week on this weekday (0 Monday), between two local times."""

    resource: Resource
    time_zone: str
    weekday: int
    starts: time
    ends: time


@dataclass(frozen=True, slots=True)
class AvailabilityException:
    """An exception to the weekly rule: a resource is, or is not, available in this period."""

    resource: Resource
    period: Period
    available: bool


def expand(
    rules: Iterable[WeeklyRule], exceptions: Iterable[AvailabilityException], from_utc: datetime, to_utc: datetime
) -> dict[Resource, list[Period]]:
    """Return each resource's periods within ``[from_utc, to_utc)``, in UTC, joined where they touch, in order.

    Local times are resolved day by day, so that a school opens at eight on both sides of a change of clocks. An
    exception that takes time away wins over one that adds it.
    """
    periods: defaultdict[Resource, list[Period]] = defaultdict(list)
    for rule in rules:
        periods[rule.resource] += _days(rule.time_zone, rule.weekday, rule.starts, rule.ends, from_utc, to_utc)
    taken: defaultdict[Resource, list[Period]] = defaultdict(list)
    for exception in exceptions:
        (periods if exception.available else taken)[exception.resource].append(exception.period)
    found: dict[Resource, list[Period]] = {}
    for resource, open_periods in periods.items():
        within = [(max(start, from_utc), min(end, to_utc)) for start, end in open_periods]
        found[resource] = subtract_periods(merge_periods(within), taken[resource])
    return found


def merge_periods(periods: Iterable[Period]) -> list[Period]:
    """Return periods in order, with those that touch or overlap joined, and empty ones left out."""
    result: list[Period] = []
    for start, end in sorted(period for period in periods if period[0] < period[1]):
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(result[-1][1], end))
        else:
            result.append((start, end))
    return result


def subtract_periods(periods: Sequence[Period], taken: Iterable[Period]) -> list[Period]:
    """Return the rest of periods after others are taken out."""
    left = list(periods)
    for out_start, out_end in taken:
        pieces = ((s, e) for start, end in left for s, e in ((start, min(end, out_start)), (max(start, out_end), end)))
        left = [(start, end) for start, end in pieces if start < end]
    return sorted(left)


def within(availability: pd.DataFrame, from_utc: datetime, to_utc: datetime) -> pd.DataFrame:
    """Return availability (``AVAILABILITY_COLUMNS``) cut to ``[from_utc, to_utc)``; rows outside are left out."""
    first, last = pd.Timestamp(from_utc).as_unit("us"), pd.Timestamp(to_utc).as_unit("us")
    starts, ends = availability["starts_at_utc"], availability["ends_at_utc"]
    cut = availability.assign(
        starts_at_utc=starts.mask(starts < first, first), ends_at_utc=ends.mask(ends > last, last)
    )
    return cut[cut["starts_at_utc"] < cut["ends_at_utc"]]


@lru_cache(maxsize=10_000)  # people keep few different hours
def _days(
    time_zone: str, weekday: int, starts: time, ends: time, from_utc: datetime, to_utc: datetime
) -> Sequence[Period]:
    zone = zone_of(time_zone)
    day = from_utc.astimezone(zone).date()
    last = to_utc.astimezone(zone).date()
    periods: list[Period] = []
    while day <= last:
        if day.weekday() == weekday:
            start = datetime.combine(day, starts, zone).astimezone(UTC)
            periods.append((start, datetime.combine(day, ends, zone).astimezone(UTC)))
        day += DAY
    return periods
