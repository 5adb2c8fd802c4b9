"""Validate an hour's proposals by its stored rows, and record it: nobody is notified of an hour before."""

from datetime import datetime, timedelta

import pandas as pd
from sqlalchemy import Engine

from flightsched_pipelines.database.frames import (
    count_rows,
    partition_rows,
    read_partition,
    record_partition,
    tables_written,
)
from flightsched_pipelines.database.queries.cases import cases
from flightsched_pipelines.database.queries.schedule.availability import availability_then
from flightsched_pipelines.database.schema import PIPELINE_TABLES
from flightsched_pipelines.domain.rescheduling.frames import PROPOSAL_COLUMNS
from flightsched_pipelines.domain.rescheduling.validation.credential_validation import CredentialRecords
from flightsched_pipelines.domain.rescheduling.validation.validation import validate
from flightsched_pipelines.domain.rescheduling.validation.validation_records import (
    BOOKING_FACTS,
    Proposal,
    Records,
    read_proposal,
)
from flightsched_pipelines.domain.rescheduling.validation.violations import Validation
from flightsched_pipelines.domain.rescheduling.validation.weather_validation import LOOKED_AT, ForecastRecords
from flightsched_pipelines.services.hourly.hourly_steps import hazard_areas_at, load_reference_data
from flightsched_pipelines.services.hourly.reference import reference_at
from flightsched_pipelines.services.rules import scheduling_rules
from flightsched_pipelines.settings import Settings

PROVED_FROM = (
    "booking_snapshot", "forecasts", "lesson_verdicts", "at_risk_bookings", "reschedule_candidates",
    "unplaceable_bookings", "reschedule_plan", "reschedule_proposals",
)  # fmt: skip
"""The tables of an hour from which its proposals follow, or the absence of any."""


def validate_proposals(engine: Engine, hour_utc: datetime, settings: Settings) -> Validation:
    """Validate an hour's stored proposals by its other stored rows, with code that had no part in making them."""
    then = reference_at(engine, hour_utc, settings)
    settings = then.settings_of(settings)
    forecasts, bookings = PIPELINE_TABLES["forecasts"], PIPELINE_TABLES["booking_snapshot"]
    proposals = PIPELINE_TABLES["reschedule_proposals"]
    with engine.connect() as connection:
        offered = partition_rows(connection, proposals, list(PROPOSAL_COLUMNS), hour_utc)
        lessons = partition_rows(connection, bookings, BOOKING_FACTS, hour_utc)
        governing = partition_rows(connection, forecasts, LOOKED_AT, hour_utc, forecasts.c.governs)
        read = [read_proposal(row) for row in offered]
        records = Records(lessons, [proposal for proposal in read if isinstance(proposal, Proposal)])
        records.learn(availability_then(connection, records.concerned, hour_utc))
    moved = [records.bookings[key] for key in {row["booking_id"] for row in offered} & records.bookings.keys()]
    places = {place for booking in moved for place in booking.airports}
    ground = load_reference_data(then, hour_utc, places, settings.reschedule_horizon_days)
    sky = ForecastRecords(
        governing,
        *(frame.to_dict("records") for frame in (ground.minimums, ground.airports, ground.runways, ground.suns)),
        first_hour_utc=hour_utc,
        buffer=timedelta(minutes=settings.booking_buffer_minutes),
        areas=hazard_areas_at(engine, hour_utc).to_dict("records"),
    )
    return validate(read, records, sky, scheduling_rules(settings), hour_utc, CredentialRecords(then.credentials))


def record_validated(engine: Engine, hour_utc: datetime, examined: int) -> None:
    """Record that an hour's proposals are validated: from then on people may be notified."""
    with engine.begin() as connection:
        record_partition(connection, cases.PROVEN, hour_utc, examined)


def examined_without_proposals(engine: Engine, hour_utc: datetime) -> int:
    """Return how much was examined of an hour without proposals: its lessons; if it has none, its tables.

    The result is 0 if a table was not written, or if a threatened lesson has neither slots nor a reason for having
    none.
    """
    with engine.connect() as connection:
        written = tables_written(connection, PROVED_FROM, hour_utc)
    if written < len(PROVED_FROM) or _unsettled(engine, hour_utc):
        return 0
    return count_rows(engine, PIPELINE_TABLES["booking_snapshot"], hour_utc) or written


def _unsettled(engine: Engine, hour_utc: datetime) -> set[int]:
    """The threatened lessons of an hour with neither a slot nor a reason for having none."""
    broken = read_partition(engine, PIPELINE_TABLES["at_risk_bookings"], [hour_utc], names=["booking_id", "verdict"])
    settled = [
        read_partition(engine, PIPELINE_TABLES[name], [hour_utc], names=["booking_id"])
        for name in ("reschedule_candidates", "unplaceable_bookings")
    ]
    return set(broken.loc[broken["verdict"] == "at_risk", "booking_id"]) - set(pd.concat(settled)["booking_id"])


def lost_alternatives(engine: Engine, hour_utc: datetime) -> list[str]:
    """Return sentences about lost alternatives of an hour: none chosen from candidates, or left out by the ranking."""
    slot = ["booking_id", "starts_at_utc", "instructor_id", "aircraft_id"]
    candidates = count_rows(engine, PIPELINE_TABLES["reschedule_candidates"], hour_utc)
    plan, proposals = (
        read_partition(engine, PIPELINE_TABLES[name], [hour_utc], names=slot)
        for name in ("reschedule_plan", "reschedule_proposals")
    )
    sentences: list[str] = []
    if plan.empty and candidates:
        sentences.append(f"{candidates} candidates, and none was chosen")
    kept = plan.merge(proposals, how="left", indicator=True)
    if (lost := kept.loc[kept["_merge"] != "both", ["booking_id"]]).empty:
        return sentences
    bookings = read_partition(
        engine, PIPELINE_TABLES["booking_snapshot"], [hour_utc], names=["booking_id", "reference"]
    )
    references = lost.merge(bookings, how="left", on="booking_id")["reference"]
    return [*sentences, *(f"{one}: an alternative of the plan is not proposed" for one in references)]
