"""Counts, tables and pictures of each asset, as Dagster metadata: the picture first, then tables, then numbers.

Names of people are never among them: a lesson is named by its reference. A time is shown in the zone of the departure,
and in UTC.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import dagster as dg
import pandas as pd

from flightsched_pipelines.database.frames import PARTITION_HOUR
from flightsched_pipelines.defs.metadata_tables import Metadata, metadata_table
from flightsched_pipelines.domain.cases.lifecycle import StepEvent
from flightsched_pipelines.domain.risk.bookings import VERDICTS
from flightsched_pipelines.domain.risk.breach_text import breach_brief, breach_of
from flightsched_pipelines.domain.risk.rules import NOT_FLOWN
from flightsched_pipelines.formatting import format_time, format_utc, plural
from flightsched_pipelines.reporting import charts, page
from flightsched_pipelines.reporting.metrics import METRICS
from flightsched_pipelines.reporting.models import Report
from flightsched_pipelines.services.delivery.outbox_worker import DeliveryResult
from flightsched_pipelines.services.hourly.ranking import RankedHour
from flightsched_pipelines.services.monitoring.operations_report import risk_map
from flightsched_pipelines.services.notifications.dispatch import DispatchResult
from flightsched_pipelines.services.standby.offers import StandbyResult

MAX_LESSONS_SHOWN = 12


def raw_weather_metadata(responses: pd.DataFrame, source: str) -> Metadata:
    """Count the provider responses, and list each failure with its sentence."""
    failed = responses[responses["error"].notna()]
    return {
        "failures": metadata_table(failed, ["product", "error", "provider", "outcome"]),
        "source": source,
        "responses": len(responses),
        "responses_failed": len(failed),
        "megabytes": round(float(responses["body"].str.len().sum()) / 1e6, 3),
    }


def observations_metadata(observed: pd.DataFrame) -> Metadata:
    """Count the reports, and the airports below VFR."""
    return {
        "reports": len(observed),
        "airports_below_vfr": int(observed["flight_category"].isin(["MVFR", "IFR", "LIFR"]).sum()),
        "reports_incomplete": int((observed["missing"].str.len() > 0).sum()),
    }


def forecasts_metadata(forecasts: pd.DataFrame) -> Metadata:
    """List the source in use for each airport, and count the rows that are unreadable."""
    governing = forecasts[forecasts["governs"]]
    return {
        "forecast_sources": metadata_table(
            governing.groupby(["airport", "source", "station", "station_distance_nm"], as_index=False)
            .agg(first_hour_utc=("hour_utc", "min"), last_hour_utc=("hour_utc", "max"), rows=("hour_utc", "size"))
            .sort_values(["airport", "first_hour_utc"]),
        ),
        "airports": int(governing["airport"].nunique()),
        "rows_used": len(governing),
        "rows_not_used": len(forecasts) - len(governing),
        "rows_unreadable": int((governing["missing"].str.len() > 0).sum()),
    }


def bookings_metadata(bookings: pd.DataFrame, age_minutes: float | None) -> Metadata:
    """Count the bookings by status, and state how old the schedule is if the school imports it."""
    return {
        "by_status": metadata_table(bookings.groupby("status", as_index=False).size()),
        "bookings": len(bookings),
        **({} if age_minutes is None else {"schedule_age_minutes": round(age_minutes, 1)}),
    }


def of_verdicts(verdicts: pd.DataFrame) -> Metadata:
    """Count the assessed lessons by verdict."""
    counts = verdicts["verdict"].value_counts()
    return {"lessons": len(verdicts), **{verdict: int(counts.get(verdict, 0)) for verdict in reversed(VERDICTS)}}


def risk_metadata(verdicts: pd.DataFrame, broken: pd.DataFrame, bookings: pd.DataFrame) -> Metadata:
    """Show the picture of airports and hours at risk, the lessons at the highest risk, and counts by verdict."""
    return {
        "risk_by_airport_and_hour": dg.MetadataValue.md(
            "No lesson was assessed." if verdicts.empty else risk_map_image(broken)
        ),
        "highest_risk_lessons": metadata_table(highest_risk_lessons(broken, bookings)),
        **of_verdicts(verdicts),
    }


def assessed_sentence(verdicts: pd.DataFrame) -> str:
    """Return what came of an assessment: "44 lessons assessed: 4 at_risk, 3 unknown, 5 watch, 32 ok."."""
    counts = verdicts["verdict"].value_counts()
    by_verdict = ", ".join(f"{counts.get(verdict, 0)} {verdict}" for verdict in reversed(VERDICTS))
    return f"{plural(len(verdicts), 'lesson')} assessed: {by_verdict}."


def highest_risk_lessons(broken: pd.DataFrame, bookings: pd.DataFrame) -> pd.DataFrame:
    """The lessons at risk with the most breached rules, soonest first among equals, one row per lesson."""
    at_risk, lesson = broken[broken["verdict"] == "at_risk"], [PARTITION_HOUR, "booking_id"]
    most = (
        at_risk.groupby(lesson, as_index=False)
        .agg(rules_breached=("rule", "nunique"))
        .merge(bookings, on=lesson)
        .sort_values(["rules_breached", "starts_at_utc", "booking_id"], ascending=[False, True, True])
        .head(MAX_LESSONS_SHOWN)
    )
    gravest = most[lesson].merge(at_risk[at_risk["breach_rank"] == 1], on=lesson)
    shown = with_local_start(most.assign(gravest_breach=[_in_short(row) for row in gravest.to_dict("records")]))
    return shown[["reference", "gravest_breach", "starts", "rules_breached"]]


def with_local_start(bookings: pd.DataFrame) -> pd.DataFrame:
    """Bookings with ``starts``, their start as text in the zone of the departure and in UTC."""
    starts = zip(bookings["starts_at_utc"], bookings["time_zone"], strict=True)
    return bookings.assign(starts=[f"{format_time(at.to_pydatetime(), zone)} ({at:%H:%M} UTC)" for at, zone in starts])


def _in_short(row: Mapping[Any, Any]) -> str:
    return f"{breach_brief(breach_of(row))} at {row['airport']}, {format_utc(row['hour_utc'])}"


def risk_map_image(broken: pd.DataFrame) -> str:
    """Return the latest hour's picture: a row per airport, a column per hour, the worst verdict found there."""
    if broken.empty:
        return "Nothing is below the school's minimums."
    newest = broken[PARTITION_HOUR].max()
    of_newest = broken.loc[broken[PARTITION_HOUR].eq(newest)]
    risk = risk_map(of_newest, newest.to_pydatetime())
    return charts.risk_by_airport_and_hour(risk).markdown()


