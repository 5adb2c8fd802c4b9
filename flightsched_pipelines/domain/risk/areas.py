"""Find the bookings that hazard areas concern: in time, in altitude and on the ground."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from flightsched_pipelines.domain.risk.arrays.encoding import MICROS_PER_MINUTE, Micros, micros
from flightsched_pipelines.domain.risk.flight_paths import FlightPaths, flight_paths
from flightsched_pipelines.domain.risk.limits.effective_limits import MEASURES
from flightsched_pipelines.domain.risk.rules import AREA_RULES

Indices = NDArray[np.int64]

NOT_KNOWN = -1
"""In the place of a measure: what an area is for, or where it is, could not be read."""

_FIRST_MEASURE = MEASURES.index(AREA_RULES[0])
_TURNS_DEG = (-360.0, 0.0, 360.0)
"""Longitudes of areas and of ways are continuous: one of the two may be a turn further."""


@dataclass(frozen=True, slots=True)
class AreaHits:
    """The areas that concern bookings: one element for each booking and area."""

    position: Indices
    """Of the booking."""
    area: Indices
    """Row of the areas' frame."""
    measure: Indices
    """The measure that the area's hazard belongs to, or ``NOT_KNOWN``."""


def area_hits(
    bookings: pd.DataFrame,
    areas: pd.DataFrame,
    airports: pd.DataFrame,
    starts: Micros,
    ends: Micros,
    buffer_minutes: int,
) -> AreaHits:
    """Return the areas that concern bookings at some time of them, or within the buffer before and after.

    Args:
        bookings: ``BOOKING_COLUMNS``.
        areas: ``AREA_COLUMNS``.
        airports: ident, position and elevation of the airports.
        starts: of each booking.
        ends: of each booking.
        buffer_minutes: areas this long before and after a booking count too.
    """
    if areas.empty or bookings.empty:
        nothing = np.zeros(0, dtype=np.int64)
        return AreaHits(nothing, nothing, nothing)
    paths = flight_paths(bookings, airports)
    path, area = _met(paths, areas)
    position, pair = _of_bookings(paths.path, path)
    area = area[pair]
    buffer = buffer_minutes * MICROS_PER_MINUTE
    top_ft = areas["top_ft"].fillna(np.inf).to_numpy(dtype=np.float64)
    concerns = (
        (micros(areas["from_utc"])[area] < ends[position] + buffer)
        & (micros(areas["to_utc"])[area] > starts[position] - buffer)
        & (areas["base_ft"].to_numpy(dtype=np.float64)[area] <= paths.ceiling_ft[position])
        & (top_ft[area] >= paths.floor_ft[position])
    )
    position, area = position[concerns], area[concerns]
    return AreaHits(position, area, _measures(areas)[area])


def _met(paths: FlightPaths, areas: pd.DataFrame) -> tuple[Indices, Indices]:
    """Every path and area that meet; an area of unknown outline meets every path, also one whose place is unknown."""
    outlines = areas["outline"]
    placed = np.flatnonzero(outlines.notna())
    anywhere = np.setdiff1d(np.arange(len(areas)), placed)
    tree = shapely.STRtree([shapely.from_geojson(str(outline)) for outline in outlines.dropna()])
    parts = [
        tree.query(shapely.transform(paths.airspace, np.array([turn, 0.0]).__add__), "intersects")
        for turn in _TURNS_DEG
    ]
    met = np.unique(np.concatenate(parts, axis=1), axis=1)
    everyone = np.arange(-1, len(paths.airspace))
    return (
        np.concatenate([met[0], np.repeat(everyone, len(anywhere))]),
        np.concatenate([placed[met[1]], np.tile(anywhere, len(everyone))]),
    )


def _of_bookings(path_of_booking: Indices, path: Indices) -> tuple[Indices, Indices]:
    """Return the booking and the number of the pair, for each pair of a path and each booking on the path."""
    order = np.argsort(path_of_booking, kind="stable")
    sorted_paths = path_of_booking[order]
    first, last = np.searchsorted(sorted_paths, path, "left"), np.searchsorted(sorted_paths, path, "right")
    counts = last - first
    pair = np.repeat(np.arange(len(path)), counts)
    within = np.arange(len(pair)) - np.repeat(counts.cumsum() - counts, counts)
    return order[first[pair] + within], pair


def _measures(areas: pd.DataFrame) -> Indices:
    rules = {rule: _FIRST_MEASURE + place for place, rule in enumerate(AREA_RULES)}
    named = areas["hazard"].astype(object).where(areas["hazard"].notna(), "")
    return np.array([rules.get(f"{hazard}_area", NOT_KNOWN) for hazard in named], dtype=np.int64)
