"""The steps of one hour: each is a function of stored rows and of reference data.

A partition ``H`` is what was known at hour ``H``: whatever was fetched or read for it is kept, so that an old hour run
again gives the same rows and sends no request twice.
"""

from collections.abc import Collection
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from itertools import chain

import pandas as pd
from sqlalchemy import Engine

from flightsched_pipelines.clients.weather.station_places import places_of
from flightsched_pipelines.clients.weather.weather_source import WeatherSource
from flightsched_pipelines.database.frames import (
    read_partition,
    tables_written,
)
from flightsched_pipelines.database.queries.cases import cases
from flightsched_pipelines.database.queries.schedule import bookings as schedule
from flightsched_pipelines.database.schema import PIPELINE_TABLES
from flightsched_pipelines.domain.rescheduling.availability import within
from flightsched_pipelines.domain.rescheduling.rules import SchedulingRules
from flightsched_pipelines.domain.rescheduling.school_shards import of_schools
from flightsched_pipelines.domain.rescheduling.search.candidates import Search, joined, search_slots
from flightsched_pipelines.domain.risk.assess import Assessment, assess
from flightsched_pipelines.domain.risk.bookings import that_fly
from flightsched_pipelines.domain.verification.columns import LEADS_HOURS
from flightsched_pipelines.domain.weather.areas.area_columns import AREA_COLUMNS, area_frame
from flightsched_pipelines.domain.weather.areas.products import AREA_PRODUCTS
from flightsched_pipelines.domain.weather.areas.reading import read_areas
from flightsched_pipelines.domain.weather.daylight import sun_table
from flightsched_pipelines.domain.weather.guidance.governing_guidance import GuidanceRules
from flightsched_pipelines.domain.weather.issuers import newly_known
from flightsched_pipelines.domain.weather.observed_reports import every_metar
from flightsched_pipelines.domain.weather.provider_responses import (
    ParsedReports,
    ProviderResponse,
    read_responses,
)
from flightsched_pipelines.domain.weather.source_selection import blend, hourly_rows
from flightsched_pipelines.durations import HOUR
from flightsched_pipelines.errors import PlainError
from flightsched_pipelines.services.hourly.reference import Reference, reference_at
from flightsched_pipelines.services.hourly.shards import NO_SHARDS, Shards
from flightsched_pipelines.services.hourly.snapshots import horizon_of
from flightsched_pipelines.services.rules import scheduling_rules
from flightsched_pipelines.settings import Settings

RESPONSE_FIELDS = [field.name for field in fields(ProviderResponse)]


class WeatherIsPastError(PlainError, ValueError):
    """An hour whose weather was never stored, and that no provider returns any more."""


@dataclass(frozen=True, slots=True)
class ReferenceData:
    """Reference data for an hour: airports, runways, minimums, sun times."""

    airports: pd.DataFrame
    runways: pd.DataFrame
    minimums: pd.DataFrame
    suns: pd.DataFrame


def load_reference_data(then: Reference, hour_utc: datetime, places: Collection[str], days_ahead: int) -> ReferenceData:
    """Return the reference data at an hour, with the sun times of some airports for a number of days."""
    sunlit = then.airports[then.airports["airport"].isin(list(places))]
    return ReferenceData(
        airports=then.airports,
        runways=then.runways,
        minimums=then.minimums,
        suns=sun_table(sunlit, hour_utc.date() - timedelta(days=2), days_ahead + 6),
    )


def airports_of(bookings: pd.DataFrame) -> set[str]:
    """Return every airport at which one of these bookings begins, stops or ends."""
    return {*bookings["departure"], *chain.from_iterable(bookings["route"])}


def gather_weather(engine: Engine, source: WeatherSource, hour_utc: datetime, now_utc: datetime) -> pd.DataFrame:
    """Return every provider's response for an hour, verbatim, one row a response.

    Stored responses are kept; only failed requests are repeated, and only while the hour runs.

    Raises:
        WeatherIsPastError: nothing is stored for a past hour, and the source has no past weather.
    """
    stored = stored_responses(engine, hour_utc)
    failed = [answer for answer in stored if answer.failed]
    past = now_utc >= hour_utc + HOUR
    if stored and (past or not failed):
        return _frame_of(stored)
    if past and not source.supports_backfill:
        raise WeatherIsPastError(
            f"No weather was stored for {hour_utc:%Y-%m-%d %H:%M}Z and it can no longer be fetched: "
            "choose an hour that was run, or the running one"
        )
    earlier = stored or stored_responses(engine, hour_utc - HOUR)
    fresh = source.fetch(schedule.airports(engine), hour_utc, earlier)
    kept = [answer for answer in stored if not answer.failed]
    settled = {part for answer in kept for part in _parts(answer)}
    return _frame_of(kept + [answer for answer in fresh if not _parts(answer) <= settled])


