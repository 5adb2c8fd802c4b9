"""Bookings as arrays: airports, hours, profile and daylight margin of each."""

import math
from dataclasses import dataclass
from itertools import chain
from typing import Any, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from flightsched_pipelines.domain.risk.arrays.daylight_arrays import DaylightArrays
from flightsched_pipelines.domain.risk.arrays.encoding import (
    MICROS_PER_HOUR,
    MICROS_PER_MINUTE,
    Micros,
    category_codes,
    micros,
    micros_of,
)
from flightsched_pipelines.domain.risk.arrays.forecast_grid import ForecastGrid
from flightsched_pipelines.domain.risk.bookings import BookingsError
from flightsched_pipelines.domain.risk.limits.effective_limits import ANOTHER_TYPE, UNKNOWN_TYPE, Profiles
from flightsched_pipelines.domain.risk.rules import LESSON_KINDS, TRAINING_LEVELS

Indices = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class BookingArrays:
    """Bookings aligned with a forecast grid; one element for each booking, or for each place.

    The places are each booking's departure, in the order of the bookings, and then those on their routes.
    """

    starts: Micros
    ends: Micros
    departure: Indices
    destination: Indices
    route_owner: Indices
    """The booking of each place on a route."""
    place_airport: Indices
    """The airport of every place."""
    first_hour: Indices
    """Hour of the grid in which the buffered booking begins; negative is the past."""
    first: Indices
    """First and last column of the grid that counts."""
    last: Indices
    aircraft_crosswind: NDArray[np.float64]
    sun_known: NDArray[np.bool_]
    minutes_of_light: NDArray[np.float64]
    """From landing to sunset at the destination; or from sunrise to the start (negative) if that is before sunrise."""
    before_sunrise: NDArray[np.bool_]
    profile: Indices
    profiles: Profiles

    def at_places(self, of_bookings: NDArray[Any]) -> NDArray[Any]:
        """Repeat a value of each booking at each of its places."""
        return np.concatenate([of_bookings, of_bookings[self.route_owner]])

    def over_places(self, of_places: NDArray[Any], worse: np.ufunc) -> NDArray[Any]:
        """Reduce values of places to the worst one of each booking."""
        worst, on_routes = np.split(of_places, [len(self.departure)])
        worse.at(worst, self.route_owner, on_routes)
        return worst


