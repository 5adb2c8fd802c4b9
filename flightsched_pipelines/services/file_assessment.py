"""Stored weather reports read and assessed without a database: files in, verdicts out."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import airportsdata
import pandas as pd

from flightsched_pipelines.database.seed.reference import reference_runways
from flightsched_pipelines.domain.risk.assess import Assessment, assess
from flightsched_pipelines.domain.risk.bookings import BookingsError, read_bookings_csv
from flightsched_pipelines.domain.risk.limits.minimums import default_minimums, in_force
from flightsched_pipelines.domain.risk.limits.trial import instead
from flightsched_pipelines.domain.weather.daylight import sun_table
from flightsched_pipelines.domain.weather.provider_responses import (
    ParsedReports,
    ProviderResponseError,
    one_call_position,
    read_response,
    station_positions,
)
from flightsched_pipelines.domain.weather.reports.raw_tafs import raw_tafs
from flightsched_pipelines.domain.weather.source_selection import blend_of_files
from flightsched_pipelines.errors import PlainError
from flightsched_pipelines.services.minimums_trial import minimums_of_file
from flightsched_pipelines.settings import Settings

NEAREST_AIRPORT_DEGREES = 0.5


class FileError(PlainError, ValueError):
    """A file of reports or bookings that nothing can be made of; the message says which, and why."""


def assess_files(
    weather_files: Sequence[Path], bookings: Path, settings: Settings, now_utc: datetime, minimums: Path | None = None
) -> tuple[pd.DataFrame, Assessment, list[str]]:
    """Compare the bookings of a CSV file with stored reports, by the default minimums or those of a file instead.

    Returns:
        The lessons that could be read, their assessment, and what could not be read, a sentence each.

    Raises:
        FileError: a file cannot be read, or there is nothing to assess.
    """
    known = airportsdata.load("ICAO")
    zones = {ident: fields["tz"] for ident, fields in known.items()}
    near_utc = _first_start(bookings, zones, now_utc)
    readings = [read_reports(file, None, near_utc) for file in weather_files]
    together = ParsedReports(
        groups=[group for reading in readings for group in reading.groups],
        unread=[group for reading in readings for group in reading.unread],
    )
    groups = together.groups
    zones |= {group.station: "UTC" for group in groups if group.station not in zones}
    lessons, problems = read_bookings_csv(_text(bookings), zones)
    problems = [problem for reading in readings for problem in reading.problems] + [
        f"{bookings} {problem}" for problem in problems
    ]
    positions = {ident: (fields["lat"], fields["lon"]) for ident, fields in known.items()}
    for file in weather_files:
        positions = station_positions(_text(file)) | positions
    elevations = {ident: float(fields["elevation"]) for ident, fields in known.items()}
    airports = _airports([group.station for group in groups], lessons, positions, elevations)
    forecasts = blend_of_files(airports, together, taf_max_distance_nm=settings.taf_max_distance_nm)
    own = None if minimums is None else minimums_of_file(minimums)
    return lessons, _assess(lessons, forecasts, airports, settings.booking_buffer_minutes, own), problems


def _first_start(bookings: Path, zones: Mapping[str, str], otherwise: datetime) -> datetime:
    """Return when the first booking starts; if the file cannot be read, which is said later, another time."""
    try:
        lessons, _ = read_bookings_csv(_text(bookings), zones)
    except (FileError, BookingsError):
        return otherwise
    return otherwise if lessons.empty else lessons["starts_at_utc"].min().to_pydatetime()


def read_reports(file: Path, airport: str | None, near_utc: datetime) -> ParsedReports:
    """Read a stored provider response, or the raw text of TAFs, whose days are those nearest to a time.

    A response of One Call is for ``airport``, or the nearest one to its position.

    Raises:
        FileError: the file cannot be read, is not a provider response, or has no airport nearby.
    """
    body = _text(file)
    if tafs := raw_tafs(body, near_utc):
        body = json.dumps(tafs)
    position = one_call_position(body)
    if position is not None and airport is None:
        airport = _nearest_airport(*position)
    try:
        return read_response(body, airport.upper() if airport else None)
    except ProviderResponseError as error:
        raise FileError(f"{file}: {error}") from error


def _assess(
    lessons: pd.DataFrame,
    forecasts: pd.DataFrame,
    airports: pd.DataFrame,
    buffer_minutes: int,
    own_minimums: pd.DataFrame | None,
) -> Assessment:
    """Assess lessons; the earliest hour of the reports is the first that can count."""
    times = pd.concat([forecasts["hour_utc"], lessons["starts_at_utc"]])
    if times.empty:
        raise FileError("there is nothing to assess: neither a report nor a booking could be read")
    first_hour = (forecasts["hour_utc"] if len(forecasts) else times).min().floor("h")
    days = (times.max() - times.min()).days + 6
    today = (lessons["starts_at_utc"].min() if len(lessons) else first_hour).date()
    minimums = in_force(default_minimums(), today)
    return assess(
        lessons,
        forecasts,
        minimums if own_minimums is None else instead(minimums, own_minimums),
        airports,
        reference_runways(),
        sun_table(airports, times.min().date() - timedelta(days=2), min(days, 60)),
        first_hour_utc=first_hour.to_pydatetime(),
        buffer_minutes=buffer_minutes,
    )


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise FileError(f"{file} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise FileError(f"{file} is not UTF-8 text (byte {error.start})") from error


def _nearest_airport(latitude_deg: float, longitude_deg: float) -> str:
    def distance(fields: Mapping[str, Any]) -> float:
        east = (fields["lon"] - longitude_deg + 180) % 360 - 180
        return math.hypot(fields["lat"] - latitude_deg, east * math.cos(math.radians(latitude_deg)))

    ident, fields = min(airportsdata.load("ICAO").items(), key=lambda item: distance(item[1]))
    if distance(fields) > NEAREST_AIRPORT_DEGREES:
        raise FileError(f"no airport lies near {latitude_deg:g}, {longitude_deg:g}; name one with --airport")
    return ident


def _airports(
    stations: Iterable[str],
    lessons: pd.DataFrame,
    positions: Mapping[str, tuple[float, float]],
    elevations: Mapping[str, float],
) -> pd.DataFrame:
    """Return every airport that reports or bookings name; one without a position has no nearby reports and no sun."""
    idents = {*stations, *lessons["departure"], *(ident for route in lessons["route"] for ident in route)}
    nowhere = math.nan, math.nan
    rows = [(one, *positions.get(one, nowhere), elevations.get(one, math.nan)) for one in sorted(idents)]
    frame = pd.DataFrame(rows, columns=["airport", "latitude_deg", "longitude_deg", "elevation_ft"])
    return frame.assign(approach_ceiling_ft=math.nan, approach_visibility_sm=math.nan)