def _parts(answer: ProviderResponse) -> set[tuple[str, str]]:
    """Return the parts of the weather in a response: a product at each station, or as a whole."""
    return {(answer.product, station) for station in answer.stations or ("",)}


def stored_responses(engine: Engine, hour_utc: datetime) -> list[ProviderResponse]:
    """Return the responses stored for an hour; none if the hour was never run."""
    return _responses_in(read_partition(engine, PIPELINE_TABLES["raw_weather"], [hour_utc]))


def read_weather(raw_weather: pd.DataFrame) -> ParsedReports:
    """Read an hour's stored responses into forecast groups, with every problem found."""
    return read_responses(_responses_in(raw_weather))


def observe(raw_weather: pd.DataFrame) -> pd.DataFrame:
    """Return the METARs among an hour's responses, SPECIs included, one row a report, at the hour of each.

    One that cannot be read has a row without any element in each hour in which it may have been taken.
    """
    return hourly_rows(every_metar(_responses_in(raw_weather)))


def hazard_areas(raw_weather: pd.DataFrame, hour_utc: datetime) -> pd.DataFrame:
    """Return the hazard areas among an hour's responses, one row an area (``AREA_COLUMNS``)."""
    return area_frame(read_areas(_responses_in(raw_weather), hour_utc))


def hazard_areas_at(engine: Engine, hour_utc: datetime) -> pd.DataFrame:
    """Return the hazard areas of a stored hour; of one that did not write them, those in its responses."""
    with engine.connect() as connection:
        written = tables_written(connection, ["hazard_areas"], hour_utc)
    if written:
        return read_partition(engine, PIPELINE_TABLES["hazard_areas"], [hour_utc], names=list(AREA_COLUMNS))
    raw = PIPELINE_TABLES["raw_weather"]
    return hazard_areas(read_partition(engine, raw, [hour_utc], raw.c.product.in_(AREA_PRODUCTS)), hour_utc)


def forecast(engine: Engine, raw_weather: pd.DataFrame, hour_utc: datetime, settings: Settings) -> pd.DataFrame:
    """Return the forecast at an hour: every airport, hour and group, and which of them govern."""
    then = reference_at(engine, hour_utc, settings)
    settings = then.settings_of(settings)
    reading = read_weather(raw_weather)
    _note_issuers(engine, then.airports, reading)
    of_guidance = set[str]().union(*reading.asked_of_guidance.values())
    return blend(
        then.airports,
        reading,
        hour_utc,
        horizon_hours=settings.lookahead_hours + 24,
        taf_max_distance_nm=settings.taf_max_distance_nm,
        taf_max_age_hours=settings.taf_max_age_hours,
        observation_max_age_minutes=settings.observation_max_age_minutes,
        guidance=GuidanceRules(
            max_distance_nm=settings.guidance_max_distance_nm,
            max_age_hours=settings.guidance_max_age_hours,
            least_percent=settings.guidance_least_percent,
        ),
        stations=places_of(of_guidance - set(then.airports["airport"])),
        verified_hours=[hour_utc + lead * HOUR for lead in LEADS_HOURS],
    )


def _note_issuers(engine: Engine, airports: pd.DataFrame, reading: ParsedReports) -> None:
    """Store that airports issue a report of which one came, where nobody has said so: from now on it is due."""
    for column, source in (("issues_taf", "TAF"), ("issues_metar", "METAR")):
        came = {group.station for group in reading.groups if group.source == source}
        schedule.note_issuers(engine, column, newly_known(airports[column], airports["airport"], came))


def settings_at(engine: Engine, hour_utc: datetime, settings: Settings) -> Settings:
    """Return the settings, with those that shape an hour's rows as they were then."""
    return reference_at(engine, hour_utc, settings).settings_of(settings)


def lessons_ahead(booking_snapshot: pd.DataFrame, hour_utc: datetime, hours: int) -> pd.DataFrame:
    """Return the flights that start within the next ``hours`` hours, without held slots."""
    starts, lesson = booking_snapshot["starts_at_utc"], booking_snapshot["status"] != "held"
    return that_fly(booking_snapshot[lesson & (starts >= hour_utc) & (starts < hour_utc + hours * HOUR)])


def assess_lessons(
    engine: Engine, bookings: pd.DataFrame, forecasts: pd.DataFrame, hour_utc: datetime, settings: Settings
) -> Assessment:
    """Compare lessons ahead with the forecast and hazard areas of an hour, by the reference data that it stored."""
    then, areas = reference_at(engine, hour_utc, settings), hazard_areas_at(engine, hour_utc)
    return assess_by(then, bookings, forecasts, areas, hour_utc, settings)


