"""Blend the sources: decide which report governs each hour at each airport.

The airport's own TAF governs. An airport that issues none takes the nearest station's, within a set distance. Where
neither exists, and beyond a TAF's end, the guidance of the National Blend of Models governs, at its nearest station;
where that does not reach, OpenWeatherMap. In the running hour the METAR governs beside them.
Sources that disagree stay side by side. A report that was due and did not come, or cannot be read, leaves an unreadable
row that governs: another source may then make the verdict worse, never better.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache

import numpy as np
import pandas as pd

from flightsched_pipelines.domain.weather.conditions import ForecastGroup, UnreadWord, flight_category
from flightsched_pipelines.domain.weather.distances import distances_nm
from flightsched_pipelines.domain.weather.forecast_columns import FORECAST_COLUMNS
from flightsched_pipelines.domain.weather.governing import governing_metars, governing_model, governing_taf, newest
from flightsched_pipelines.domain.weather.guidance.bulletin import GUIDANCE_SOURCES, GuidanceSource
from flightsched_pipelines.domain.weather.guidance.governing_guidance import (
    DEFAULT_RULES,
    GuidanceRules,
    station_guidance,
)
from flightsched_pipelines.domain.weather.guidance.stations import PLACE_COLUMNS
from flightsched_pipelines.domain.weather.issue_times import BEGINNING, EVERY_STATION
from flightsched_pipelines.domain.weather.issuers import due
from flightsched_pipelines.domain.weather.outside_air import with_outside_air
from flightsched_pipelines.domain.weather.provider_responses import ParsedReports
from flightsched_pipelines.durations import HOUR, hour_of


@dataclass(frozen=True, slots=True)
class _Row:
    """A group placed at an airport, with whether it governs there."""

    airport: str
    group: ForecastGroup
    distance_nm: float
    governs: bool


def hourly_rows(groups: Iterable[ForecastGroup]) -> pd.DataFrame:
    """Return the groups at their own stations: one row for each hour that a group overlaps, all governing."""
    return _frame([_Row(group.station, group, 0.0, governs=True) for group in groups], now_utc=None)


def blend(
    airports: pd.DataFrame,
    reading: ParsedReports,
    hour_utc: datetime,
    *,
    horizon_hours: int,
    taf_max_distance_nm: float,
    taf_max_age_hours: float,
    observation_max_age_minutes: float,
    guidance: GuidanceRules = DEFAULT_RULES,
    stations: pd.DataFrame | None = None,
    verified_hours: Collection[datetime] = (),
) -> pd.DataFrame:
    """Return the forecast for each airport and each of the next ``horizon_hours`` hours that any source reaches.

    Args:
        airports: ident, position, and whether it issues TAFs and METARs, which decides the reports that are due.
        reading: all reports that came, of any station, and the stations that were requested.
        hour_utc: the running hour; earlier hours are left out.
        horizon_hours: number of hours to return.
        taf_max_distance_nm: maximum distance to a substitute TAF for an airport that issues none.
        taf_max_age_hours: an older TAF, at the start of the hour, has missed its replacement.
        observation_max_age_minutes: an older METAR, at the start of the hour, is ignored.
        guidance: distance, age and probability for the National Blend of Models.
        stations: ident and place (``PLACE_COLUMNS``) of stations that are no airport; one not among them serves none.
        verified_hours: hours of which guidance that does not count is kept too, to be verified; it does not govern.

    Returns:
        FORECAST_COLUMNS.
    """
    tafs, metars, models = (_by_station(reading, source) for source in ("TAF", "METAR", "OpenWeatherMap"))
    airports = airports.assign(
        issues_taf=due(airports["issues_taf"], airports["airport"], tafs, reading.answered.get("taf", ())),
        issues_metar=due(airports["issues_metar"], airports["airport"], metars, reading.answered.get("metar", ())),
    )
    speakers = serving_stations(airports, airports[airports["issues_taf"].astype(bool)], taf_max_distance_nm)
    places = airports[PLACE_COLUMNS] if stations is None else _places(airports, stations)
    guides, guidance_of = _guides(airports, places, reading, guidance), _guidance_by_station(reading)
    asked_of_models = set(reading.asked_of_models)
    rows: list[_Row] = []
    for ident, issues_metar in zip(airports["airport"], airports["issues_metar"], strict=True):
        airport = str(ident)
        covered_until = hour_utc
        if airport in speakers:
            station, distance_nm = speakers[airport]
            of_station = _of_station(tafs, station)
            taf = governing_taf(of_station, station, hour_utc, timedelta(hours=taf_max_age_hours))
            rows += [_Row(airport, group, distance_nm, governs=True) for group in taf.groups]
            covered_until = taf.sure_until_utc
        if issues_metar:
            oldest = timedelta(minutes=observation_max_age_minutes)
            observed = governing_metars(_of_station(metars, airport), airport, hour_utc, oldest)
            rows += [_Row(airport, group, 0.0, governs=True) for group in observed]
        of_model = governing_model(models.get(airport, ()), airport, hour_utc, is_due=airport in asked_of_models)
        guided: frozenset[datetime] = frozenset()
        if airport in guides:
            station, distance_nm = guides[airport]
            due_of: set[GuidanceSource] = {
                source for source in GUIDANCE_SOURCES if station in reading.asked_of_guidance.get(source, ())
            }
            guide = station_guidance(guidance_of.get(station, ()), station, due_of, hour_utc, guidance, verified_hours)
            rows += [_Row(airport, group, distance_nm, group.to_utc > covered_until) for group in guide.groups]
            rows += [_Row(airport, group, distance_nm, governs=False) for group in guide.beside]
            guided = guide.sure_hours
        # A TAF that ends within an hour leaves the rest of it to another source, which then governs all of that hour.
        rows += [
            _Row(airport, group, 0.0, governs=group.to_utc > covered_until and group.from_utc not in guided)
            for group in of_model
        ]
    frame = _frame(rows, now_utc=hour_utc)
    end = hour_utc + horizon_hours * HOUR
    frame = frame[(frame["hour_utc"] >= hour_utc) & (frame["hour_utc"] < end)].reset_index(drop=True)
    return with_outside_air(frame, airports, places)


def blend_of_files(airports: pd.DataFrame, reading: ParsedReports, *, taf_max_distance_nm: float) -> pd.DataFrame:
    """Return the forecast from stored reports alone: no hour is running, and no other report is due.

    Every METAR governs the hour in which it was taken; an airport without a TAF among the reports takes the nearest
    one.
    """
    tafs, metars, models = (_by_station(reading, source) for source in ("TAF", "METAR", "OpenWeatherMap"))
    issuing = airports.assign(issues_taf=airports["airport"].isin(list(tafs)))
    speakers = serving_stations(issuing, issuing[issuing["issues_taf"]], taf_max_distance_nm)
    guidance = GuidanceRules(max_distance_nm=taf_max_distance_nm)
    guides, guidance_of = _guides(airports, airports, reading, guidance), _guidance_by_station(reading)
    rows: list[_Row] = []
    for ident in airports["airport"]:
        airport = str(ident)
        spoken: list[ForecastGroup] = []
        if airport in speakers:
            station, distance_nm = speakers[airport]
            issues = newest(_of_station(tafs, station), None)
            spoken = _where_others_are([group for of_issue in issues.values() for group in of_issue])
            rows += [_Row(airport, group, distance_nm, governs=True) for group in spoken]
        observed = _where_others_are(_of_station(metars, airport) if airport in metars else [])
        rows += [_Row(airport, group, 0.0, governs=True) for group in observed]
        hours = {hour for group in spoken for hour in _hours(group)}
        if airport in guides:
            station, distance_nm = guides[airport]
            guide = station_guidance(guidance_of.get(station, ()), station, (), None, guidance)
            rows += [_Row(airport, group, distance_nm, group.from_utc not in hours) for group in guide.groups]
            hours |= guide.sure_hours
        rows += [_Row(airport, group, 0.0, group.from_utc not in hours) for group in models.get(airport, ())]
    return with_outside_air(_frame(rows, now_utc=None), airports, airports)


def _by_station(reading: ParsedReports, source: str) -> Mapping[str, list[ForecastGroup]]:
    stations: defaultdict[str, list[ForecastGroup]] = defaultdict(list)
    for group in [*reading.groups, *reading.unread]:
        if group.source == source:
            stations[group.station].append(group)
    return stations


def _guidance_by_station(reading: ParsedReports) -> Mapping[str, list[ForecastGroup]]:
    stations: defaultdict[str, list[ForecastGroup]] = defaultdict(list)
    for source in GUIDANCE_SOURCES:
        for station, groups in _by_station(reading, source).items():
            stations[station] += groups
    return stations


def _places(airports: pd.DataFrame, stations: pd.DataFrame) -> pd.DataFrame:
    """Return the places of airports and of the stations that are none."""
    others = stations[~stations["airport"].isin(airports["airport"])]
    return pd.concat([airports[PLACE_COLUMNS], others[PLACE_COLUMNS]], ignore_index=True)


def _guides(
    airports: pd.DataFrame, places: pd.DataFrame, reading: ParsedReports, rules: GuidanceRules
) -> dict[str, tuple[str, float]]:
    """Return the station whose guidance is used for each airport, and its distance in nautical miles."""
    named = {group.station for group in [*reading.groups, *reading.unread] if group.source in GUIDANCE_SOURCES}
    asked = set[str]().union(*reading.asked_of_guidance.values())
    return serving_stations(airports, places[places["airport"].isin(list(asked or named))], rules.max_distance_nm)


def _of_station(groups: Mapping[str, list[ForecastGroup]], station: str) -> list[ForecastGroup]:
    """The groups that belong, or may belong, to a station."""
    return [*groups.get(station, ()), *groups.get(EVERY_STATION, ())]


def _where_others_are(groups: Sequence[ForecastGroup]) -> list[ForecastGroup]:
    """Reports of a station; those of unknown time count wherever the others do."""
    placed = [group for group in groups if group.from_utc > BEGINNING]
    if not placed:
        return []
    since, until = min(group.from_utc for group in placed), max(group.to_utc for group in placed)
    return placed + [replace(group, from_utc=since, to_utc=until) for group in groups if group.from_utc == BEGINNING]


def serving_stations(
    airports: pd.DataFrame, issuing: pd.DataFrame, max_distance_nm: float
) -> dict[str, tuple[str, float]]:
    """Return the station whose reports are used for each airport, and its distance in nautical miles.

    The choice rests on which stations issue them, not on which came: a late report must not hand its airport to a
    neighbour with better weather.
    """
    if issuing.empty:
        return {}
    distances = distances_nm(airports, issuing)
    nearest = distances.argmin(axis=1)
    own = set(issuing["airport"])
    speakers: dict[str, tuple[str, float]] = {}
    for row, ident in enumerate(airports["airport"]):
        distance_nm = float(distances[row, nearest[row]])
        if ident in own:
            speakers[str(ident)] = (str(ident), 0.0)
        elif distance_nm <= max_distance_nm:
            speakers[str(ident)] = (str(issuing["airport"].iloc[int(nearest[row])]), round(distance_nm, 1))
    return speakers


def _hours(group: ForecastGroup) -> list[datetime]:
    """The full hours that a group overlaps."""
    hour = hour_of(group.from_utc)
    hours: list[datetime] = []
    while hour < group.to_utc:
        hours.append(hour)
        hour += HOUR
    return hours


def _frame(rows: Sequence[_Row], now_utc: datetime | None) -> pd.DataFrame:
    """One row for each group, airport and hour, with the columns and types of a forecast."""
    records = [(*record, hour) for row in rows for record in [_record(row)] for hour in _hours(row.group)]
    names = [
        "airport", "layer", "change", "probability", "group_from_utc", "group_to_utc", "wind_direction_deg",
        "wind_varies_from_deg", "wind_varies_to_deg", "wind_speed_kt", "wind_gust_kt", "visibility_sm",
        "visibility_at_least", "ceiling_ft", "ceiling_estimated", "temperature_c", "dewpoint_c",
        "outside_air_temperature_c", "outside_air_dewpoint_c", "altimeter_hpa", "weather", "hazards", "missing",
        "unread", "flight_category", "source", "station", "station_distance_nm", "issued_at_utc", "governs", "hour_utc",
    ]  # fmt: skip
    frame = pd.DataFrame(records, columns=names)
    for name in ("hour_utc", "group_from_utc", "group_to_utc", "issued_at_utc"):
        frame[name] = pd.to_datetime(frame[name], utc=True)
    frame["lead_minutes"] = (frame["hour_utc"] - frame["issued_at_utc"]).dt.total_seconds() / 60
    frame["age_minutes"] = (
        np.nan if now_utc is None else (pd.Timestamp(now_utc) - frame["issued_at_utc"]).dt.total_seconds() / 60
    )
    return frame.astype(dict(FORECAST_COLUMNS))[list(FORECAST_COLUMNS)]


def _record(row: _Row) -> tuple[object, ...]:
    group, conditions = row.group, row.group.conditions
    category = flight_category(conditions.ceiling_ft, conditions.visibility_sm, conditions.missing)
    return (
        row.airport, group.layer, group.change, group.probability, group.from_utc, group.to_utc,
        conditions.wind_direction_deg, conditions.wind_varies_from_deg, conditions.wind_varies_to_deg,
        conditions.wind_speed_kt, conditions.wind_gust_kt, conditions.visibility_sm,
        conditions.visibility_at_least, conditions.ceiling_ft, conditions.ceiling_estimated, conditions.temperature_c,
        conditions.dewpoint_c, conditions.temperature_c, conditions.dewpoint_c, conditions.altimeter_hpa,
        conditions.weather,
        _in_order(conditions.hazards), _in_order(conditions.missing), _in_words(conditions.unread), category,
        group.source, group.station, row.distance_nm, group.issued_at_utc, row.governs,
    )  # fmt: skip


@lru_cache(maxsize=1_000)  # most rows have none
def _in_order(words: frozenset[str]) -> list[str]:
    """Return words in their order; rows with the same share the list."""
    return sorted(words)


@lru_cache(maxsize=1_000)
def _in_words(unread: tuple[UnreadWord, ...]) -> list[str]:
    return [str(word) for word in unread]
