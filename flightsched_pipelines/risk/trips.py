"""Bookings as arrays: where and in which hours each flies, who flies it, and how it lies to the sun."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain, repeat
from typing import cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from flightsched_pipelines.risk.bookings import LESSON_KINDS, TRAINING_LEVELS, BookingsError
from flightsched_pipelines.risk.light import MICROS_PER_HOUR, MICROS_PER_MINUTE, Light, Micros, micros
from flightsched_pipelines.risk.limits import Profiles
from flightsched_pipelines.risk.sky import Sky

Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Trips:
    """Bookings against a sky; arrays of a booking each, but for ``route_*``, which hold a place on a route each."""

    starts: Micros
    ends: Micros
    departure: Indices
    destination: Indices
    route_owner: Indices
    route_airport: Indices
    first_hour: Indices
    """Hour of the sky in which the buffered booking begins; negative is the past."""
    first: Indices
    """First and last column of the sky that counts."""
    last: Indices
    aircraft_crosswind: NDArray[np.float64]
    sun_known: NDArray[np.bool_]
    minutes_of_light: NDArray[np.float64]
    """From landing to sunset at the destination; or from sunrise to the start (negative) if that is before sunrise."""
    before_sunrise: NDArray[np.bool_]
    profile: Indices
    profiles: Profiles


def read_trips(bookings: pd.DataFrame, sky: Sky, light: Light, buffer_minutes: int) -> Trips:
    """Bookings (``BOOKING_COLUMNS``) as arrays.

    The hours that count are those that the booking with its buffer before and after overlaps. Hours of the buffer
    before the sky's first hour are past and do not count; hours of the booking itself there have no forecast.

    Raises:
        BookingsError: a training level or lesson kind is not known.
    """
    starts, ends = micros(bookings["starts_at_utc"]), micros(bookings["ends_at_utc"])
    departure = sky.airport_indices(bookings["departure"])
    route_owner, route_airport, destination = _routes(bookings["route"], departure, sky)
    first_hour_micros = round(sky.first_hour_utc.timestamp()) * 1_000_000
    buffer = buffer_minutes * MICROS_PER_MINUTE
    first_hour = (starts - buffer - first_hour_micros) // MICROS_PER_HOUR
    last_hour = -((first_hour_micros - ends - buffer) // MICROS_PER_HOUR) - 1
    # A booking that does not end after its start has hours that nobody knows: it is held against the past.
    past = (starts < first_hour_micros) | (ends <= starts)
    first = np.clip(np.where(past, 0, first_hour + 1), ~past, sky.columns - 1)
    last = np.maximum(np.clip(last_hour + 1, 0, sky.columns - 1), first)

    dawn_day = light.day_index(departure, starts)
    sunset_day = light.day_index(destination, starts)
    night = (starts < light.dawn.flat[dawn_day]) | (ends > light.dusk.flat[dawn_day])
    sunrise, sunset = light.sunrise.flat[dawn_day], light.sunset.flat[sunset_day]
    before_sunrise = starts < sunrise
    minutes = np.where(before_sunrise, _minutes(sunrise, starts), _minutes(ends, sunset))
    profile, profiles = _profiles(bookings, night)
    return Trips(
        starts=starts,
        ends=ends,
        departure=departure,
        destination=destination,
        route_owner=route_owner,
        route_airport=route_airport,
        first_hour=first_hour,
        first=first,
        last=last,
        aircraft_crosswind=bookings["aircraft_crosswind_kt"].to_numpy(dtype=np.float64, na_value=np.nan),
        sun_known=light.known.flat[dawn_day] & light.known.flat[sunset_day],
        minutes_of_light=minutes,
        before_sunrise=before_sunrise,
        profile=profile,
        profiles=profiles,
    )


def _minutes(earlier: Micros, later: Micros) -> NDArray[np.float64]:
    return (later.astype(np.float64) - earlier) / MICROS_PER_MINUTE


def _routes(routes: pd.Series, departure: Indices, sky: Sky) -> tuple[Indices, Indices, Indices]:
    """For each place on a route its booking and its airport; and the destination of each booking."""
    lists = cast("list[list[str]]", routes.tolist())
    lengths = np.fromiter(map(len, lists), dtype=np.int64, count=len(lists))
    row_of = {ident: row for row, ident in enumerate(sky.airports)}
    idents: Iterable[str] = chain.from_iterable(lists)
    total = int(lengths.sum())
    airport = np.fromiter(map(row_of.get, idents, repeat(len(sky.airports))), dtype=np.int64, count=total)
    destination = departure.copy()
    destination[lengths > 0] = airport[lengths.cumsum()[lengths > 0] - 1]
    return np.repeat(np.arange(len(lists)), lengths), airport, destination


def _profiles(bookings: pd.DataFrame, night: NDArray[np.bool_]) -> tuple[Indices, Profiles]:
    """The profile of each booking, and the profiles that occur."""
    school_code, schools = pd.factorize(bookings["school_id"].astype("float64"), use_na_sentinel=False)
    level = _indices(bookings["training_level"], TRAINING_LEVELS)
    kind = _indices(bookings["lesson_kind"], LESSON_KINDS)
    solo = bookings["solo"].to_numpy(dtype=bool)
    parts: list[Indices] = [array.astype(np.int64) for array in (school_code, level, kind, solo, night)]
    sizes = (max(len(schools), 1), len(TRAINING_LEVELS), len(LESSON_KINDS), 2, 2)
    code = np.ravel_multi_index(tuple(parts), sizes)
    profile, present = pd.factorize(code)
    school, level_of, kind_of, is_solo, is_night = np.unravel_index(present, sizes)
    return profile, Profiles(
        school=np.asarray(schools, dtype=np.float64)[school],
        level=level_of,
        solo=is_solo.astype(bool),
        kind=kind_of,
        night=is_night.astype(bool),
    )


def _indices(column: pd.Series, words: tuple[str, ...]) -> Indices:
    codes, uniques = pd.factorize(column, use_na_sentinel=False)
    for unique in uniques:
        if unique not in words:
            raise BookingsError(f"A booking has the {column.name} '{unique}'; use one of {', '.join(words)}")
    return np.array([words.index(unique) for unique in uniques], dtype=np.int64)[codes]
