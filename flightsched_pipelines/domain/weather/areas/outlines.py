"""Read the outline of a hazard area into a geometry, with suspicion: where it cannot be read it may be anywhere.

Longitudes are continuous along an outline, so that one across 180° is whole: they may be beyond ±180.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, cast

import shapely
from shapely.geometry.base import BaseGeometry

from flightsched_pipelines.domain.weather.reports.json_fields import is_illegible, number, objects

Point = tuple[float, float]
"""Longitude and latitude, degrees."""

LONGEST_EDGE_NM = 1_500.0
"""Two points that follow each other and are farther apart are not of one area: a coordinate is wrong."""

NM_PER_DEGREE = 60.0


class OutlineError(ValueError):
    """An outline that cannot be read; the message says what is wrong with it."""


def read_outline(fields: Mapping[str, Any]) -> tuple[BaseGeometry, str | None]:
    """Return the geometry of an area, and a sentence part about what had to be mended, ``None`` for nothing.

    Args:
        fields: a list of points under ``coords``, in order; or a geometry of GeoJSON under ``geometry``.

    Raises:
        OutlineError: it has none that can be read.
    """
    geometry = fields.get("geometry")
    if isinstance(geometry, dict):
        return _read_geometry(cast(Mapping[str, Any], geometry))
    points = [_point(number_, *_of_fields(place)) for number_, place in enumerate(_coords(fields), start=1)]
    is_line = "LINE" in (fields.get("geom"), fields.get("geometryType"))
    return _line(points) if is_line else _polygon([points])


def _coords(fields: Mapping[str, Any]) -> list[dict[str, object]]:
    places = objects(fields.get("coords"))
    if places is None:
        raise OutlineError("its outline is not a list of points")
    return places


def _of_fields(place: Mapping[str, object]) -> tuple[object, object]:
    return place.get("lon"), place.get("lat")


def _read_geometry(geometry: Mapping[str, Any]) -> tuple[BaseGeometry, str | None]:
    kind, coordinates = geometry.get("type"), geometry.get("coordinates")
    if kind == "Polygon":
        return _polygon([_ring(ring) for ring in _items(coordinates)])
    if kind == "LineString":
        return _line(_ring(coordinates))
    if kind == "MultiPolygon":
        read = [_polygon([_ring(ring) for ring in _items(part)]) for part in _items(coordinates)]
        if not read:
            raise OutlineError("its outline has no points")
        mended = next((mended for _, mended in read if mended), None)
        return shapely.union_all([part for part, _ in read]), mended
    raise OutlineError(f"its outline is a {kind if isinstance(kind, str) else 'geometry of no kind'}, not a polygon")


def _items(value: object) -> Sequence[object]:
    if not isinstance(value, list):
        raise OutlineError("its outline is not a list of points")
    return cast(list[object], value)


def _ring(value: object) -> list[Point]:
    points: list[Point] = []
    for number_, place in enumerate(_items(value), start=1):
        pair = _items(place)
        longitude, latitude = (*pair, None, None)[:2]
        points.append(_point(number_, longitude, latitude))
    return points


def _point(number_: int, longitude: object, latitude: object) -> Point:
    read = number(longitude, -180, 180), number(latitude, -90, 90)
    if read[0] is None or read[1] is None or is_illegible(read[0]) or is_illegible(read[1]):
        raise OutlineError(f"point {number_} of its outline cannot be read")
    return read[0], read[1]


def _line(points: Sequence[Point]) -> tuple[BaseGeometry, str | None]:
    if len(set(points)) < 2:
        raise OutlineError(f"its outline is a line of {_counted(len(set(points)))}")
    return shapely.LineString(_continuous(points)), None


def _polygon(rings: Sequence[Sequence[Point]]) -> tuple[BaseGeometry, str | None]:
    if not rings or len(set(rings[0])) < 3:
        raise OutlineError(f"its outline has {_counted(len(set(rings[0])) if rings else 0)}; an area has at least 3")
    shell, *holes = [_closed(ring) for ring in rings]
    near = [_beside(shell[0], hole) for hole in holes]
    polygon = shapely.Polygon(shell, near)
    mended = None
    if not polygon.is_valid:
        polygon = shapely.convex_hull(shapely.MultiPoint(shell))
        mended = "its outline crosses itself; everything within its outermost points counts"
    if polygon.area == 0:
        raise OutlineError("the points of its outline are on one line")
    return polygon, mended


def _closed(ring: Sequence[Point]) -> list[Point]:
    """A ring that ends where it begins, continuous."""
    whole = _continuous([*ring, ring[0]] if ring[0] != ring[-1] else ring)
    if abs(whole[-1][0] - whole[0][0]) > 180:
        raise OutlineError("its outline goes round a pole")
    return whole


def _continuous(points: Sequence[Point]) -> list[Point]:
    """Points whose longitudes do not jump where they pass 180°."""
    whole = [points[0]]
    for longitude, latitude in points[1:]:
        before = whole[-1]
        step = (longitude - before[0] + 180) % 360 - 180
        east = step * math.cos(math.radians((latitude + before[1]) / 2))
        if math.hypot(east, latitude - before[1]) * NM_PER_DEGREE > LONGEST_EDGE_NM:
            raise OutlineError(f"two points of its outline are more than {LONGEST_EDGE_NM:,.0f} NM apart")
        whole.append((before[0] + step, latitude))
    return whole


def _beside(anchor: Point, hole: Sequence[Point]) -> list[Point]:
    """A hole on the same turn of longitudes as its shell."""
    turns = round((anchor[0] - hole[0][0]) / 360) * 360
    return [(longitude + turns, latitude) for longitude, latitude in hole]


def _counted(points: int) -> str:
    return f"{points} point{'' if points == 1 else 's'}"
