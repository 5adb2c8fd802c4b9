"""The airspace of lessons: the way from departure to destination, widened, as a geometry, and its band of altitudes."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import cast

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from flightsched_pipelines.domain.risk.arrays.encoding import encoded
from flightsched_pipelines.domain.risk.rules import ALTITUDES_FT

AROUND_NM: Mapping[str, float] = MappingProxyType({"pattern": 5.0, "local": 25.0, "cross_country": 10.0})
"""Distance from the airports and legs of a lesson, by its kind, within which an area concerns it: a local lesson goes
to a practice area, a cross-country flight may leave its course."""

HIGHEST_LATITUDE_DEG = 85.0
"""Meridians meet at the poles, where no width in degrees is a distance."""

_QUARTER_SEGMENTS = 8
_OUTSIDE_THE_CIRCLE = 1 / math.cos(math.pi / (4 * _QUARTER_SEGMENTS))
"""The polygon that stands for a circle must not be inside of it."""


@dataclass(frozen=True, slots=True)
class FlightPaths:
    """The distinct paths of some bookings, and the path of each booking, -1 where no airport of it is known.

    ``floor_ft`` and ``ceiling_ft`` of each booking are above mean sea level.
    """

    path: NDArray[np.int64]
    airspace: NDArray[np.object_]
    """Geometries, longitudes continuous: they may be beyond ±180."""
    floor_ft: NDArray[np.float64]
    ceiling_ft: NDArray[np.float64]


def flight_paths(bookings: pd.DataFrame, airports: pd.DataFrame) -> FlightPaths:
    """Return the paths of bookings between airports with known positions."""
    number, distinct = _ways(bookings)
    fields = _fields(airports)
    spaces: list[BaseGeometry | None] = []
    bands: list[tuple[float, float]] = []
    for idents, kind in distinct:
        places = [fields[ident] for ident in idents if ident in fields]
        spaces.append(airspace([place[:2] for place in places], AROUND_NM[kind]) if places else None)
        heights = [place[2] for place in places if not math.isnan(place[2])]
        bands.append((min(heights), max(heights)) if heights else (-math.inf, math.inf))
    known = np.array([space is not None for space in spaces], dtype=bool)
    renumbered = np.append(np.where(known, np.cumsum(known) - 1, -1), -1)
    low, high = np.array([*bands, (-math.inf, math.inf)]).T
    return FlightPaths(
        path=renumbered[number],
        airspace=np.array([space for space in spaces if space is not None], dtype=object),
        floor_ft=low[number],
        ceiling_ft=high[number] + _above_ground_ft(bookings),
    )


def _ways(bookings: pd.DataFrame) -> tuple[NDArray[np.int64], Sequence[tuple[tuple[str, ...], str]]]:
    """Return the number of each booking's way and kind, and these: the airports in their order, and the kind."""
    routes = bookings["route"].tolist()
    # A lesson at many times has one list of its own: lists are compared only if they are not the same.
    known: dict[int, int] = {}
    alike: dict[tuple[str, ...], int] = {}
    for route in routes:
        if id(route) not in known:
            known[id(route)] = alike.setdefault(tuple(route), len(alike))
    route = np.fromiter((known[id(route)] for route in routes), dtype=np.int64, count=len(routes))
    departure, departures = encoded(bookings["departure"])
    kind, kinds = encoded(bookings["lesson_kind"])
    names, sorts, on_route = ["", *map(str, departures)], ["", *map(str, kinds)], [*alike] or [()]
    sizes = len(names), len(sorts), len(on_route)
    combined = np.ravel_multi_index((departure + np.int64(1), kind + np.int64(1), route), sizes)  # -1 encodes null
    number, firsts = cast("tuple[NDArray[np.int64], NDArray[np.int64]]", pd.factorize(combined))
    start, sort, by = cast("list[list[int]]", [part.tolist() for part in np.unravel_index(firsts, sizes)])
    airports = [(names[first], *on_route[rest]) for first, rest in zip(start, by, strict=True)]
    return number, list(zip(airports, [sorts[one] for one in sort], strict=True))


def airspace(places: Sequence[tuple[float, float]], around_nm: float) -> BaseGeometry:
    """Return everything within a distance of the way through some places, longitude and latitude in degrees.

    A degree of longitude counts as at the place nearest to a pole, so that no distance is longer than it really is.
    """
    continuous = [places[0]]
    for longitude, latitude in places[1:]:
        before = continuous[-1][0]
        continuous.append((before + (longitude - before + 180) % 360 - 180, latitude))
    highest = min(max(abs(latitude) for _, latitude in continuous) + around_nm / 60, HIGHEST_LATITUDE_DEG)
    narrow = math.cos(math.radians(highest))
    flat = [(longitude * narrow, latitude) for longitude, latitude in continuous]
    way = shapely.LineString(flat) if len(set(flat)) > 1 else shapely.Point(flat[0])
    wide = shapely.buffer(way, around_nm / 60 * _OUTSIDE_THE_CIRCLE, quad_segs=_QUARTER_SEGMENTS)
    return shapely.transform(wide, lambda points: points / (narrow, 1.0))


def _fields(airports: pd.DataFrame) -> Mapping[str, tuple[float, float, float]]:
    """Longitude, latitude and elevation of each airport whose position is known."""
    elevation = airports["elevation_ft"] if "elevation_ft" in airports else pd.Series(math.nan, airports.index)
    rows = zip(airports["airport"], airports["longitude_deg"], airports["latitude_deg"], elevation, strict=True)
    return {
        str(ident): (float(longitude), float(latitude), math.nan if pd.isna(height) else float(height))
        for ident, longitude, latitude, height in rows
        if not (pd.isna(longitude) or pd.isna(latitude))
    }


def _above_ground_ft(bookings: pd.DataFrame) -> NDArray[np.float64]:
    """The altitude of each booking above the ground: its school's for the kind of lesson, or the usual one."""
    kinds = bookings["lesson_kind"].tolist()
    usual = np.array([ALTITUDES_FT[kind] for kind in kinds], dtype=np.float64)
    if "highest_ft" not in bookings:
        return usual
    own = bookings["highest_ft"].to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isnan(own), usual, own)
