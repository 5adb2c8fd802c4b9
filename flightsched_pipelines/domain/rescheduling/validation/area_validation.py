"""Validate one proposal against hazard areas, one place on its way at a time.

It repeats in plain Python what ``risk`` does with geometries, on purpose and sharing nothing with it.
"""

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, pairwise
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
_STRETCH = 8
"""Places on a way that are compared with an area's box at once."""
_NM_PER_DEGREE = 60.0
_NEARLY = 0.98
"""Of a distance: what is only just within it is not certain on a flat map, and no reason to object."""

LOOKED_AT_AREAS = ["name", "hazard", "from_utc", "to_utc", "base_ft", "top_ft", "outline"]
"""The columns of hazard areas that validation uses."""

_Point = tuple[float, float]
_Ring = Sequence[_Point]


@dataclass(frozen=True, slots=True)
class _Area:
    """An area; ``polygons`` are lists of rings, the first the shell; ``lines`` have no inside.

    One without an outline that is known may be ``anywhere``.
    """

    name: str
    hazard: str | None
    start: datetime
    end: datetime
    base_ft: float
    top_ft: float
    anywhere: bool
    polygons: Sequence[Sequence[_Ring]]
    lines: Sequence[_Ring]

    @property
    def borders(self) -> list[_Ring]:
        """All lines, and all rings of polygons."""
        return [*self.lines, *(ring for rings in self.polygons for ring in rings)]


@dataclass(frozen=True, slots=True)
class _Box:
    """The latitudes and longitudes between which some places are."""

    middle_deg: float
    half_width_deg: float
    south_deg: float
    north_deg: float

    @classmethod
    def around(cls, places: Iterable[_Point]) -> "_Box":
        """Return the box around at least one place."""
        longitudes, latitudes = zip(*places, strict=True)
        half_width_deg = (max(longitudes) - min(longitudes)) / 2
        return cls(min(longitudes) + half_width_deg, half_width_deg, min(latitudes), max(latitudes))

    def may_be_within(self, other: "_Box", around_nm: float) -> bool:
        """Return false only if everything here is farther than that from each place of the other box."""
        around_deg = around_nm / _NM_PER_DEGREE
        if self.south_deg - other.north_deg > around_deg or other.south_deg - self.north_deg > around_deg:
            return False
        between_deg = abs(_turned(other.middle_deg - self.middle_deg)) - self.half_width_deg - other.half_width_deg
        narrow = math.cos(math.radians(max(abs(other.south_deg), abs(other.north_deg))))
        return between_deg * narrow <= around_deg


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
        self._boxes = [None if area.anywhere else _Box.around(chain(*area.borders)) for area in self._areas]
        self._on_ways: dict[tuple[tuple[str, ...], str], list[_Area]] = {}

    def findings(self, booking: Booking, span: Span, rules: Mapping[str, Sequence[Row]]) -> Iterator[tuple[str, str]]:
        """Yield what each area that a lesson meets makes of it: a severity and a sentence."""
        for area in self._on_way(booking.way, booking.lesson_kind):
            if not self._is_met(area, booking, span):
                continue
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
        return True

    def _on_way(self, airports: tuple[str, ...], lesson_kind: str) -> list[_Area]:
        """Return the areas that a way meets on the map, whatever the time and the height; found once for each way."""
        if (way := (airports, lesson_kind)) not in self._on_ways:
            fields = [self._airports[ident] for ident in airports if ident in self._airports]
            places = [
                (float(field["longitude_deg"]), float(field["latitude_deg"]))
                for field in fields
                if not (is_null(field["longitude_deg"]) or is_null(field["latitude_deg"]))
            ]
            self._on_ways[way] = self._near(list(_way(places)), _AROUND_NM[lesson_kind] * self._nearly)
        return self._on_ways[way]

    def _near(self, places: Sequence[_Point], around_nm: float) -> list[_Area]:
        """Return the areas within a distance of any of these places, and those that may be anywhere."""
        if not places:
            return [area for area in self._areas if area.anywhere]
        whole = _Box.around(places)
        perhaps = [
            (area, box)
            for area, box in zip(self._areas, self._boxes, strict=True)
            if box is None or box.may_be_within(whole, around_nm)
        ]
        if not perhaps:
            return []
        stretches = [places[first : first + _STRETCH] for first in range(0, len(places), _STRETCH)]
        boxed = [(stretch, _Box.around(stretch)) for stretch in stretches]
        return [
            area
            for area, box in perhaps
            if box is None
            or any(
                box.may_be_within(around, around_nm) and any(_within(place, area, around_nm) for place in stretch)
                for stretch, around in boxed
            )
        ]


def _read(row: Row) -> _Area:
    outline: Mapping[str, Any] = {} if is_null(row["outline"]) else json.loads(str(row["outline"]))
    kind, coordinates = outline.get("type"), outline.get("coordinates", [])
    polygons = coordinates if kind == "MultiPolygon" else [coordinates] if kind == "Polygon" else []
    lines = [coordinates] if kind == "LineString" else []
    top_ft = number_or_none(row["top_ft"])
    return _Area(
        name=str(row["name"]),
        hazard=None if is_null(row["hazard"]) else str(row["hazard"]),
        start=row["from_utc"],
        end=row["to_utc"],
        base_ft=float(row["base_ft"]),
        top_ft=math.inf if top_ft is None else top_ft,
        anywhere=not any(polygons) and not any(lines),
        polygons=polygons,
        lines=lines,
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
    return any(_distance_nm(place, a, b) <= around_nm for ring in area.borders for a, b in pairwise(ring))


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
