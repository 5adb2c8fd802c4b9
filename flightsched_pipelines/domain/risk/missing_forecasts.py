"""List the hours of bookings one by one, and what the forecast lacks in them."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from flightsched_pipelines.domain.risk.arrays.encoding import MICROS_PER_HOUR, micros_of
from flightsched_pipelines.domain.risk.arrays.forecast_grid import (
    DENSITY_ALTITUDE_UNKNOWN,
    LAYERS,
    PREVAILING,
    element_names,
)
from flightsched_pipelines.domain.risk.limits.effective_limits import BLOCK
from flightsched_pipelines.domain.risk.rules import DENSITY_ALTITUDE, EFFECTS, HAZARD_AREAS
from flightsched_pipelines.domain.risk.verdicts import UNKNOWN, AssessmentInput, areas_not_known

Indices = NDArray[np.int64]

NO_FORECAST, NO_SUN, NO_MINIMUMS, FAULTY_ROW, NO_AREAS, NO_DENSITY_ALTITUDE = (1 << n for n in range(32, 38))
"""Bits beside those of the elements that a row can lack."""

NO_FORECAST_WORDS = "no forecast"
"""The words for an hour without any row: no source reaches it yet, or none serves the airport at all."""

MAX_FAULTS = 3
"""Maximum number of faulty rows named with one booking; a check names them all."""


@dataclass(frozen=True, slots=True)
class BookingHours:
    """The hours of bookings: one element for each booking, place and hour."""

    position: Indices
    airport: Indices
    column: Indices


def booking_hours(case: AssessmentInput, positions: Indices) -> BookingHours:
    """Return every hour of the bookings' windows at every place, each place once."""
    trips = case.trips
    wanted = np.zeros(len(trips.departure), dtype=bool)
    wanted[positions] = True
    owner = trips.at_places(np.arange(len(wanted)))
    places = np.unique(np.stack([owner, trips.place_airport])[:, wanted[owner]], axis=1)
    lengths: Indices = (trips.last - trips.first + 1)[places[0]]
    position: Indices = np.repeat(places[0], lengths)
    return BookingHours(position, np.repeat(places[1], lengths), trips.first[position] + count_up(lengths))


def count_up(lengths: Indices) -> Indices:
    """Return 0, 1, ... for each length, one after the other."""
    starts = np.repeat(lengths.cumsum() - lengths, lengths)
    return np.arange(len(starts), dtype=np.int64) - starts


