"""Read from when until when a hazard area counts; one whose times cannot be read counts as long as its product reaches.

A G-AIRMET and a convective forecast are snapshots: each counts until the next one, and from the one before.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from flightsched_pipelines.domain.weather.areas.products import FACTS, AreaProduct
from flightsched_pipelines.domain.weather.reports.json_fields import epoch, iso_time
from flightsched_pipelines.durations import DAY, HOUR

AROUND_SNAPSHOT: Mapping[str, timedelta] = {"gairmet": 3 * HOUR, "tcf": 2 * HOUR}
"""G-AIRMETs are given for every third hour, the convective forecast for every second."""

MOST_APART = 2 * DAY
"""An area in force, or to come, has times within this of the hour."""


def validity(
    product: AreaProduct, fields: Mapping[str, Any], hour_utc: datetime
) -> tuple[datetime, datetime, str | None]:
    """Return start and end of an area, and what could not be read of them."""
    around = AROUND_SNAPSHOT.get(product)
    names = ("validTime",) if around else ("validTimeFrom", "validTimeTo")
    times = [read_time(fields.get(name)) for name in names]
    legible = [time for time in times if time is not None]
    if len(legible) < len(names):
        why = "its times cannot be read"
    elif any(abs(time - hour_utc) > MOST_APART for time in legible) or legible[0] > legible[-1]:
        why = f"its times, from {legible[0]:%Y-%m-%d %H:%M}Z, are not of this day"
    elif around:
        return legible[0] - around, legible[0] + around, None
    else:
        return legible[0], legible[1], None
    reach = FACTS[product].reach
    return hour_utc, hour_utc + reach, f"{why}, so it counts for {reach // HOUR} h"


def read_time(value: object) -> datetime | None:
    """Return a time in UTC, of epoch seconds, ISO 8601 or 20260519_1100; ``None`` if it cannot be read."""
    if not isinstance(value, str):
        return epoch(value)
    try:
        return datetime.strptime(value, "%Y%m%d_%H%M").replace(tzinfo=UTC)
    except ValueError:
        return iso_time(value)
