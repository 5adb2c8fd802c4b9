"""Plan the requests for every METAR of a past time, so that none is cut off where the Aviation Weather Center cuts.

The Center keeps 15 days and returns at most 400 reports at once, without saying that there were more
(https://aviationweather.gov/data/api/). A request whose response may have been cut is halved: by its stations, and of
one station by its time.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

from flightsched_pipelines.clients.weather.request_specs import RequestSpec, history_request
from flightsched_pipelines.durations import HOUR

KEPT_HOURS = 15 * 24
"""As far back as the Center keeps reports."""

LONGEST_HISTORY_HOURS = KEPT_HOURS - 1
"""Each request asks for an hour more than it needs (`history_request`)."""

REPORTS_PER_RESPONSE = 400
"""The Center returns no more at once."""

REPORTS_PER_STATION_HOUR = 2
"""The number for which requests are planned: a routine report, and a SPECI."""

_LONGEST_SPAN_HOURS = 24


@dataclass(frozen=True, slots=True)
class HistoryPart:
    """Every METAR of some stations taken in the ``hours`` before ``until_utc``."""

    stations: tuple[str, ...]
    hours: int
    until_utc: datetime

    @property
    def spec(self) -> RequestSpec:
        """The request for it."""
        return history_request(self.stations, self.hours, self.until_utc)

    def halves(self) -> "tuple[HistoryPart, ...]":
        """Return two parts that together are this one; nothing if it cannot be divided."""
        if len(self.stations) > 1:
            half = len(self.stations) // 2
            return replace(self, stations=self.stations[:half]), replace(self, stations=self.stations[half:])
        if self.hours > 1:
            late = self.hours // 2
            early = replace(self, hours=self.hours - late, until_utc=self.until_utc - late * HOUR)
            return early, replace(self, hours=late)
        return ()


def history_parts(stations: Sequence[str], hours: int, until_utc: datetime) -> Iterator[HistoryPart]:
    """Yield parts that together are every METAR of the stations in the ``hours`` before ``until_utc``, oldest first."""
    left = hours
    while stations and left > 0:
        span = min(left, _LONGEST_SPAN_HOURS)
        most = max(1, REPORTS_PER_RESPONSE // ((span + 1) * REPORTS_PER_STATION_HOUR))
        for first in range(0, len(stations), most):
            yield HistoryPart(tuple(stations[first : first + most]), span, until_utc - (left - span) * HOUR)
        left -= span


def may_be_cut(body: str | None) -> bool:
    """Return whether a response has as many reports as the Center returns at most."""
    return body is not None and len(cast("list[object]", json.loads(body or "[]"))) >= REPORTS_PER_RESPONSE
