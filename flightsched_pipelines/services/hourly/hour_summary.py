"""Summarize an hour for people: figures, threatened lessons with their alternatives, and one booking's explanation."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import pandas as pd
from sqlalchemy import Engine

from flightsched_pipelines.database.frames import newest_partition, read_partition
from flightsched_pipelines.database.schema import PIPELINE_TABLES
from flightsched_pipelines.domain.rescheduling.feasible_starts import NO_SLOT_LEFT
from flightsched_pipelines.domain.risk.explain import explain
from flightsched_pipelines.errors import PlainError
from flightsched_pipelines.services.hourly import hourly_steps
from flightsched_pipelines.settings import Settings


class NothingStoredError(PlainError, ValueError):
    """The hour is not stored, or does not contain the booking."""


@dataclass(frozen=True, slots=True)
class Alternative:
    """An alternative of a lesson, in words for people."""

    starts_at_utc: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class ThreatenedLesson:
    """A threatened lesson and its alternatives."""

    booking_id: int
    reference: str
    starts_at_utc: datetime
    time_zone: str
    departure: str
    training_level: str
    solo: bool
    why: str
    alternatives: tuple[Alternative, ...]


@dataclass(frozen=True, slots=True)
class HourSummary:
    """One hour in figures.

    ``bookings`` counts the lessons that start within the look-ahead, ``not_assessed`` those of them without a verdict
    (an hour of an older version has none), ``ranked_by_llm`` those whose alternatives the LLM ranked, ``unplaceable``
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
    alternatives = proposals.groupby("booking_id").size()
    failures = rows["raw_weather"]["error"].dropna()
    return HourSummary(
        hour_utc=hour_utc,
        weather_source=settings.weather_source,
        lookahead_hours=settings.lookahead_hours,
        bookings=len(ahead),
        not_assessed=int((~ahead["booking_id"].isin(assessed["booking_id"])).sum()),
        ok=int((assessed["verdict"] == "ok").sum()),
        watch=counts["watch"],
        unknown=counts["unknown"],
        unknown_within_24_hours=int(soon["booking_id"].isin(verdicts.index[verdicts == "unknown"]).sum()),
        at_risk=counts["at_risk"],
        with_three_alternatives=int((alternatives >= 3).sum()),
        without_alternatives=counts["at_risk"] - len(alternatives),
        proposals=len(proposals),
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


def explain_booking(engine: Engine, booking: str, hour_utc: datetime | None, settings: Settings) -> str:
    """Explain in words a booking's verdict at a stored hour (the newest unless named).

    Raises:
        NothingStoredError: no hour is stored, or the booking (an id or a reference) is not among its lessons.
    """
    hour = hour_utc or newest_partition(engine, PIPELINE_TABLES["booking_snapshot"])
    if hour is None:
        raise NothingStoredError("No hour has been run yet; run `flightsched tick` first")
    lessons = read_partition(engine, PIPELINE_TABLES["booking_snapshot"], [hour])
    named = lessons[(lessons["reference"] == booking) | (lessons["booking_id"].astype(str) == booking)]
    if named.empty:
        raise NothingStoredError(
            f"Booking '{booking}' is not among the bookings of {hour:%Y-%m-%d %H}Z; give an id or a reference"
        )
    held = hourly_steps.lessons_ahead(named, hour, settings.lookahead_hours)
    if held.empty and named["starts_at_utc"].iloc[0] < hour:
        return f"{named['reference'].iloc[0]} had begun by {hour:%Y-%m-%d %H}Z, so that hour did not assess it."
    if held.empty:
        return (
            f"{named['reference'].iloc[0]} does not start within {settings.lookahead_hours} hours of "
            f"{hour:%Y-%m-%d %H}Z, so it was not compared with that hour's forecast."
        )
    broken = PIPELINE_TABLES["at_risk_bookings"]
    breaches = read_partition(engine, broken, [hour], broken.c.booking_id == int(held["booking_id"].iloc[0]))
    if len(breaches):
        rows = breaches.sort_values("breach_rank").to_dict("records")
        return explain(held.to_dict("records")[0], rows, str(rows[0]["verdict"]))
    forecasts = read_partition(engine, PIPELINE_TABLES["forecasts"], [hour])
    assessment = hourly_steps.assess_lessons(engine, held, forecasts, hour, settings)
    return assessment.words(0)


def _lessons(bookings: pd.DataFrame, broken: pd.DataFrame, proposals: pd.DataFrame) -> list[ThreatenedLesson]:
    at_risk = broken[broken["verdict"] == "at_risk"].drop_duplicates("booking_id")
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
            alternatives=tuple(
                Alternative(proposal["starts_at_utc"], proposal["reason"])
                for proposal in by_booking.get(row["booking_id"], proposals.head(0)).to_dict("records")
            ),
        )
        for row in threatened.sort_values(["starts_at_utc", "booking_id"]).to_dict("records")
    ]
