"""Other times for lessons at risk: ``reschedule_candidates`` → ``reschedule_plan`` → ``reschedule_proposals``."""

from datetime import datetime
from functools import partial

import dagster as dg
from pandas import DataFrame
from sqlalchemy import Engine

from flightsched_pipelines.clients.openai_ranker import OpenAIRanker
from flightsched_pipelines.defs import asset_metadata
from flightsched_pipelines.defs.clock import Clock
from flightsched_pipelines.defs.hourly_assets import hourly_asset, hourly_assets
from flightsched_pipelines.defs.partitions import by_hour, several_by_hour
from flightsched_pipelines.defs.runs.retries import retry_transient_faults
from flightsched_pipelines.services.hourly import hourly_steps, joint_plan, ranking
from flightsched_pipelines.services.hourly.shards import Shards
from flightsched_pipelines.settings import Settings

GROUP = "ai_rescheduler"


@hourly_assets(
    GROUP,
    reschedule_candidates="Slots proven possible for each lesson at risk: people, aircraft, duty, daylight, weather.",
    unplaceable_bookings="Lessons at risk with no available slot, and the constraint that ruled out the last one.",
    deps=["reference_snapshot", "hazard_areas"],
)
def find_candidates(
    context: dg.AssetExecutionContext,
    at_risk_bookings: DataFrame,
    booking_snapshot: DataFrame,
    availability_snapshot: DataFrame,
    forecasts: DataFrame,
    engine: dg.ResourceParam[Engine],
    settings: dg.ResourceParam[Settings],
    shards: dg.ResourceParam[Shards],
) -> tuple[DataFrame, DataFrame]:
    """Search the slots that are possible for each lesson at risk."""
    frames = at_risk_bookings, booking_snapshot, availability_snapshot, forecasts
    candidates, unplaceable = several_by_hour(context, partial(_search, engine, settings, shards), *frames)
    context.add_output_metadata(
        asset_metadata.candidates_metadata(candidates, at_risk_bookings), "reschedule_candidates"
    )
    context.add_output_metadata(
        asset_metadata.unplaceable_metadata(unplaceable, booking_snapshot), "unplaceable_bookings"
    )
    return candidates, unplaceable


def _search(
    engine: Engine,
    settings: Settings,
    shards: Shards,
    hour: datetime,
    at_risk: DataFrame,
    bookings: DataFrame,
    available: DataFrame,
    forecasts: DataFrame,
) -> tuple[DataFrame, DataFrame]:
    found = hourly_steps.find_slots(engine, at_risk, bookings, available, forecasts, hour, settings, shards)
    return found.candidates, found.unplaceable


@hourly_assets(
    GROUP,
    reschedule_plan="Up to three alternatives for each lesson at risk, chosen so that all could be held at once; after "
    "them, its own slot on the ground or in a simulator.",
    solver_runs="Solver statistics of each group of lessons that share people or aircraft: bound, gap, seconds.",
    deps=["reference_snapshot"],
)
def solve_plan(
    context: dg.AssetExecutionContext,
    reschedule_candidates: DataFrame,
    at_risk_bookings: DataFrame,
    booking_snapshot: DataFrame,
    availability_snapshot: DataFrame,
    engine: dg.ResourceParam[Engine],
    settings: dg.ResourceParam[Settings],
    shards: dg.ResourceParam[Shards],
) -> tuple[DataFrame, DataFrame]:
    """Choose the alternatives of all lessons jointly, with OR-Tools; after them, the slots kept without flying."""

    def choose(
        hour: datetime, candidates: DataFrame, at_risk: DataFrame, bookings: DataFrame, available: DataFrame
    ) -> tuple[DataFrame, DataFrame]:
        choice = joint_plan.choose_plan(engine, candidates, at_risk, bookings, available, hour, settings, shards)
        return choice.proposals, choice.runs

    plan, runs = several_by_hour(
        context, choose, reschedule_candidates, at_risk_bookings, booking_snapshot, availability_snapshot
    )
    context.add_output_metadata(asset_metadata.plan_metadata(plan, at_risk_bookings), "reschedule_plan")
    context.add_output_metadata(asset_metadata.solver_runs_metadata(runs), "solver_runs")
    return plan, runs


@hourly_asset(GROUP, kinds={"openai", "postgres"}, pool="openai")
def reschedule_proposals(
    context: dg.AssetExecutionContext,
    reschedule_plan: DataFrame,
    booking_snapshot: DataFrame,
    at_risk_bookings: DataFrame,
    engine: dg.ResourceParam[Engine],
    ranker: dg.ResourceParam[OpenAIRanker | None],
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> DataFrame:
    """The plan's alternatives, ranked by the LLM; ranked by the planner where no reply of the LLM passed its checks."""
    hours: list[ranking.RankedHour] = []

    def rank(hour: datetime, plan: DataFrame, bookings: DataFrame, at_risk: DataFrame) -> DataFrame:
        hours.append(ranking.rank_hour(engine, ranker, plan, bookings, at_risk, hour, clock.now(), settings))
        return hours[-1].proposals

    with retry_transient_faults(context):
        proposals = by_hour(context, rank, reschedule_plan, booking_snapshot, at_risk_bookings)
    shown = asset_metadata.proposals_metadata(proposals, at_risk_bookings, booking_snapshot)
    context.add_output_metadata({**shown, **asset_metadata.ranking_metadata(hours, booking_snapshot)})
    context.log.info(asset_metadata.proposed_sentence(proposals, at_risk_bookings))
    return proposals