def missing_forecast(case: AssessmentInput, hours: BookingHours, unknown: Indices) -> pd.DataFrame:
    """Return what is missing, and from which hour on, for each booking of unknown verdict and airport."""
    sky, trips = case.sky, case.trips
    is_unknown = np.zeros(len(trips.departure), dtype=bool)
    is_unknown[unknown] = True
    gaps = np.flatnonzero(is_unknown[hours.position] & ~sky.complete[hours.airport, hours.column])
    cell = hours.airport[gaps] * sky.columns + hours.column[gaps]
    position, airport, lack = hours.position[gaps], hours.airport[gaps], _lack_by_cell(case)[cell]
    hour = _hour_number(case, position, hours.column[gaps])
    at_known = np.maximum(trips.departure, trips.destination)[unknown] < len(sky.airports)
    unsure = _without_density_altitude(case, hours, is_unknown)
    position, airport = np.append(position, hours.position[unsure]), np.append(airport, hours.airport[unsure])
    lack = np.append(lack, np.full(len(unsure), NO_DENSITY_ALTITUDE))
    hour = np.append(hour, _hour_number(case, hours.position[unsure], hours.column[unsure]))
    for cause, bit in (
        (at_known & ~trips.sun_known[unknown], NO_SUN),
        (~case.limits.ruled[trips.profile[unknown]], NO_MINIMUMS),
        (case.limits.faulty[trips.profile[unknown]], FAULTY_ROW),
        (areas_not_known(case)[unknown], NO_AREAS),
    ):
        position = np.append(position, unknown[cause])
        airport = np.append(airport, trips.departure[unknown[cause]])
        lack = np.append(lack, np.full(int(cause.sum()), bit))
        hour = np.append(hour, (trips.starts[unknown[cause]] - micros_of(case.sky.first_hour_utc)) // MICROS_PER_HOUR)
    places, group = np.unique(np.stack([position, airport]), axis=1, return_inverse=True)
    lacking = np.zeros(places.shape[1], dtype=np.int64)
    np.bitwise_or.at(lacking, group, lack)
    since = np.full(places.shape[1], np.iinfo(np.int64).max)
    np.minimum.at(since, group, hour)
    found = pd.DataFrame({"position": places[0], "airport": _idents(case, places[0], places[1])})
    first_hour = pd.Timestamp(case.sky.first_hour_utc).as_unit("us")
    words = {bits: _missing_words(bits) for bits in np.unique(lacking).tolist()}
    faults = _faults_of(case, places[0])
    named = [
        faults[position] if bits & FAULTY_ROW else None
        for position, bits in zip(places[0].tolist(), lacking.tolist(), strict=True)
    ]
    return found.assign(
        rule="forecast",
        effect=EFFECTS[BLOCK],
        severity=UNKNOWN,
        hazard=[words[bits] for bits in lacking.tolist()],
        reference=pd.array(named, dtype="str"),
        hour_utc=first_hour + pd.to_timedelta(since, unit="h"),
        layer=LAYERS[PREVAILING],
        unit="",
    ).explode("airport", ignore_index=True)


def _faults_of(case: AssessmentInput, positions: Indices) -> dict[int, str]:
    """The faulty rows that apply to each booking, at most ``MAX_FAULTS``."""
    faults, profile = case.limits.faults, case.trips.profile
    of_profile = {
        number: "; ".join([fault for fault, concerns in faults.items() if concerns[number]][:MAX_FAULTS])
        for number in np.unique(profile[positions]).tolist()
    }
    return {position: of_profile[profile[position]] for position in positions.tolist()}


def _lack_by_cell(case: AssessmentInput) -> Indices:
    """Bits of what the rows of each cell lack, and whether it has no prevailing row."""
    sky = case.sky
    lack = np.full(sky.complete.size, NO_FORECAST, dtype=np.int64)
    lack[sky.cell[sky.prevails]] = 0
    np.bitwise_or.at(lack, sky.cell, sky.missing)
    return lack


def _without_density_altitude(case: AssessmentInput, hours: BookingHours, wanted: NDArray[np.bool_]) -> Indices:
    """The hours of some bookings in which the density altitude is not known, and may be above a limit that blocks."""
    sky = case.sky
    lowest = np.full(sky.complete.size, np.inf)
    np.minimum.at(lowest, sky.cell, sky.values[DENSITY_ALTITUDE_UNKNOWN])
    threshold = case.limits.thresholds[BLOCK, case.trips.profile[hours.position], DENSITY_ALTITUDE_UNKNOWN]
    return np.flatnonzero(wanted[hours.position] & (lowest[hours.airport * sky.columns + hours.column] < threshold))


def _missing_words(bits: int) -> str:
    causes = {
        FAULTY_ROW: "a row that cannot be read", NO_FORECAST: NO_FORECAST_WORDS, NO_SUN: "sunset",
        NO_MINIMUMS: "minimums", NO_AREAS: HAZARD_AREAS, NO_DENSITY_ALTITUDE: DENSITY_ALTITUDE,
    }  # fmt: skip
    return ", ".join([*(word for bit, word in causes.items() if bits & bit), *element_names(bits)])


def lacks_weather(words: str, *, is_served: bool) -> bool:
    """Return whether the words of a lesson of unknown verdict name weather that will not come by itself.

    Hours beyond the reach of an airport's sources are not missing; all are of an airport that no source of forecasts
    serves. Weather is not missing where minimums or sun times are.
    """
    named = words.split(", ")
    due = any(name in named for name in (*element_names(-1), HAZARD_AREAS, DENSITY_ALTITUDE))
    return due or (not is_served and NO_FORECAST_WORDS in named)


def ends_before(words: str, since_utc: datetime, last_forecast_utc: datetime | None) -> bool:
    """Return whether the airport's forecast merely ends before an hour: a later one will reach it.

    Args:
        words: what a lesson of unknown verdict lacks at the airport.
        since_utc: the first hour that lacks it.
        last_forecast_utc: the last hour that the airport's forecast reaches; ``None`` if it has none.
    """
    return words == _missing_words(NO_FORECAST) and last_forecast_utc is not None and last_forecast_utc < since_utc


def _hour_number(case: AssessmentInput, position: Indices, column: Indices) -> Indices:
    """Hours since the grid's first; where the column is the past or the beyond, that of the first hour affected."""
    beyond = np.maximum(case.trips.first_hour[position], case.sky.columns - 2)
    past = (case.trips.starts[position] - micros_of(case.sky.first_hour_utc)) // MICROS_PER_HOUR
    return np.where(column == 0, past, np.where(column == case.sky.columns - 1, beyond, column - 1))


def _idents(case: AssessmentInput, position: Indices, airport: Indices) -> list[list[str]]:
    """The ident of each place; the unknown airports of a booking share a place."""
    known = set(case.sky.airports)
    departures, routes = case.bookings["departure"].iloc[position], case.bookings["route"].iloc[position]
    return [
        [case.sky.airports[row]] if row < len(known) else _others([departure, *route], known)
        for row, departure, route in zip(airport.tolist(), departures, routes, strict=True)
    ]


def _others(idents: list[str], known: set[str]) -> list[str]:
    return list(dict.fromkeys(ident for ident in idents if ident not in known))
