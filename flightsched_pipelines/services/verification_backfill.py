"""Verify the TAFs of the last 15 days, as many as the Aviation Weather Center keeps, for a school that starts today.

Neither NBM guidance nor One Call can be had for the past, and no verdicts were given: they are verified from the first
hour on. An airport that has a record of an hour is left as it is, so that of a school which joins a running deployment
the new airports are verified. Nothing of the past is stored but the outcomes.
"""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime

import pandas as pd
from sqlalchemy import Engine

from flightsched_pipelines.clients.weather.weather_source import WeatherSource
from flightsched_pipelines.database.queries.verification import add_outcomes, airports_with_outcomes
from flightsched_pipelines.database.schema import FIRST_HOUR_UTC
from flightsched_pipelines.domain.verification.columns import LEADS_HOURS
from flightsched_pipelines.domain.verification.events import events
from flightsched_pipelines.domain.verification.pairing import verify_hour
from flightsched_pipelines.domain.weather.conditions import ForecastGroup
from flightsched_pipelines.domain.weather.issuers import asked
from flightsched_pipelines.domain.weather.observed_reports import every_metar, is_unread
from flightsched_pipelines.domain.weather.provider_responses import ParsedReports, ProviderResponse, read_responses
from flightsched_pipelines.domain.weather.source_selection import blend, hourly_rows, serving_stations
from flightsched_pipelines.durations import HOUR, hour_of
from flightsched_pipelines.errors import PlainError
from flightsched_pipelines.formatting import format_utc
from flightsched_pipelines.services.hourly.reference import Reference, present_reference
from flightsched_pipelines.settings import Settings

HISTORY_HOURS = 15 * 24
"""As far back as the Center keeps reports."""

_MARGIN_HOURS = 2
"""The hour that has begun, and the one more for which a history is requested: nothing older than is kept."""


class BackfillError(PlainError):
    """The past weather did not come; the message has the reason, and nothing was stored."""


@dataclass(frozen=True, slots=True)
class Backfill:
    """The hours that were verified, those that had a record already, and those whose reports did not come whole.

    An hour has a record if every airport that can be verified has one. ``unreadable`` names the METARs that came and
    cannot be read, by station and hour; what the others of such an hour do not have is missing.
    """

    hours: int
    already: int
    incomplete: int
    pairs: int
    unreadable: tuple[str, ...] = ()


def backfill(engine: Engine, source: WeatherSource, now_utc: datetime, settings: Settings) -> Backfill:
    """Verify the TAFs known 1 to 48 hours before each hour of the last 15 days, at the airports without a record of it.

    Raises:
        BackfillError: METARs did not come whole.
    """
    last = hour_of(now_utc) - HOUR  # the running hour's own run verifies the hour before it
    first = max(hour_of(now_utc) - (HISTORY_HOURS - _MARGIN_HOURS) * HOUR, FIRST_HOUR_UTC)
    every = [first + n * HOUR for n in range(2, int((last - first) / HOUR) + 1)]
    now = present_reference(engine, hour_of(now_utc), settings)
    wanted = _without_record(engine, every, _verifiable(now, settings))
    if not wanted:
        return Backfill(0, len(every), 0, 0)
    reports = _observed(source, now.airports, first, last)
    times = sorted({at for hour in wanted for lead in LEADS_HOURS if (at := hour - HOUR - lead * HOUR) >= first})
    forecasts: dict[datetime, pd.DataFrame] = {}
    observations = hourly_rows(reports)
    hours, pairs = 0, 0
    for at_utc, known_at in _forecasts(source, now, times, settings):
        forecasts[at_utc] = known_at
        forecasts.pop(at_utc - max(LEADS_HOURS) * HOUR, None)
        # The last forecast that an hour waits for is the one of the hour before it.
        observed, hour = at_utc + HOUR, at_utc + 2 * HOUR
        leads = {lead: at for lead in LEADS_HOURS if (at := observed - lead * HOUR) >= first}
        if hour not in wanted or any(at not in forecasts for at in leads.values()):
            continue
        then = present_reference(engine, hour, settings)
        known_then = {lead: forecasts[at] for lead, at in leads.items()}
        new = then.airports[then.airports["airport"].isin(list(wanted[hour]))]
        verified = verify_hour(observed, known_then, observations, new, then.runways, events(then.minimums))
        hours, pairs = hours + 1, pairs + add_outcomes(engine, verified, hour)
    unreadable = {f"{one.station} {format_utc(one.from_utc)}" for one in reports if is_unread(one)}
    return Backfill(hours, len(every) - len(wanted), len(wanted) - hours, pairs, tuple(sorted(unreadable)))


def _verifiable(now: Reference, settings: Settings) -> set[str]:
    """Return the airports that may issue METARs, and for which a TAF may govern."""
    airports = now.airports
    issuing = airports[asked(airports["issues_taf"])]
    with_taf = serving_stations(airports, issuing, now.settings_of(settings).taf_max_distance_nm)
    return set(airports.loc[asked(airports["issues_metar"]), "airport"]) & with_taf.keys()


def _without_record(
    engine: Engine, hours: Sequence[datetime], airports: AbstractSet[str]
) -> Mapping[datetime, AbstractSet[str]]:
    """Return the airports that have no record of an hour, by hour, where there are any."""
    if not hours:
        return {}
    with engine.connect() as connection:
        known = airports_with_outcomes(connection, hours[0], hours[-1])
    return {hour: new for hour in hours if (new := airports - known.get(hour, set()))}


def _observed(
    source: WeatherSource, airports: pd.DataFrame, first_utc: datetime, last_utc: datetime
) -> list[ForecastGroup]:
    answers = list(source.fetch_metars(airports, int((last_utc - first_utc) / HOUR), last_utc))
    failed = next((answer for answer in answers if answer.failed), None)
    if failed is not None:
        raise BackfillError(f"the METARs of the past did not come: {failed.error}; nothing was stored, try again later")
    if not answers:
        raise BackfillError("this source of weather has no METARs of the past; nothing was stored")
    return every_metar(answers)


def _forecasts(
    source: WeatherSource, now: Reference, times_utc: Sequence[datetime], settings: Settings
) -> Iterator[tuple[datetime, pd.DataFrame]]:
    """Yield the times whose TAFs came, in order, each with the forecast that they gave of the hours to verify."""
    settings = now.settings_of(settings)
    for at_utc, answers in source.fetch_past_tafs(now.airports, times_utc):
        if any(answer.failed for answer in answers):
            continue
        rows = blend(
            now.airports,
            _known_at(answers, at_utc),
            at_utc,
            horizon_hours=max(LEADS_HOURS) + 1,
            taf_max_distance_nm=settings.taf_max_distance_nm,
            taf_max_age_hours=settings.taf_max_age_hours,
            observation_max_age_minutes=settings.observation_max_age_minutes,
        )
        hours = [pd.Timestamp(at_utc + lead * HOUR) for lead in LEADS_HOURS]
        yield at_utc, rows[(rows["source"] == "TAF") & rows["hour_utc"].isin(hours)]


def _known_at(answers: Sequence[ProviderResponse], at_utc: datetime) -> ParsedReports:
    """Return the TAFs among responses that were issued by then: one issued later was not known."""
    reading = read_responses(answers)
    return replace(reading, groups=[group for group in reading.groups if group.issued_at_utc <= at_utc])
