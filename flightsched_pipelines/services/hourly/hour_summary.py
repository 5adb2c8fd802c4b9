"""Summarize an hour for people: figures, threatened lessons with their alternatives, and one booking's explanation."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import Engine

from flightsched_pipelines.database.frames import read_partition
from flightsched_pipelines.database.schema import PIPELINE_TABLES
from flightsched_pipelines.domain.rescheduling.search.feasible_starts import NO_SLOT_LEFT
from flightsched_pipelines.domain.risk.breach_text import Breach, breach_of, forecast_value, rule_name
from flightsched_pipelines.domain.risk.rules import NOT_FLOWN
from flightsched_pipelines.services.hourly import hourly_steps
from flightsched_pipelines.services.hourly.unknown_lessons import beyond_reach
from flightsched_pipelines.settings import Settings


@dataclass(frozen=True, slots=True)
class Alternative:
    """An alternative of a lesson, in words for people; ``form`` is flight, or what the lesson is at its own time."""

    starts_at_utc: datetime
    reason: str
    form: str


@dataclass(frozen=True, slots=True)
class ThreatenedLesson:
    """A threatened lesson and its alternatives; ``gravest`` is its gravest breach in a few words."""

    booking_id: int
    reference: str
    starts_at_utc: datetime
    time_zone: str
    departure: str
    training_level: str
    solo: bool
    why: str
    gravest: str
    alternatives: tuple[Alternative, ...]


@dataclass(frozen=True, slots=True)
class HourSummary:
    """One hour in figures.

    ``bookings`` counts the lessons that start within the look-ahead, ``not_assessed`` those of them without a verdict
    (an hour of an older version has none), ``beyond_reach`` the unknown ones whose forecast ends before them,
    ``unknown`` the others, ``ranked_by_llm`` those whose alternatives the LLM ranked, ``unplaceable``
    those without an available slot, by the constraint that ruled out the last one.
    """

    hour_utc: datetime
    weather_source: str
    lookahead_hours: int
    bookings: int
    not_assessed: int
    ok: int
    watch: int
    unknown: int
    unknown_within_24_hours: int
    beyond_reach: int
    at_risk: int
    with_three_alternatives: int
    without_alternatives: int
    proposals: int
    ranked_by_llm: int
    unplaceable: Mapping[str, int]
    seconds: float
    weather_failures: tuple[str, ...]
    lessons: tuple[ThreatenedLesson, ...]


def summarise_hour(engine: Engine, hour_utc: datetime, settings: Settings, seconds: float) -> HourSummary:
    """Read an hour's stored rows into a summary."""
    rows = {
        name: read_partition(engine, PIPELINE_TABLES[name], [hour_utc])
        for name in (
            "raw_weather",
            "booking_snapshot",
            "lesson_verdicts",
            "at_risk_bookings",
            "reschedule_proposals",
            "unplaceable_bookings",
        )
    }
    bookings, broken, proposals = rows["booking_snapshot"], rows["at_risk_bookings"], rows["reschedule_proposals"]
    ahead = hourly_steps.lessons_ahead(bookings, hour_utc, settings.lookahead_hours)
    soon = hourly_steps.lessons_ahead(bookings, hour_utc, 24)
    assessed = rows["lesson_verdicts"]
    verdicts = broken.drop_duplicates("booking_id").set_index("booking_id")["verdict"]
    counts = {verdict: int((verdicts == verdict).sum()) for verdict in ("at_risk", "watch", "unknown")}
    flown = proposals[proposals["verdict"] != NOT_FLOWN]
    alternatives = flown.groupby("booking_id").size()
    failures = rows["raw_weather"]["error"].dropna()
    beyond = beyond_reach(engine, hour_utc, hour_utc).get(hour_utc, frozenset[int]())
    return HourSummary(
        hour_utc=hour_utc,
        weather_source=settings.weather_source,
        lookahead_hours=settings.lookahead_hours,
        bookings=len(ahead),
        not_assessed=int((~ahead["booking_id"].isin(assessed["booking_id"])).sum()),
        ok=int((assessed["verdict"] == "ok").sum()),
        watch=counts["watch"],
        unknown=counts["unknown"] - len(beyond),
        unknown_within_24_hours=int(soon["booking_id"].isin(set(verdicts.index[verdicts == "unknown"]) - beyond).sum()),
        beyond_reach=len(beyond),
        at_risk=counts["at_risk"],
        with_three_alternatives=int((alternatives >= 3).sum()),
        without_alternatives=counts["at_risk"] - len(alternatives),
        proposals=len(flown),
        ranked_by_llm=int(proposals.loc[proposals["ranked_by"] == "llm", "booking_id"].nunique()),
        unplaceable=_why_none(rows["unplaceable_bookings"], counts["at_risk"] - len(alternatives)),
        seconds=round(seconds, 1),
        weather_failures=tuple(str(sentence) for sentence in failures),
        lessons=tuple(_lessons(ahead, broken, proposals)),
    )


def _why_none(unplaceable: pd.DataFrame, without: int) -> Mapping[str, int]:
    """Number of lessons without an alternative, by the constraint; those that had slots lost them to other lessons."""
    reasons = Counter[str](unplaceable["reason"].tolist())
    return reasons + Counter({NO_SLOT_LEFT: without - reasons.total()})


def _lessons(bookings: pd.DataFrame, broken: pd.DataFrame, proposals: pd.DataFrame) -> list[ThreatenedLesson]:
    at_risk = broken[(broken["verdict"] == "at_risk") & (broken["breach_rank"] == 1)]
    gravest = {int(row["booking_id"]): breach_of(row) for row in at_risk.to_dict("records")}
    threatened = at_risk[["booking_id", "explanation"]].merge(bookings, on="booking_id")
    by_booking = dict(tuple(proposals.sort_values("rank").groupby("booking_id")))
    return [
        ThreatenedLesson(
            booking_id=int(row["booking_id"]),
            reference=row["reference"],
            starts_at_utc=row["starts_at_utc"],
            time_zone=row["time_zone"],
            departure=row["departure"],
            training_level=row["training_level"],
            solo=bool(row["solo"]),
            why=row["explanation"],
            gravest=_in_short(gravest[int(row["booking_id"])]),
            alternatives=tuple(
                Alternative(proposal["starts_at_utc"], proposal["reason"], _form(proposal))
                for proposal in by_booking.get(row["booking_id"], proposals.head(0)).to_dict("records")
            ),
        )
        for row in threatened.sort_values(["starts_at_utc", "booking_id"]).to_dict("records")
    ]


def _form(proposal: Mapping[Any, Any]) -> str:
    if proposal["verdict"] != NOT_FLOWN:
        return "flight"
    return "ground" if pd.isna(proposal["aircraft_id"]) else "simulator"


def _in_short(breach: Breach) -> str:
    """Return a breach in as few words as a line has room for: "visibility 1/2 SM", "convection (TS)"."""
    name = rule_name(breach)
    return name if breach.value is None else f"{name.lower()} {forecast_value(breach)}"