def candidates_metadata(candidates: pd.DataFrame, at_risk_bookings: pd.DataFrame) -> Metadata:
    """Count the candidates, and the lessons at risk that have none."""
    threatened = _threatened(at_risk_bookings)
    placed = set(candidates["booking_id"])
    return {
        "at_risk": len(threatened),
        "candidates": len(candidates),
        "without_candidates": len(threatened - placed),
        "candidates_beyond_the_forecast": int((candidates["verdict"] == "unforecast").sum()),
    }


def unplaceable_metadata(unplaceable: pd.DataFrame, bookings: pd.DataFrame) -> Metadata:
    """List the lessons without a slot, and the constraints that ruled out the last one."""
    named = unplaceable.merge(
        bookings[[PARTITION_HOUR, "booking_id", "reference", "starts_at_utc", "time_zone"]],
        on=[PARTITION_HOUR, "booking_id"],
    ).sort_values(["starts_at_utc", "booking_id"])
    return {
        "lessons": metadata_table(with_local_start(named.head(MAX_LESSONS_SHOWN)), ["reference", "reason", "starts"]),
        "reasons": metadata_table(unplaceable.groupby("reason", as_index=False).size()),
        "without_a_slot": len(unplaceable),
    }


def plan_metadata(plan: pd.DataFrame, at_risk_bookings: pd.DataFrame) -> Metadata:
    """Count the lessons at risk by their alternatives."""
    threatened = _threatened(at_risk_bookings)
    flown = _flown(plan)
    counts = flown.groupby("booking_id").size()
    return {
        "at_risk": len(threatened),
        "alternatives": len(flown),
        "slots_kept_without_flying": len(plan) - len(flown),
        "with_three_alternatives": int((counts >= 3).sum()),
        "without_alternatives": len(threatened - set(counts.index)),
    }


