"""Verify the TAFs of the last 15 days for a school that starts today: the Aviation Weather Center keeps so many.

Neither NBM guidance nor One Call can be had for the past, and no verdicts were given: they are verified from the first
hour on. Hours that have a record are left as they are, and nothing of the past is stored but the outcomes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import pandas as pd
from sqlalchemy import Engine

from flightsched_pipelines.clients.weather.weather_source import WeatherSource
from flightsched_pipelines.database.frames import write_partition
from flightsched_pipelines.database.queries.schedule import bookings as schedule
from flightsched_pipelines.database.queries.verification import hours_with_outcomes
from flightsched_pipelines.database.schema import FIRST_HOUR_UTC, PIPELINE_TABLES
from flightsched_pipelines.domain.verification.columns import LEADS_HOURS
from flightsched_pipelines.domain.verification.events import events
from flightsched_pipelines.domain.verification.pairing import verify_hour
from flightsched_pipelines.domain.weather.provider_responses import (
    ParsedReports,
    ProviderResponse,
    every_metar,
    read_responses,
)
from flightsched_pipelines.domain.weather.source_selection import blend, hourly_rows
from flightsched_pipelines.durations import HOUR, hour_of
from flightsched_pipelines.errors import PlainError
from flightsched_pipelines.services.hourly.reference import reference_at
from flightsched_pipelines.settings import Settings

HISTORY_HOURS = 15 * 24
"""As far back as the Center keeps reports."""


class BackfillError(PlainError):
    """The past weather did not come; the message has the reason, and nothing was stored."""


@dataclass(frozen=True, slots=True)
class Backfill:
    """The hours that were verified, those that had a record already, and those whose reports did not come whole."""

    hours: int
    already: int
    incomplete: int
    pairs: int


def backfill(engine: Engine, source: WeatherSource, now_utc: datetime, settings: Settings) -> Backfill:
    """Verify the TAFs known 1 to 48 hours before each hour of the last 15 days that has no record.

    Raises:
        BackfillError: METARs did not come whole.
    """
    last = hour_of(now_utc) - HOUR  # the running hour's own run verifies the hour before it
    first = max(hour_of(now_utc) - HISTORY_HOURS * HOUR, FIRST_HOUR_UTC)
    every = [first + n * HOUR for n in range(2, int((last - first) / HOUR) + 1)]
    known = hours_with_outcomes(engine, first)
    wanted = [hour for hour in every if hour not in known]
    if not wanted:
        return Backfill(0, len(every), 0, 0)
    airports = schedule.airports(engine)
    observations = _observations(source, airports, first, last)
    times = sorted({at for hour in wanted for lead in LEADS_HOURS if (at := hour - HOUR - lead * HOUR) >= first})
    forecasts: dict[datetime, pd.DataFrame] = {}
    hours, pairs = 0, 0
    for at_utc, known_at in _forecasts(engine, source, airports, times, settings):
        forecasts[at_utc] = known_at
        forecasts.pop(at_utc - max(LEADS_HOURS) * HOUR, None)
        # The last forecast that an hour waits for is the one of the hour before it.
        observed, hour = at_utc + HOUR, at_utc + 2 * HOUR
        leads = {lead: at for lead in LEADS_HOURS if (at := observed - lead * HOUR) >= first}
        if hour in known or any(at not in forecasts for at in leads.values()):
            continue
        then = reference_at(engine, hour, settings)
        known_then = {lead: forecasts[at] for lead, at in leads.items()}
        verified = verify_hour(
            observed, known_then, observations, then.airports, then.runways, events(then.minimums)
        ).assign(partition_hour=pd.Timestamp(hour))
        write_partition(engine, PIPELINE_TABLES["forecast_verification"], verified, [hour], is_of_a_run=False)
        hours, pairs = hours + 1, pairs + int(verified.loc[verified["outcome"] != "missing", "cases"].sum())
    return Backfill(hours, len(every) - len(wanted), len(wanted) - hours, pairs)


def _observations(
    source: WeatherSource, airports: pd.DataFrame, first_utc: datetime, last_utc: datetime
) -> pd.DataFrame:
    answers = list(source.fetch_metars(airports, int((last_utc - first_utc) / HOUR), last_utc))
    failed = next((answer for answer in answers if answer.failed), None)
    if failed is not None:
        raise BackfillError(f"the METARs of the past did not come: {failed.error}; nothing was stored, try again later")
    if not answers:
        raise BackfillError("this source of weather has no METARs of the past; nothing was stored")
    return hourly_rows(every_metar(answers))


def _forecasts(
    engine: Engine, source: WeatherSource, airports: pd.DataFrame, times_utc: Sequence[datetime], settings: Settings
) -> Iterator[tuple[datetime, pd.DataFrame]]:
    """Yield the times whose TAFs came, in order, each with the forecast that they gave of the hours to verify."""
    for at_utc, answers in source.fetch_past_tafs(airports, times_utc):
        if any(answer.failed for answer in answers):
            continue
        then = reference_at(engine, at_utc, settings)
        settings_then = then.settings_of(settings)
        rows = blend(
            then.airports,
            _known_at(answers, at_utc),
            at_utc,
            horizon_hours=max(LEADS_HOURS) + 1,
            taf_max_distance_nm=settings_then.taf_max_distance_nm,
            taf_max_age_hours=settings_then.taf_max_age_hours,
            observation_max_age_minutes=settings_then.observation_max_age_minutes,
        )
        hours = [pd.Timestamp(at_utc + lead * HOUR) for lead in LEADS_HOURS]
        yield at_utc, rows[(rows["source"] == "TAF") & rows["hour_utc"].isin(hours)]


def _known_at(answers: Sequence[ProviderResponse], at_utc: datetime) -> ParsedReports:
    """Return the TAFs among responses that were issued by then: one issued later was not known."""
    reading = read_responses(answers)
    return replace(reading, groups=[group for group in reading.groups if group.issued_at_utc <= at_utc])
