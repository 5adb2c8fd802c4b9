"""Choose what an hour offers: alternatives for all threatened lessons jointly, and slots kept without flying."""

from dataclasses import replace
from datetime import datetime

import pandas as pd
from sqlalchemy import Engine

from flightsched_pipelines.domain.rescheduling.availability import within
from flightsched_pipelines.domain.rescheduling.school_shards import of_schools
from flightsched_pipelines.domain.rescheduling.search.kept_slots import after_alternatives, kept_slots
from flightsched_pipelines.domain.rescheduling.solver.assignment import Choice, Piece, choose
from flightsched_pipelines.services.hourly import hourly_steps
from flightsched_pipelines.services.hourly.reference import reference_at
from flightsched_pipelines.services.hourly.shards import NO_SHARDS, Shards
from flightsched_pipelines.services.hourly.snapshots import horizon_of
from flightsched_pipelines.services.rules import scheduling_rules
from flightsched_pipelines.settings import Settings


def choose_plan(
    engine: Engine,
    candidates: pd.DataFrame,
    at_risk_bookings: pd.DataFrame,
    booking_snapshot: pd.DataFrame,
    availability_snapshot: pd.DataFrame,
    hour_utc: datetime,
    settings: Settings,
    shards: Shards = NO_SHARDS,
) -> Choice:
    """Return up to three alternatives a booking, and the slots that lessons can keep without flying, after them.

    All are chosen jointly, so that all could be held at once.
    """
    then = reference_at(engine, hour_utc, settings)
    settings = then.settings_of(settings)
    rules = scheduling_rules(settings)
    available = within(availability_snapshot, hour_utc, horizon_of(hour_utc, rules.horizon_days))
    threatened = hourly_steps.threatened_lessons(at_risk_bookings, booking_snapshot)

    def divide(slots: pd.DataFrame) -> list[Piece]:
        parts = shards.divide(threatened, booking_snapshot, available)
        of_parts = [(of_schools(threatened, part)["booking_id"], of_schools(booking_snapshot, part)) for part in parts]
        return [(slots[slots["booking_id"].isin(lessons)], bookings) for lessons, bookings in of_parts]

    choice = choose(
        candidates,
        booking_snapshot,
        rules,
        effort=settings.solver_effort,
        divide=divide,
        for_each=shards.for_each,
    )
    kept = kept_slots(
        threatened,
        booking_snapshot,
        available,
        rules,
        now_utc=hour_utc,
        sent=hourly_steps.offered_before(engine, hour_utc),
        credentials=then.credentials,
    )
    return replace(choice, proposals=after_alternatives(choice.proposals, kept))