def solver_runs_metadata(runs: pd.DataFrame) -> Metadata:
    """Return solver statistics: what was proven, the gap to the bound, the gain on the greedy rule."""
    columns = ["component", "status", "gap", "rank", "lessons", "slots", "unplaced"]
    largest = runs.sort_values(["lessons", "component", "rank"], ascending=[False, True, True]).head(MAX_LESSONS_SHOWN)
    return {
        "largest_components": metadata_table(largest, [*columns, "seconds"]),
        "components": int(runs["component"].nunique()),
        "runs": len(runs),
        "runs_proven_optimal": int((runs["status"] == "optimal").sum()),
        "lessons_without_a_first_alternative": int(runs.loc[runs["rank"] == 1, "unplaced"].sum()),
        "cost_days_of_waiting": round(float(runs["cost"].sum()), 1),
        "greedy_cost_days_of_waiting": round(float(runs["greedy_cost"].sum()), 1),
        "largest_gap": round(float(runs["gap"].max()), 4) if runs["gap"].notna().any() else "unknown",
        "solver_seconds": round(float(runs["seconds"].sum()), 2),
    }


def ranking_metadata(hours: Sequence[RankedHour], bookings: pd.DataFrame) -> Metadata:
    """Return the source of the ranking, the results of the LLM calls, and their cost."""
    statuses = sum((Counter(hour.statuses) for hour in hours), Counter[str]())
    failures = pd.DataFrame(
        [(failure.booking_id, failure.status, failure.problem) for hour in hours for failure in hour.failures],
        columns=["booking_id", "status", "problem"],
    )
    references = bookings.drop_duplicates("booking_id")[["booking_id", "reference"]]
    return {
        "ranking": "; ".join(dict.fromkeys(hour.note for hour in hours if hour.note)) or "the LLM was asked",
        "llm_questions": sum(hour.questions for hour in hours),
        "llm_answers_reused": sum(hour.reused for hour in hours),
        "llm_waiting_for_redrive": sum(hour.waiting for hour in hours),
        "llm_calls": metadata_table(pd.DataFrame(sorted(statuses.items()), columns=["status", "calls"])),
        "llm_failures": metadata_table(
            failures.merge(references, on="booking_id").head(MAX_LESSONS_SHOWN), ["reference", "status", "problem"]
        ),
        "llm_tokens": sum(hour.tokens for hour in hours),
        "llm_cost_usd": round(sum(hour.cost_usd for hour in hours), 4),
    }


def proposals_metadata(proposals: pd.DataFrame, at_risk_bookings: pd.DataFrame, bookings: pd.DataFrame) -> Metadata:
    """List the first choices, and count the lessons at risk by their alternatives."""
    threatened = _threatened(at_risk_bookings)
    flown = _flown(proposals)
    counts = flown.groupby("booking_id").size()
    first = flown[flown["rank"] == 1].merge(
        bookings[[PARTITION_HOUR, "booking_id", "reference", "time_zone"]], on=[PARTITION_HOUR, "booking_id"]
    )
    soonest = with_local_start(first.sort_values("starts_at_utc").head(MAX_LESSONS_SHOWN))
    columns = ["reference", "starts", "verdict", "same_instructor", "same_aircraft"]
    return {
        "first_choices": metadata_table(soonest, columns),
        "at_risk": len(threatened),
        "proposals": len(flown),
        "slots_kept_without_flying": len(proposals) - len(flown),
        "with_three_alternatives": int((counts >= 3).sum()),
        "without_alternatives": len(threatened - set(counts.index)),
        "ranked_by": ", ".join(sorted(flown["ranked_by"].unique())) or "nobody",
    }


