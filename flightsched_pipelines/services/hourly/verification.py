"""Verify the forecasts of the hour that has just been observed, from stored rows."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pandas as pd
from sqlalchemy import Engine

from flightsched_pipelines.database.frames import read_partition
from flightsched_pipelines.database.schema import PIPELINE_TABLES
from flightsched_pipelines.domain.verification.columns import LEADS_HOURS, VERDICT_PAIR_COLUMNS
from flightsched_pipelines.domain.verification.events import events
from flightsched_pipelines.domain.verification.pairing import verify_hour
from flightsched_pipelines.domain.verification.track_record import observable
from flightsched_pipelines.domain.weather.areas.area_columns import area_frame
from flightsched_pipelines.domain.weather.conditions import ForecastGroup
from flightsched_pipelines.domain.weather.source_selection import hourly_rows
from flightsched_pipelines.durations import HOUR
from flightsched_pipelines.services.hourly.hourly_steps import assess_by
from flightsched_pipelines.services.hourly.reference import reference_at
from flightsched_pipelines.settings import Settings

LONGEST_LESSON_HOURS = 12
"""A longer lesson is not verified."""


def verify_forecasts(
    engine: Engine, observations: pd.DataFrame, hour_utc: datetime, settings: Settings
) -> pd.DataFrame:
    """Return what became of the forecasts of the hour before ``hour_utc`` (``VERIFICATION_COLUMNS``).

    Its reports are those that were fetched in it and in ``hour_utc``. Where not all of them came, an event that none of
    them has is missing. A lead of which no forecast is stored has no rows.
    """
    observed_hour = hour_utc - HOUR
    then = reference_at(engine, hour_utc, settings)
    stored = PIPELINE_TABLES["forecasts"]
    forecasts = {
        lead: read_partition(engine, stored, [observed_hour - lead * HOUR], stored.c.hour_utc == observed_hour)
        for lead in LEADS_HOURS
    }
    reports = _reports(engine, observations, observed_hour, hour_utc)
    return verify_hour(observed_hour, forecasts, reports, then.airports, then.runways, events(then.minimums))


def verify_verdicts(engine: Engine, observations: pd.DataFrame, hour_utc: datetime, settings: Settings) -> pd.DataFrame:
    """Return the verdicts of lessons whose time ended in the hour before (``VERDICT_PAIR_COLUMNS``), in a fixed order.

    The time of a lesson is that of its assessment, the buffer included. The observed verdict is that of the METARs of
    all of its hours, by the minimums in force at the end, without the rules that no METAR can show. Of a lesson that
    had a lead twice, since it was moved, the later verdict counts.
    """
    then = reference_at(engine, hour_utc, settings)
    buffer = timedelta(minutes=then.settings_of(settings).booking_buffer_minutes)
    hours = [hour_utc - n * HOUR for n in range(LONGEST_LESSON_HOURS + max(LEADS_HOURS) + 3)]
    snapshot, assessed = PIPELINE_TABLES["booking_snapshot"], PIPELINE_TABLES["lesson_verdicts"]
    ended = snapshot.c.ends_at_utc > hour_utc - HOUR - buffer, snapshot.c.ends_at_utc <= hour_utc - buffer
    lessons = read_partition(engine, snapshot, hours, *ended)
    leads = lessons["starts_at_utc"].dt.floor("h") - lessons["partition_hour"]
    lessons = lessons.assign(lead_hours=leads // pd.Timedelta(hours=1))
    recent = lessons["starts_at_utc"] >= hour_utc - LONGEST_LESSON_HOURS * HOUR
    lessons = lessons[recent & lessons["lead_hours"].isin(LEADS_HOURS)]
    ids = [int(one) for one in lessons["booking_id"].unique()]
    verdicts = read_partition(engine, assessed, hours, assessed.c.booking_id.in_(ids))
    pairs = lessons.merge(verdicts, on=["partition_hour", "booking_id"])
    pairs = pairs.sort_values(["booking_id", "lead_hours", "partition_hour"])
    pairs = pairs.drop_duplicates(["booking_id", "lead_hours"], keep="last")
    if pairs.empty:
        return pd.DataFrame(columns=list(VERDICT_PAIR_COLUMNS)).astype(dict(VERDICT_PAIR_COLUMNS))
    first = pairs["starts_at_utc"].min().floor("h").to_pydatetime() - 2 * HOUR
    reports = _reports(engine, observations, first, hour_utc).assign(governs=True)
    then = replace(then, minimums=observable(then.minimums))
    lessons = pairs.drop(columns=["partition_hour", "lead_hours", "verdict"]).reset_index(drop=True)
    seen = assess_by(then, lessons, reports, area_frame(), first, settings)
    pairs = pairs.assign(observed=seen.verdicts.astype("str").to_numpy()).merge(
        _causes(engine, hours, ids), how="left", on=["partition_hour", "booking_id"]
    )
    return pairs[list(VERDICT_PAIR_COLUMNS)].astype(dict(VERDICT_PAIR_COLUMNS)).reset_index(drop=True)


def _reports(engine: Engine, observations: pd.DataFrame, first_utc: datetime, hour_utc: datetime) -> pd.DataFrame:
    """Return the METARs of the hours from ``first_utc`` on, with an unreadable one where not all of an hour's came.

    An hour's SPECIs are in the history that was fetched at its end: without it, the worst of the hour may be lost.
    """
    hours = [first_utc + n * HOUR for n in range(int((hour_utc - first_utc) / HOUR) + 1)]
    known, raw = PIPELINE_TABLES["observations"], PIPELINE_TABLES["raw_weather"]
    earlier = read_partition(engine, known, hours[:-1])
    failed = raw.c.product == "metar_history", raw.c.outcome.not_in(("ok", "empty"))
    lost = read_partition(engine, raw, hours[1:], *failed, names=["partition_hour", "stations"])
    ended = lost["partition_hour"].dt.to_pydatetime() if len(lost) else ()
    unreadable = [
        ForecastGroup("METAR", station, "prevailing", "METAR", None, end - HOUR, end, end)
        for end, stations in zip(ended, lost["stations"], strict=True)
        for station in stations
    ]
    parts = [earlier[observations.columns], observations, hourly_rows(unreadable)[list(observations.columns)]]
    return pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)


def _causes(engine: Engine, hours: Sequence[datetime], booking_ids: Sequence[int]) -> pd.DataFrame:
    """Return the rule and airport of the gravest breach of lessons, by hour and booking."""
    broken = PIPELINE_TABLES["at_risk_bookings"]
    which = broken.c.booking_id.in_(booking_ids), broken.c.breach_rank == 1
    names = ["partition_hour", "booking_id", "rule", "airport"]
    gravest = read_partition(engine, broken, hours, *which, names=names)
    return gravest.rename(columns={"rule": "cause", "airport": "cause_airport"})
