"""Verify the forecasts of the hour that has just been observed, from stored rows."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pandas as pd
from sqlalchemy import Engine

from flightsched_pipelines.database.frames import read_partition
from flightsched_pipelines.database.schema import PIPELINE_TABLES
from flightsched_pipelines.domain.verification.columns import LEADS_HOURS, VERDICT_PAIR_COLUMNS
from flightsched_pipelines.domain.verification.events import events
from flightsched_pipelines.domain.verification.pairing import verify_hour
from flightsched_pipelines.domain.weather.areas.area_columns import area_frame
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

    Its reports are those that were fetched in it and in ``hour_utc``. A lead of which no forecast is stored has no
    rows.
    """
    observed_hour = hour_utc - HOUR
    then = reference_at(engine, hour_utc, settings)
    stored, known = PIPELINE_TABLES["forecasts"], PIPELINE_TABLES["observations"]
    forecasts = {
        lead: read_partition(engine, stored, [observed_hour - lead * HOUR], stored.c.hour_utc == observed_hour)
        for lead in LEADS_HOURS
    }
    earlier = read_partition(engine, known, [observed_hour], known.c.hour_utc == observed_hour)
    reports = pd.concat([earlier[observations.columns], observations], ignore_index=True)
    return verify_hour(observed_hour, forecasts, reports, then.airports, then.runways, events(then.minimums))


def verify_verdicts(engine: Engine, observations: pd.DataFrame, hour_utc: datetime, settings: Settings) -> pd.DataFrame:
    """Return the verdicts of lessons whose time ended in the hour before (``VERDICT_PAIR_COLUMNS``), in a fixed order.

    The time of a lesson is that of its assessment, the buffer included. The observed verdict is that of the METARs of
    all of its hours, by the minimums in force at the end; hazard areas are no observation and are left out of it.
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
    pairs = lessons.merge(verdicts, on=["partition_hour", "booking_id"]).sort_values(["booking_id", "lead_hours"])
    if pairs.empty:
        return pd.DataFrame(columns=list(VERDICT_PAIR_COLUMNS)).astype(dict(VERDICT_PAIR_COLUMNS))
    first = pairs["starts_at_utc"].min().floor("h").to_pydatetime() - 2 * HOUR
    known = PIPELINE_TABLES["observations"]
    earlier = read_partition(engine, known, [first + n * HOUR for n in range(int((hour_utc - first) / HOUR))])
    reports = pd.concat([earlier[observations.columns], observations], ignore_index=True).assign(governs=True)
    lessons = pairs.drop(columns=["partition_hour", "lead_hours", "verdict"]).reset_index(drop=True)
    seen = assess_by(then, lessons, reports, area_frame(), first, settings)
    pairs = pairs.assign(observed=seen.verdicts.astype("str").to_numpy()).merge(
        _causes(engine, hours, ids), how="left", on=["partition_hour", "booking_id"]
    )
    return pairs[list(VERDICT_PAIR_COLUMNS)].astype(dict(VERDICT_PAIR_COLUMNS)).reset_index(drop=True)


def _causes(engine: Engine, hours: Sequence[datetime], booking_ids: Sequence[int]) -> pd.DataFrame:
    """Return the rule and airport of the gravest breach of lessons, by hour and booking."""
    broken = PIPELINE_TABLES["at_risk_bookings"]
    which = broken.c.booking_id.in_(booking_ids), broken.c.breach_rank == 1
    names = ["partition_hour", "booking_id", "rule", "airport"]
    gravest = read_partition(engine, broken, hours, *which, names=names)
    return gravest.rename(columns={"rule": "cause", "airport": "cause_airport"})