def proposed_sentence(proposals: pd.DataFrame, at_risk_bookings: pd.DataFrame) -> str:
    """Return what came of the search: "4 lessons at risk: 3 with alternatives (9 in all), 1 without."."""
    at_risk = _threatened(at_risk_bookings)
    kept, proposals = len(proposals), _flown(proposals)
    kept -= len(proposals)
    placed = at_risk & set(proposals["booking_id"])
    without = len(at_risk - placed)
    ranked_by = ", ".join(sorted(proposals["ranked_by"].unique()))
    found = f"{len(placed)} with alternatives ({len(proposals)} in all), {without} without"
    found += f"; {plural(kept, 'slot')} may be kept without flying" if kept else ""
    return f"{plural(len(at_risk), 'lesson')} at risk: {found}{ranked_by and f'; ranked by {ranked_by}'}."


def _flown(proposals: pd.DataFrame) -> pd.DataFrame:
    return proposals[proposals["verdict"] != NOT_FLOWN]


def _threatened(at_risk_bookings: pd.DataFrame) -> set[int]:
    return set(at_risk_bookings.loc[at_risk_bookings["verdict"] == "at_risk", "booking_id"])


def dispatch_metadata(result: DispatchResult) -> Metadata:
    """Return what became of the cases, and what was queued, held back and suppressed, with reasons."""
    steps = result.steps
    return {
        "hour": f"{result.hour_utc:%Y-%m-%dT%H}" if result.hour_utc else "",
        "dispatched_before": result.repeated,
        **{f"cases_{event}": steps.get(event, 0) for event in get_args(StepEvent)},
        "bookings_released": steps.get("released", 0),
        "messages_queued": sum(result.queued.values()),
        "unchanged": _counts(result.unchanged, "why"),
        "queued": _counts(result.queued, "channel"),
        "held_back": _counts(result.held_back, "why"),
        "suppressed": _counts(result.suppressed, "why"),
    }


def delivery_metadata(result: DeliveryResult) -> Metadata:
    """Return counts of messages sent, failed, given up and suppressed, and the channels that are down."""
    return {
        "sent": sum(result.sent.values()),
        "failed": sum(result.failed.values()),
        "dead": sum(result.dead.values()),
        "perhaps_delivered": sum(result.perhaps_delivered.values()),
        "deadlines_passed": sum(result.deadlines.values()),
        **{name.replace(" ", "_"): count for name, count in result.deadlines.items()},
        "sent_by_channel": _counts(result.sent, "channel"),
        "failed_by_channel": _counts(result.failed, "channel"),
        "dead_by_channel": _counts(result.dead, "channel"),
        "suppressed": _counts(result.suppressed, "why"),
        "channels_down": "; ".join(f"{channel}: {why}" for channel, why in sorted(result.down.items())),
    }


def report_metadata(
    report: Report, values: Mapping[str, float], file: Path, cloudwatch: str, pages_url: str | None
) -> Metadata:
    """The report with its pictures, where its page is, and each metric as a number that the UI plots over the hours."""
    return {
        "report": dg.MetadataValue.md(page.markdown(report)),
        "page": (
            dg.MetadataValue.url(f"{pages_url.rstrip('/')}/reports/{file.name}")
            if pages_url
            else dg.MetadataValue.text(f"{file.name} in the folder of reports; set PAGES_URL for a link")
        ),
        "cloudwatch": cloudwatch,
        **{key: float(values[key]) for key in METRICS if key in values},
    }


def standby_metadata(offers: StandbyResult) -> Metadata:
    """Return how many freed slots were examined and offered, and how the standby list changed."""
    return {
        "freed_slots_looked_at": offers.looked_at,
        "freed_slots_offered": offers.offered,
        "standby_joined": offers.joined,
        "standby_lapsed": offers.lapsed,
    }


def _counts(counts: Mapping[str, int], of: str) -> dg.MetadataValue:
    lines = [f"| {of} | |", "| --- | ---: |", *(f"| {name} | {number} |" for name, number in sorted(counts.items()))]
    return dg.MetadataValue.md("\n".join(lines) if counts else "none")
