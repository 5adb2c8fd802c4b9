"""Explain one booking at a stored hour: its verdict, its breaches, and the forecast that they rest on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import Engine, func

from flightsched_pipelines.database.frames import newest_partition, read_partition
from flightsched_pipelines.database.queries.schedule.person_lessons import uncertain_verdicts
from flightsched_pipelines.database.schema import PIPELINE_TABLES
from flightsched_pipelines.domain.risk.bookings import with_forms
from flightsched_pipelines.domain.risk.breach_text import Breach, breach_of
from flightsched_pipelines.domain.risk.explain import explain
from flightsched_pipelines.domain.weather.reports.report_lines import line_of_group, raw_reports
from flightsched_pipelines.errors import PlainError
from flightsched_pipelines.formatting import plural
from flightsched_pipelines.services.hourly import hourly_steps
from flightsched_pipelines.services.hourly.carburettor_advice import advice_for
from flightsched_pipelines.settings import Settings


class NothingStoredError(PlainError, ValueError):
    """The hour is not stored, or does not contain the booking."""


@dataclass(frozen=True, slots=True)
class ExplainedBreach:
    """One breach, whose report it is from, and the line of that report; empty where no report is behind it."""

    breach: Breach
    source: str
    line: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """A booking's verdict at an hour; ``None`` if that hour did not assess it, and ``words`` say why.

    ``words`` are for people who read no table. ``breaches`` are in order of time. ``uncertainty`` is a sentence where
    guidance would give another verdict than the TAF that governs, ``advice`` one on carburettor icing.
    """

    hour_utc: datetime
    reference: str
    departure: str
    starts_at_utc: datetime
    ends_at_utc: datetime
    time_zone: str
    training_level: str
    solo: bool
    verdict: str | None
    words: str
    breaches: Sequence[ExplainedBreach]
    uncertainty: str | None = None
    advice: str | None = None


def explain_booking(engine: Engine, booking: str, hour_utc: datetime | None, settings: Settings) -> Explanation:
    """Explain a booking's verdict at a stored hour (the newest unless given).

    Raises:
        NothingStoredError: no hour is stored, or the booking (an id or a reference) is not among its lessons.
    """
    hour = hour_utc or newest_partition(engine, PIPELINE_TABLES["booking_snapshot"])
    if hour is None:
        raise NothingStoredError("No hour has been run yet; run `flightsched tick` first")
    lessons = read_partition(engine, PIPELINE_TABLES["booking_snapshot"], [hour])
    same = lessons["reference"].str.upper() == booking.upper()
    named = lessons[same | (lessons["booking_id"].astype(str) == booking)]
    if named.empty:
        raise NothingStoredError(
            f"Booking '{booking}' is not among the bookings of {hour:%Y-%m-%d %H}Z; give an id or a reference"
        )
    reference = str(named["reference"].iloc[0])
    form = str(with_forms(named)["form"].iloc[0])
    if form != "flight":
        words = (
            f"{reference} is a {form} lesson: it does not depend on the weather, so no hour compares it with the "
            "school's minimums."
        )
        return _explanation(hour, named, None, words)
    assessed = hourly_steps.lessons_ahead(named, hour, settings.lookahead_hours)
    if assessed.empty and named["starts_at_utc"].iloc[0] < hour:
        words = f"{reference} had begun by {hour:%Y-%m-%d %H}Z, so that hour did not assess it."
        return _explanation(hour, named, None, words)
    if assessed.empty:
        words = (
            f"{reference} does not start within {plural(settings.lookahead_hours, 'hour')} of {hour:%Y-%m-%d %H}Z, "
            "so it was not compared with that hour's forecast."
        )
        return _explanation(hour, named, None, words)
    forecasts = read_partition(engine, PIPELINE_TABLES["forecasts"], [hour])
    booking_id = int(assessed["booking_id"].iloc[0])
    with engine.connect() as connection:
        uncertain = uncertain_verdicts(connection, hour, [booking_id])
    advice = advice_for(engine, assessed, forecasts).get(booking_id)
    found = _assessed(engine, assessed, forecasts, hour, settings)
    return replace(found, uncertainty=uncertain.get(booking_id), advice=advice)


def _assessed(
    engine: Engine, lesson: pd.DataFrame, forecasts: pd.DataFrame, hour: datetime, settings: Settings
) -> Explanation:
    broken = PIPELINE_TABLES["at_risk_bookings"]
    breaches = read_partition(engine, broken, [hour], broken.c.booking_id == int(lesson["booking_id"].iloc[0]))
    if len(breaches):
        rows = breaches.sort_values("breach_rank").to_dict("records")
        words = explain(lesson.to_dict("records")[0], rows, str(rows[0]["verdict"]))
        return _explanation(hour, lesson, str(rows[0]["verdict"]), words, _explained(engine, hour, rows))
    assessment = hourly_steps.assess_lessons(engine, lesson, forecasts, hour, settings)
    return _explanation(hour, lesson, str(assessment.verdicts.iloc[0]), assessment.words(0))


def _explanation(
    hour: datetime, lesson: pd.DataFrame, verdict: str | None, words: str, breaches: Sequence[ExplainedBreach] = ()
) -> Explanation:
    row = lesson.iloc[0]
    return Explanation(
        hour, str(row["reference"]), str(row["departure"]), row["starts_at_utc"].to_pydatetime(),
        row["ends_at_utc"].to_pydatetime(), str(row["time_zone"]), str(row["training_level"]), bool(row["solo"]),
        verdict, words, breaches,
    )  # fmt: skip


def _explained(engine: Engine, hour: datetime, rows: Sequence[Mapping[Any, Any]]) -> list[ExplainedBreach]:
    stations = {str(row["station"]) for row in rows if not pd.isna(row["station"])}
    raw = PIPELINE_TABLES["raw_weather"]
    asked = raw.c.product.in_(("taf", "metar")) & func.array_length(raw.c.stations, 1).is_not(None)
    bodies = read_partition(engine, raw, [hour], asked, names=["body"])["body"].dropna().tolist()
    reports = raw_reports(bodies, stations)
    found = [ExplainedBreach(breach_of(row), _source(row), _line(row, reports)) for row in rows]
    return sorted(found, key=lambda one: one.breach.from_utc)


def _source(row: Mapping[Any, Any]) -> str:
    if pd.isna(row["source"]):
        return ""
    change = "" if pd.isna(row["change"]) else f" {row['change']}"
    return f"{row['source']} {row['station']}{change}"


def _line(row: Mapping[Any, Any], reports: Mapping[tuple[str, str], str]) -> str:
    report = reports.get((str(row["source"]), str(row["station"])))
    if report is None or pd.isna(row["group_from_utc"]):
        return ""
    return line_of_group(report, str(row["change"]), row["group_from_utc"], row["group_to_utc"])
