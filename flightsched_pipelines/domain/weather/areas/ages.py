"""Tell from the times in a list of hazard areas whether it is out of date: areas of an old list lie in the past.

An old list is then as if the product had not come, though its areas still count. G-AIRMETs and the convective forecast
are issued at fixed times; SIGMETs and center weather advisories are issued when there is a hazard, and have no age.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from flightsched_pipelines.domain.weather.areas.products import AreaProduct
from flightsched_pipelines.domain.weather.areas.validity import read_time
from flightsched_pipelines.domain.weather.reports.json_fields import is_illegible, number
from flightsched_pipelines.durations import HOUR


@dataclass(frozen=True, slots=True)
class Schedule:
    """A product's time between two issues, the delay that is tolerated, and how far ahead its snapshots are."""

    every: timedelta
    tolerance: timedelta
    nearest: timedelta
    farthest: timedelta

    @property
    def oldest(self) -> timedelta:
        """Return the greatest age that the newest issue may have."""
        return self.every + self.tolerance


SCHEDULES: Mapping[AreaProduct, Schedule] = MappingProxyType(
    {
        "gairmet": Schedule(6 * HOUR, 2 * HOUR, 0 * HOUR, 12 * HOUR),
        "tcf": Schedule(2 * HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR),
    }
)
"""G-AIRMETs are issued at 03, 09, 15 and 21Z, with snapshots from 0 to 12 h; the convective forecast is issued every
two hours, with snapshots from 4 to 8 h."""

MOST_AHEAD = HOUR
"""An issue that is later than this, after the hour and the response, has a wrong time."""


def out_of_date(
    product: AreaProduct,
    collection: Mapping[str, Any],
    items: Sequence[Mapping[str, Any]],
    hour_utc: datetime,
    fetched_at_utc: datetime,
) -> str | None:
    """Return why a list is out of date at an hour, ``None`` if it is not; an empty one without a time has no age.

    Args:
        product: the product.
        collection: the fields beside the list, among which the time of issue may be.
        items: the areas and lines, freezing levels included.
        hour_utc: the hour.
        fetched_at_utc: when the list came.
    """
    schedule = SCHEDULES.get(product)
    if schedule is None or not (items or "issueTime" in collection):
        return None
    of_list = read_time(collection.get("issueTime"))
    issues = [issue for item in items if (issue := _issue(item, of_list, schedule)) is not None]
    if not items and of_list is not None:
        issues = [of_list]
    latest = max(hour_utc, fetched_at_utc) + MOST_AHEAD
    newest = max((issue for issue in issues if issue <= latest), default=None)
    if newest is None:
        return "it does not say when it was issued"
    if hour_utc - newest <= schedule.oldest:
        return None
    return f"the newest was issued at {newest:%Y-%m-%d %H:%M}Z, and one is due every {schedule.every // HOUR} h"


def _issue(item: Mapping[str, Any], of_list: datetime | None, schedule: Schedule) -> datetime | None:
    """Return when an area was issued: the earliest that its times say, as of an old area any may be renewed."""
    stated = read_time(item.get("issueTime")) or of_list
    valid = read_time(item.get("validTime"))
    if valid is None:
        return stated
    ahead = number(item.get("forecastHour"), 0, schedule.farthest / HOUR)
    if ahead is None or is_illegible(ahead):
        return valid - schedule.farthest if stated is None else min(stated, valid - schedule.nearest)
    by_snapshot = valid - ahead * HOUR
    return by_snapshot if stated is None else min(stated, by_snapshot)
