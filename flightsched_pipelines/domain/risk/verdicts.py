"""Compute verdicts: the worst of each booking's hours at all of its places.

Each hour at each airport is compared with every threshold once (``limit_comparison``), however many bookings there
are; a booking then takes two lookups a place.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from flightsched_pipelines.domain.risk.areas import NOT_KNOWN, AreaHits
from flightsched_pipelines.domain.risk.arrays.booking_arrays import BookingArrays
from flightsched_pipelines.domain.risk.arrays.encoding import encoded
from flightsched_pipelines.domain.risk.arrays.forecast_grid import (
    DENSITY_ALTITUDE_UNKNOWN,
    PREVAILING,
    QUANTITIES,
    ForecastGrid,
)
from flightsched_pipelines.domain.risk.arrays.limit_comparison import (
    INSTRUMENT_RATED,
    UNFORECAST,
    Threshold,
    as_words,
    breached_masks,
    thresholds_in,
)
from flightsched_pipelines.domain.risk.arrays.range_minimum import RangeMinimum
from flightsched_pipelines.domain.risk.bookings import severity
from flightsched_pipelines.domain.risk.limits.effective_limits import BLOCK, DAYLIGHT, NO_ROW, WARN, Limits, Profiles

Severities = NDArray[np.uint8]
Codes = NDArray[np.int64] | int
Words = NDArray[np.uint64]
Floats = NDArray[np.float64]

OK, WATCH, UNKNOWN, AT_RISK = (severity(verdict) for verdict in ("ok", "watch", "unknown", "at_risk"))

GRAVE_IF_TEMPORARY = ("thunderstorm", "icing")
"""Rules that a temporary group breaches as gravely as a prevailing one."""


@dataclass(frozen=True, slots=True)
class AssessmentInput:
    """Everything that bookings are assessed by."""

    bookings: pd.DataFrame
    minimums: pd.DataFrame
    sky: ForecastGrid
    trips: BookingArrays
    limits: Limits
    areas: pd.DataFrame
    hits: AreaHits


def severities(case: AssessmentInput) -> Severities:
    """Return the severity of each booking's verdict."""
    trips, limits = case.trips, case.limits
    at_risk, watch = (_in_the_dark(case, effect) | _in_an_area(case, effect) for effect in (BLOCK, WARN))
    unknown = limits.unclear[trips.profile] | ~trips.sun_known | areas_not_known(case)
    windows = RangeMinimum(trips, case.sky.shape)
    aircraft, crosswinds_kt = encoded(case.bookings["aircraft_crosswind_kt"])
    for word in as_words(thresholds_in(case.sky, limits, trips.profiles, crosswinds_kt)):
        own = _own_marks(word, crosswinds_kt)[aircraft]
        for layer, cells in enumerate(breached_masks(word, case.sky)):
            below = trips.over_places(windows.worst(cells, np.bitwise_or), np.bitwise_or) & own
            grave, light, unsure = _masks(word, layer, trips.profiles)
            at_risk |= (below & grave[trips.profile]) != 0
            watch |= (below & light[trips.profile]) != 0
            if unsure.any():
                unknown |= (below & unsure[trips.profile]) != 0
            unknown |= below >= UNFORECAST
    worst = [holds * np.uint8(level) for level, holds in ((WATCH, watch), (UNKNOWN, unknown), (AT_RISK, at_risk))]
    return np.maximum.reduce(worst)


def margins(case: AssessmentInput) -> Floats:
    """Return the smallest margin to a blocking limit in a prevailing group, as a share of the limit; inf if none.

    A student's own limits do not count: margins are stored and told, and these limits are personal.
    """
    sky, trips = case.sky, case.trips
    windows = RangeMinimum(trips, sky.shape)
    approach = approach_minima(case, trips.at_places(trips.profile), trips.place_airport)
    margin = np.full(len(trips.departure), np.inf)
    for quantity, of_profiles in enumerate(case.limits.of_school.T[: len(QUANTITIES)]):
        if quantity >= len(approach) and (of_profiles == -np.inf).all():
            continue
        cells = np.full(sky.complete.size, np.inf)
        np.minimum.at(cells, sky.cell[sky.prevails], sky.values[quantity, sky.prevails])
        worst, limit = windows.worst(cells, np.minimum), of_profiles[trips.profile]
        if quantity < len(approach):
            limit_there = np.maximum(trips.at_places(limit), approach[quantity])
            of_quantity = trips.over_places(relative_margin(worst, limit_there), np.minimum)
        else:
            of_quantity = relative_margin(trips.over_places(worst, np.minimum), limit)
        np.minimum(margin, of_quantity, out=margin)
    return margin