def booking_arrays(
    bookings: pd.DataFrame, minimums: pd.DataFrame, sky: ForecastGrid, light: DaylightArrays, buffer_minutes: int
) -> BookingArrays:
    """Return bookings (``BOOKING_COLUMNS``) as arrays.

    The hours that count are those that the booking, with its buffer before and after, overlaps. Hours of the buffer
    before the grid's first hour are past and do not count; hours of the booking itself there have no forecast.

    Raises:
        BookingsError: a training level or lesson kind is not known.
    """
    starts, ends = micros(bookings["starts_at_utc"]), micros(bookings["ends_at_utc"])
    departure = sky.airport_indices(bookings["departure"])
    route_owner, on_route, destination = _routes(bookings["route"], departure, sky)
    first_hour_micros = micros_of(sky.first_hour_utc)
    buffer = buffer_minutes * MICROS_PER_MINUTE
    first_hour = (starts - buffer - first_hour_micros) // MICROS_PER_HOUR
    last_hour = -((first_hour_micros - ends - buffer) // MICROS_PER_HOUR) - 1
    # A booking that does not end after its start has unknown hours: it is assessed against the past.
    past = (starts < first_hour_micros) | (ends <= starts)
    first = np.clip(np.where(past, 0, first_hour + 1), ~past, sky.columns - 1)
    last = np.maximum(np.clip(last_hour + 1, 0, sky.columns - 1), first)

    dawn_day = light.day_index(departure, starts)
    sunset_day = light.day_index(destination, starts)
    night = (starts < light.dawn.take(dawn_day)) | (ends > light.dusk.take(dawn_day))
    sunrise, sunset = light.sunrise.take(dawn_day), light.sunset.take(sunset_day)
    before_sunrise = starts < sunrise
    to_sunset = np.subtract(sunset, ends, dtype=np.float64)  # where the sun never sets, integers would overflow
    after_sunrise = np.subtract(starts, sunrise, dtype=np.float64)
    profile, profiles = _profiles(bookings, minimums, night)
    return BookingArrays(
        starts=starts,
        ends=ends,
        departure=departure,
        destination=destination,
        route_owner=route_owner,
        place_airport=np.concatenate([departure, on_route]),
        first_hour=first_hour,
        first=first,
        last=last,
        aircraft_crosswind=bookings["aircraft_crosswind_kt"].to_numpy(dtype=np.float64, na_value=np.nan),
        sun_known=light.known.take(dawn_day) & light.known.take(sunset_day),
        minutes_of_light=np.where(before_sunrise, after_sunrise, to_sunset) / MICROS_PER_MINUTE,
        before_sunrise=before_sunrise,
        profile=profile,
        profiles=profiles,
    )


def _routes(routes: pd.Series, departure: Indices, sky: ForecastGrid) -> tuple[Indices, Indices, Indices]:
    """The booking and the airport of each place on a route; and the destination of each booking."""
    lists = cast("list[list[str]]", routes.tolist())
    lengths = np.fromiter(map(len, lists), dtype=np.int64, count=len(lists))
    idents = np.fromiter(chain.from_iterable(lists), dtype=object, count=int(lengths.sum()))
    airport = sky.airport_indices(pd.Series(idents, dtype=object))
    goes = np.flatnonzero(lengths > 0)
    destination = departure.copy()
    destination[goes] = airport[lengths[goes].cumsum() - 1]
    return np.repeat(goes, lengths[goes]), airport, destination


def _profiles(bookings: pd.DataFrame, minimums: pd.DataFrame, night: NDArray[np.bool_]) -> tuple[Indices, Profiles]:
    """The profile of each booking, and those that occur. Those without minimums of their own share one."""
    owner, school_of, student_of = _owners(bookings, minimums)
    types = [*minimums["aircraft_type"].dropna().unique().tolist(), ANOTHER_TYPE, UNKNOWN_TYPE]
    parts = (
        owner,
        _types(bookings["aircraft_type"], types),
        _numbers(bookings["training_level"], TRAINING_LEVELS),
        _numbers(bookings["lesson_kind"], LESSON_KINDS),
        bookings["solo"].to_numpy(dtype=bool),
        night,
    )
    sizes = (len(school_of), len(types), len(TRAINING_LEVELS), len(LESSON_KINDS), 2, 2)
    combination = np.ravel_multi_index(parts, sizes)
    occurs = np.bincount(combination, minlength=math.prod(sizes)) > 0
    of_owner, type_, level, kind, is_solo, is_night = np.unravel_index(np.flatnonzero(occurs), sizes)
    return (np.cumsum(occurs) - 1)[combination], Profiles(
        school=school_of[of_owner],
        student=student_of[of_owner],
        aircraft_type=np.array(types, dtype=object)[type_],
        level=level,
        solo=is_solo.astype(bool),
        kind=kind,
        night=is_night.astype(bool),
    )


def _owners(bookings: pd.DataFrame, minimums: pd.DataFrame) -> tuple[Indices, Floats, Floats]:
    """Return the owner of each booking's minimums, and the school and the student of each owner, NaN for any.

    Only a student with limits of their own and a booking is an owner beside the school.
    """
    schools = np.array([np.nan, *minimums["school_id"].dropna().unique().tolist()])
    students = np.array(minimums["student_id"].dropna().unique().tolist(), dtype=np.float64)
    owner = np.maximum(pd.Index(schools).get_indexer(_ids(bookings["school_id"])), 0)
    student = pd.Index(students).get_indexer(_ids(bookings["student_id"]))
    limited = np.flatnonzero(student >= 0)
    pairs, pair = np.unique(student[limited] * len(schools) + owner[limited], return_inverse=True)
    owner[limited] = len(schools) + pair
    return (
        owner,
        np.concatenate([schools, schools[pairs % len(schools)]]),
        np.concatenate([np.full(len(schools), np.nan), students[pairs // len(schools)]]),
    )


def _ids(column: pd.Series) -> pd.Index:
    return pd.Index(column.to_numpy(dtype=np.float64, na_value=np.nan))


def _types(column: pd.Series, types: list[str]) -> Indices:
    """The position of each booking's aircraft type among ``types``, whose last two are any other, and unknown ones."""
    another, unknown = len(types) - 2, len(types) - 1
    if not another:  # no minimum is for a type
        return np.zeros(1, dtype=np.int64)
    return np.where(column.isna(), unknown, category_codes(types[:another], column, another))


def _numbers(column: pd.Series, words: tuple[str, ...]) -> Indices:
    numbers = category_codes(words, column, -1)
    strange = np.flatnonzero(numbers < 0)
    if len(strange):
        raise BookingsError(
            f"A booking has the {column.name} '{column.iloc[strange[0]]}'; use one of {', '.join(words)}"
        )
    return numbers
