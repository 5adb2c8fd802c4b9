"""Separate lessons that the forecast does not reach yet from those whose forecast is missing or cannot be read."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

from flightsched_pipelines.database.engine import Source
from flightsched_pipelines.database.queries.unknown_lessons import unknown_lessons
from flightsched_pipelines.domain.risk.missing_forecasts import ends_before


def beyond_reach(source: Source, first_utc: datetime, last_utc: datetime) -> Mapping[datetime, frozenset[int]]:
    """Return by hour the lessons of unknown verdict whose forecast merely ends before them, at all their airports."""
    ends: defaultdict[tuple[datetime, int], list[bool]] = defaultdict(list)
    for one in unknown_lessons(source, first_utc, last_utc):
        ends[one.hour_utc, one.booking_id].append(ends_before(one.lacks, one.since_utc, one.last_forecast_utc))
    found: defaultdict[datetime, set[int]] = defaultdict(set)
    for (hour, booking_id), at_airports in ends.items():
        if all(at_airports):
            found[hour].add(booking_id)
    return {hour: frozenset(lessons) for hour, lessons in found.items()}