def breach_severities(
    rules: NDArray[np.object_] | str, effects: Codes, layers: Codes, solo: NDArray[np.bool_] | bool
) -> NDArray[np.int64]:
    """Return the severity of each breach, by its effect, the layer of the group, and whether solo."""
    lasting = (layers == PREVAILING) | solo | np.isin(rules, GRAVE_IF_TEMPORARY)
    return np.where((effects == BLOCK) & lasting, AT_RISK, WATCH)


def approach_minima(case: AssessmentInput, profiles: NDArray[np.int64], airports: NDArray[np.int64]) -> Floats:
    """Return approach visibility and ceiling at each airport, which count for the instrument-rated; -inf for others."""
    counts = case.trips.profiles.level[profiles] == INSTRUMENT_RATED
    return np.where(counts, case.sky.approach[:, airports], -np.inf)


def relative_margin(values: Floats, limits: Floats) -> Floats:
    """Return the margin of oriented values to their limits, as a share of the limit; in units where the limit is 0.

    Infinite where there is no value or no limit.
    """
    scale = np.abs(limits)
    return (values - limits) / np.where((scale == 0) | (scale == np.inf), 1.0, scale)


def _in_the_dark(case: AssessmentInput, effect: int) -> NDArray[np.bool_]:
    """True for bookings that breach a limit on daylight."""
    trips, threshold = case.trips, case.limits.thresholds[effect, :, DAYLIGHT]
    return trips.sun_known & (trips.minutes_of_light < threshold[trips.profile])


def ruled_hits(case: AssessmentInput, effect: int) -> NDArray[np.int64]:
    """Return the numbers of the hits whose hazard a minimum with an effect is about, for the booking's pilot."""
    hits, profile = case.hits, case.trips.profile[case.hits.position]
    row = case.limits.rows[effect, profile, hits.measure]
    return np.flatnonzero((hits.measure != NOT_KNOWN) & (row != NO_ROW))


def areas_not_known(case: AssessmentInput) -> NDArray[np.bool_]:
    """Return for each booking whether a hazard area that may concern it could not be read."""
    concerned = np.zeros(len(case.trips.departure), dtype=bool)
    concerned[case.hits.position[case.hits.measure == NOT_KNOWN]] = True
    return concerned


def _in_an_area(case: AssessmentInput, effect: int) -> NDArray[np.bool_]:
    """True for bookings that meet an area which a minimum with an effect is about."""
    concerned = np.zeros(len(case.trips.departure), dtype=bool)
    concerned[case.hits.position[ruled_hits(case, effect)]] = True
    return concerned


def _own_marks(word: dict[np.uint64, Threshold], crosswinds_kt: Sequence[float]) -> Words:
    """The thresholds of aircraft by demonstrated crosswind, the last for unknown ones."""
    bit_of = {mark.aircraft_crosswind_kt: int(bit) for bit, mark in word.items()}
    everybody = sum((int(bit) for bit, mark in word.items() if mark.aircraft_crosswind_kt is None), int(UNFORECAST))
    aircraft = [*(bit_of.get(kt, 0) for kt in crosswinds_kt), 0]
    return np.array(aircraft, dtype=np.uint64) | np.uint64(everybody)


def _masks(word: dict[np.uint64, Threshold], layer: int, profiles: Profiles) -> tuple[Words, Words, Words]:
    """Return per-profile masks of thresholds that cause at_risk, watch and unknown."""
    grave, light, unsure = np.zeros((3, len(profiles.solo)), dtype=np.uint64)
    for bit, mark in word.items():
        for effect, held in enumerate(mark.held):
            if mark.quantity == DENSITY_ALTITUDE_UNKNOWN and effect == BLOCK:
                unsure[held] |= bit  # it may be beyond a limit that blocks; beyond one that warns it is watched
                continue
            is_grave = breach_severities(mark.rule, effect, layer, profiles.solo) == AT_RISK
            grave[held & is_grave] |= bit
            light[held & ~is_grave] |= bit
    return grave, light, unsure