def assess_by(
    then: Reference,
    bookings: pd.DataFrame,
    forecasts: pd.DataFrame,
    areas: pd.DataFrame,
    hour_utc: datetime,
    settings: Settings,
) -> Assessment:
    """Compare lessons ahead with the forecast and hazard areas of an hour, by some reference data."""
    settings = then.settings_of(settings)
    ground = load_reference_data(then, hour_utc, airports_of(bookings), settings.lookahead_hours // 24 + 1)
    return assess(
        bookings,
        forecasts,
        ground.minimums,
        ground.airports,
        ground.runways,
        ground.suns,
        first_hour_utc=hour_utc,
        buffer_minutes=settings.booking_buffer_minutes,
        areas=areas,
    )


def find_slots(
    engine: Engine,
    at_risk_bookings: pd.DataFrame,
    booking_snapshot: pd.DataFrame,
    availability_snapshot: pd.DataFrame,
    forecasts: pd.DataFrame,
    hour_utc: datetime,
    settings: Settings,
    shards: Shards = NO_SHARDS,
) -> Search:
    """Return slots for threatened bookings, and why some have none; previously offered slots are preferred."""
    then = reference_at(engine, hour_utc, settings)
    settings = then.settings_of(settings)
    threatened = threatened_lessons(at_risk_bookings, booking_snapshot)
    sent, areas = offered_before(engine, hour_utc), hazard_areas_at(engine, hour_utc)
    rules = scheduling_rules(settings)
    available = within(availability_snapshot, hour_utc, horizon_of(hour_utc, rules.horizon_days))
    pieces = (
        (
            of_schools(threatened, schools),
            of_schools(booking_snapshot, schools),
            of_schools(available, schools),
            _forecasts_for(threatened, forecasts, schools),
            *(hour_utc, then, rules, settings.booking_buffer_minutes, sent, areas),
        )
        for schools in shards.divide(threatened, booking_snapshot, available)
    )
    return joined(shards.for_each(_find_slots, pieces))


def _find_slots(
    threatened: pd.DataFrame,
    bookings: pd.DataFrame,
    availability: pd.DataFrame,
    forecasts: pd.DataFrame,
    hour_utc: datetime,
    then: Reference,
    rules: SchedulingRules,
    weather_buffer_minutes: int,
    sent: pd.DataFrame,
    areas: pd.DataFrame,
) -> Search:
    ground = load_reference_data(then, hour_utc, airports_of(threatened), rules.horizon_days)
    return search_slots(
        threatened,
        bookings,
        availability,
        forecasts,
        ground.minimums,
        ground.airports,
        ground.runways,
        ground.suns,
        rules,
        now_utc=hour_utc,
        weather_buffer_minutes=weather_buffer_minutes,
        sent=sent,
        credentials=then.credentials,
        areas=areas,
    )


def _forecasts_for(threatened: pd.DataFrame, forecasts: pd.DataFrame, schools: Collection[int] | None) -> pd.DataFrame:
    """Return the forecasts of the airports of some schools' lessons; all of them for all schools."""
    if schools is None:
        return forecasts
    return forecasts[forecasts["airport"].isin(list(airports_of(of_schools(threatened, schools))))]


def offered_before(engine: Engine, hour_utc: datetime) -> pd.DataFrame:
    """Return slots offered or proposed before this hour; changing them has a cost."""
    before = read_partition(engine, PIPELINE_TABLES["reschedule_proposals"], [hour_utc - HOUR])
    with engine.connect() as connection:
        offered = cases.offers_before(connection, hour_utc)
    if not offered:
        return before
    told = pd.DataFrame([{"booking_id": key} | asdict(slot) for key, slot in offered])
    return pd.concat([told.astype({name: before[name].dtype for name in told.columns}), before], ignore_index=True)


def threatened_lessons(at_risk_bookings: pd.DataFrame, booking_snapshot: pd.DataFrame) -> pd.DataFrame:
    """Return the bookings that an hour found at risk."""
    at_risk = at_risk_bookings.loc[at_risk_bookings["verdict"] == "at_risk", "booking_id"]
    return booking_snapshot[booking_snapshot["booking_id"].isin(at_risk)]


def _responses_in(raw_weather: pd.DataFrame) -> list[ProviderResponse]:
    rows = raw_weather[RESPONSE_FIELDS].astype(object)
    return [ProviderResponse(*row) for row in rows.where(rows.notna(), None).itertuples(index=False, name=None)]


def _frame_of(answers: list[ProviderResponse]) -> pd.DataFrame:
    return pd.DataFrame([asdict(answer) for answer in answers], columns=RESPONSE_FIELDS)
