"""Validate one proposal against hazard areas, one place on its way at a time.

It repeats in plain Python what ``risk`` does with geometries, on purpose and sharing nothing with it.
"""

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from flightsched_pipelines.domain.rescheduling.validation.validation_records import (
    Booking,
    Row,
    Span,
    is_null,
    number_or_none,
)

_AROUND_NM = {"pattern": 5.0, "local": 25.0, "cross_country": 10.0}
_HIGHEST_FT = {"pattern": 1_000.0, "local": 3_000.0, "cross_country": 6_000.0}
_STEP_NM = 2.0
_NM_PER_DEGREE = 60.0
_NEARLY = 0.98
"""Of a distance: what is only just within it is not certain on a flat map, and no reason to object."""

LOOKED_AT_AREAS = ["name", "hazard", "from_utc", "to_utc", "base_ft", "top_ft", "outline"]
"""The columns of hazard areas that validation uses."""

_Point = tuple[float, float]
_Ring = Sequence[_Point]


@dataclass(frozen=True, slots=True)
class _Area:
    """An area; ``polygons`` are lists of rings, the first the shell; ``lines`` have no inside."""

    name: str
    hazard: str | None
    start: datetime
    end: datetime
    base_ft: float
    top_ft: float
    anywhere: bool
    polygons: Sequence[Sequence[_Ring]]
    lines: Sequence[_Ring]


class AreaRecords:
    """Hazard areas, compared one by one with a lesson's way."""

    def __init__(
        self, areas: Iterable[Row], airports: Mapping[str, Row], buffer: timedelta, nearly: float = _NEARLY
    ) -> None:
        """Read the areas; ``nearly`` is the share of each distance that counts."""
        self._areas = [_read(row) for row in areas]
        self._airports = airports
        self._buffer = buffer
        self._nearly = nearly

    def findings(self, booking: Booking, span: Span, rules: Mapping[str, Sequence[Row]]) -> Iterator[tuple[str, str]]:
        """Yield what each area that a lesson meets makes of it: a severity and a sentence."""
        met = [area for area in self._areas if self._is_met(area, booking, span)]
        for area in met:
            if area.hazard is None:
                yield "missing", f"{area.name} cannot be read, and may be where it flies"
                continue
            for limit in rules.get(f"{area.hazard}_area", []):
                if limit["comparison"] != "any":
                    severity = "at_risk" if limit["effect"] == "block" else "watch"
                    yield severity, f"it meets the {area.hazard.replace('_', ' ')} area of {area.name}"

    def _is_met(self, area: _Area, booking: Booking, span: Span) -> bool:
        if area.start >= span.end + self._buffer or area.end <= span.start - self._buffer:
            return False
        fields = [self._airports[ident] for ident in booking.airports if ident in self._airports]
        heights = [height for field in fields if (height := number_or_none(field.get("elevation_ft"))) is not None]
        if heights:
            highest_ft = max(heights) + (booking.highest_ft or _HIGHEST_FT[booking.lesson_kind])
            if area.base_ft > highest_ft or area.top_ft < min(heights):
                return False
        if area.anywhere:
            return True
        places = [
            (float(field["longitude_deg"]), float(field["latitude_deg"]))
            for field in fields
            if not (is_null(field["longitude_deg"]) or is_null(field["latitude_deg"]))
        ]
        return any(_within(place, area, _AROUND_NM[booking.lesson_kind] * self._nearly) for place in _way(places))


def _read(row: Row) -> _Area:
    outline: Mapping[str, Any] = {} if is_null(row["outline"]) else json.loads(str(row["outline"]))
    kind, coordinates = outline.get("type"), outline.get("coordinates", [])
    polygons = coordinates if kind == "MultiPolygon" else [coordinates] if kind == "Polygon" else []
    top_ft = number_or_none(row["top_ft"])
    return _Area(
        name=str(row["name"]),
        hazard=None if is_null(row["hazard"]) else str(row["hazard"]),
        start=row["from_utc"],
        end=row["to_utc"],
        base_ft=float(row["base_ft"]),
        top_ft=math.inf if top_ft is None else top_ft,
        anywhere=not outline,
        polygons=polygons,
        lines=[coordinates] if kind == "LineString" else [],
    )


def _way(places: Sequence[_Point]) -> Iterator[_Point]:
    """Yield places along the way, close to each other."""
    yield from places[:1]
    for (longitude, latitude), (onward, northward) in pairwise(places):
        east, north = _turned(onward - longitude), northward - latitude
        steps = max(math.ceil(math.hypot(east, north) * _NM_PER_DEGREE / _STEP_NM), 1)
        for step in range(1, steps + 1):
            yield longitude + east * step / steps, latitude + north * step / steps


def _within(place: _Point, area: _Area, around_nm: float) -> bool:
    if any(_inside(place, rings) for rings in area.polygons):
        return True
    borders = [*area.lines, *(ring for rings in area.polygons for ring in rings)]
    return any(_distance_nm(place, a, b) <= around_nm for ring in borders for a, b in pairwise(ring))


def _inside(place: _Point, rings: Sequence[_Ring]) -> bool:
    """Count the borders to the east of a place: an odd number has it inside, and not in a hole."""
    inside = False
    for ring in rings:
        for a, b in pairwise(ring):
            (west, south), (east, north) = _from(place, a, b)
            if (south > 0) != (north > 0) and west + (east - west) * -south / (north - south) > 0:
                inside = not inside
    return inside


def _distance_nm(place: _Point, a: _Point, b: _Point) -> float:
    """Return the distance of a place to a border, on a map that is flat around the place."""
    narrow = math.cos(math.radians(place[1]))
    (ax, ay), (bx, by) = ((x * narrow, y) for x, y in _from(place, a, b))
    length = (bx - ax) ** 2 + (by - ay) ** 2
    along = 0.0 if length == 0 else min(max(-(ax * (bx - ax) + ay * (by - ay)) / length, 0.0), 1.0)
    return math.hypot(ax + along * (bx - ax), ay + along * (by - ay)) * _NM_PER_DEGREE


def _from(place: _Point, a: _Point, b: _Point) -> tuple[_Point, _Point]:
    """Return both ends of a border, east and north of a place in degrees, whole where it crosses 180°."""
    west = _turned(a[0] - place[0])
    return (west, a[1] - place[1]), (west + b[0] - a[0], b[1] - place[1])


def _turned(degrees: float) -> float:
    return (degrees + 180) % 360 - 180
