"""Validate an hour's proposals by its stored rows, and record it: nobody is notified of an hour before."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

import pandas as pd
from pydantic import SecretStr
from sqlalchemy import ColumnElement, Engine, Table, false

from flightsched_pipelines.database.engine import address_for_another_process, connect
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
from flightsched_pipelines.domain.rescheduling.rules import SchedulingRules
from flightsched_pipelines.domain.rescheduling.school_shards import NO_SCHOOL, of_schools
from flightsched_pipelines.domain.rescheduling.validation.credential_validation import CredentialRecords
from flightsched_pipelines.domain.rescheduling.validation.validation import validate
from flightsched_pipelines.domain.rescheduling.validation.validation_records import (
    BOOKING_FACTS,
    Proposal,
    Records,
    Row,
    read_proposal,
)
from flightsched_pipelines.domain.rescheduling.validation.violations import Validation, as_one
from flightsched_pipelines.domain.rescheduling.validation.weather_validation import LOOKED_AT, ForecastRecords
from flightsched_pipelines.formatting import plural
from flightsched_pipelines.services.hourly.hourly_steps import hazard_areas_at, load_reference_data
from flightsched_pipelines.services.hourly.reference import Reference, reference_at
from flightsched_pipelines.services.hourly.shards import NO_SHARDS, Shards
from flightsched_pipelines.services.hourly.snapshots import horizon_of
from flightsched_pipelines.services.rules import scheduling_rules
from flightsched_pipelines.settings import Settings


def validate_proposals(
    engine: Engine, hour_utc: datetime, settings: Settings, shards: Shards = NO_SHARDS
) -> Validation:
    """Validate an hour's stored proposals by its other stored rows, with code that had no part in making them."""
    then = reference_at(engine, hour_utc, settings)
    rules, buffer = scheduling_rules(then.settings_of(settings)), then.settings_of(settings).booking_buffer_minutes
    with engine.connect() as connection:
        offered = partition_rows(connection, PIPELINE_TABLES["reschedule_proposals"], list(PROPOSAL_COLUMNS), hour_utc)
    few = shards.pieces_of(len({row["booking_id"] for row in offered})) == 1
    parts = [(offered, None)] if few else _by_school(engine, hour_utc, offered, shards)
    known = hour_utc, then, rules, timedelta(minutes=buffer)
    if shards.count == 1 or len(parts) == 1:
        return as_one([_validate(engine, rows, schools, *known) for rows, schools in parts])
    address = address_for_another_process(engine, settings)
    return as_one(shards.for_each(_validate_there, [(address, rows, schools, *known) for rows, schools in parts]))


def _by_school(
    engine: Engine, hour_utc: datetime, offered: Sequence[Row], shards: Shards
) -> list[tuple[Sequence[Row], Collection[int] | None]]:
    """Return the proposals of each shard, with its schools; those without a booking are in the first.

    Schools are apart only if neither a booking nor a proposal uses anything of both, whatever the search made of it.
    """
    names = ["booking_id", "school_id", "student_id", "instructor_id", "aircraft_id"]
    bookings = read_partition(engine, PIPELINE_TABLES["booking_snapshot"], [hour_utc], names=names)
    slots = pd.DataFrame(offered, columns=["booking_id", "instructor_id", "aircraft_id"]).astype("Int64")
    proposed = slots.merge(bookings[["booking_id", "school_id"]], on="booking_id")
    schools = shards.divide(proposed.drop_duplicates("booking_id"), pd.concat([bookings, proposed]))
    if len(schools) == 1:
        return [(offered, None)]
    place = {key: number for number, some in enumerate(schools) for key in of_schools(proposed, some)["booking_id"]}
    rows: list[list[Row]] = [[] for _ in schools]
    for row in offered:
        rows[place.get(row["booking_id"], 0)].append(row)
    return list(zip(rows, schools, strict=True))


def _validate_there(
    address: str,
    offered: Sequence[Row],
    schools: Collection[int] | None,
    hour_utc: datetime,
    then: Reference,
    rules: SchedulingRules,
    buffer: timedelta,
) -> Validation:
    """Validate some schools' proposals in another process, by a connection of its own."""
    engine = connect(Settings().model_copy(update={"database_url": SecretStr(address), "database_pool_size": 1}))
    try:
        return _validate(engine, offered, schools, hour_utc, then, rules, buffer)
    finally:
        engine.dispose()


def _validate(
    engine: Engine,
    offered: Sequence[Row],
    schools: Collection[int] | None,
    hour_utc: datetime,
    then: Reference,
    rules: SchedulingRules,
    buffer: timedelta,
) -> Validation:
    forecasts, bookings = PIPELINE_TABLES["forecasts"], PIPELINE_TABLES["booking_snapshot"]
    mine = [] if schools is None else [bookings.c.school_id.in_([*schools]) | _without_school(bookings, schools)]
    with engine.connect() as connection:
        lessons = partition_rows(connection, bookings, BOOKING_FACTS, hour_utc, *mine)
        read = [read_proposal(row) for row in offered]
        records = Records(lessons, [proposal for proposal in read if isinstance(proposal, Proposal)])
        moved = [records.bookings[key] for key in {row["booking_id"] for row in offered} & records.bookings.keys()]
        places = {place for booking in moved for place in booking.airports}
        governing = partition_rows(
            connection, forecasts, LOOKED_AT, hour_utc, forecasts.c.governs, forecasts.c.airport.in_(places)
        )
        to_utc = horizon_of(hour_utc, rules.horizon_days)
        records.learn(availability_then(connection, records.concerned, hour_utc, to_utc))
    ground = load_reference_data(then, hour_utc, places, rules.horizon_days)
    sky = ForecastRecords(
        governing,
        *(frame.to_dict("records") for frame in (ground.minimums, ground.airports, ground.runways, ground.suns)),
        first_hour_utc=hour_utc,
        buffer=buffer,
        areas=hazard_areas_at(engine, hour_utc).to_dict("records"),
    )
    return validate(read, records, sky, rules, hour_utc, CredentialRecords(then.credentials))


def _without_school(bookings: Table, schools: Collection[int]) -> ColumnElement[bool]:
    return bookings.c.school_id.is_(None) if NO_SCHOOL in schools else false()


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
        written = tables_written(connection, cases.PROVED_FROM, hour_utc)
    if written < len(cases.PROVED_FROM) or _unsettled(engine, hour_utc):
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
        sentences.append(f"{plural(candidates, 'candidate')}, and none was chosen")
    kept = plan.merge(proposals, how="left", indicator=True)
    if (lost := kept.loc[kept["_merge"] != "both", ["booking_id"]]).empty:
        return sentences
    bookings = read_partition(
        engine, PIPELINE_TABLES["booking_snapshot"], [hour_utc], names=["booking_id", "reference"]
    )
    references = lost.merge(bookings, how="left", on="booking_id")["reference"]
    return [*sentences, *(f"{one}: an alternative of the plan is not proposed" for one in references)]
