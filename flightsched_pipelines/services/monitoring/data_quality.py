"""Measure data-quality checks for an hour.

If the LLM is off, its checks are not measured: they neither pass nor fail.
"""

from collections.abc import Sequence
from datetime import datetime

import pandas as pd
from sqlalchemy import Engine

from flightsched_pipelines.database.frames import partition_rows, read_partition
from flightsched_pipelines.database.queries import llm_calls
from flightsched_pipelines.database.queries.monitoring import health
from flightsched_pipelines.database.queries.schedule import bookings as schedule
from flightsched_pipelines.database.schema import ACTIVE_STATUSES, PIPELINE_TABLES
from flightsched_pipelines.domain.monitoring.check_definition import Measurement
from flightsched_pipelines.domain.monitoring.statistics import outside_usual_range, share_percent, worst
from flightsched_pipelines.domain.rescheduling.validation.validation_records import BOOKING_FACTS
from flightsched_pipelines.domain.risk.guidance_view import SEEN_COLUMNS, seen_by_both
from flightsched_pipelines.domain.risk.limits.loosened_limits import loosened
from flightsched_pipelines.domain.risk.rules import NOT_FLOWN
from flightsched_pipelines.domain.weather.areas.products import AREA_PRODUCTS
from flightsched_pipelines.domain.weather.forecast_quality import (
    PLAUSIBLE,
    REQUIRED_COLUMNS,
    contradictions,
    implausible,
    jumps,
    oldest_taf_hours,
    uncovered,
    unread_words,
)
from flightsched_pipelines.domain.weather.guidance.bulletin import GUIDANCE_SOURCES
from flightsched_pipelines.durations import DAY, HOUR
from flightsched_pipelines.formatting import format_utc
from flightsched_pipelines.services.credentials import shortcomings
from flightsched_pipelines.services.hourly import hourly_steps, proposal_validation
from flightsched_pipelines.services.hourly.reference import Reference, reference_at
from flightsched_pipelines.services.hourly.shards import NO_SHARDS, Shards
from flightsched_pipelines.services.monitoring.llm_model import of_model
from flightsched_pipelines.settings import Settings

USUAL_HOURS = 72


def measure_units(engine: Engine, hours: Sequence[datetime]) -> Measurement:
    """Measure forecast rows that are physically implausible."""
    found: list[Measurement] = []
    for hour in hours:
        rows = _rows(engine, "forecasts", hour, ["airport", "hour_utc", *PLAUSIBLE])
        words = implausible(rows)
        found.append(Measurement(len(words), len(rows), "forecast rows", words))
    return worst(found)


def measure_weather(engine: Engine, hours: Sequence[datetime]) -> dict[str, Measurement]:
    """Measure the weather checks of these hours, the worst hour of each."""
    return _worst_of_each([_weather_of(engine, hour) for hour in hours])


def measure_lessons(
    engine: Engine, hours: Sequence[datetime], now_utc: datetime, settings: Settings
) -> dict[str, Measurement]:
    """Measure the checks on verdicts and proposals of these hours, the worst hour of each."""
    found = _worst_of_each([_lessons_of(engine, hour, settings) for hour in hours])
    if settings.openai_api_key is not None:
        midnight = now_utc.replace(hour=0, minute=0, second=0, microsecond=0)
        spent = llm_calls.spent_usd(engine, midnight)
        percent = share_percent(spent, settings.openai_daily_budget_usd)
        found["llm_cost_is_in_budget"] = Measurement(percent, 1, "budgets", [f"${spent:.2f}"])
    model = of_model(settings, now_utc)
    return found if model is None else found | {"llm_model_stays": model}


def measure_proposals(
    engine: Engine, hours: Sequence[datetime], settings: Settings, shards: Shards = NO_SHARDS
) -> tuple[Measurement, int]:
    """Measure violations of these hours' proposals, with the number of checks; record hours without any as validated.

    An hour in which nothing is threatened has no proposals: its lessons count as examined. An hour without lessons has
    nothing to validate; its written tables count as examined.
    """
    found: list[Measurement] = []
    checks = 0
    for hour in hours:
        proof = proposal_validation.validate_proposals(engine, hour, settings, shards)
        words = proof.sentences() + proposal_validation.lost_alternatives(engine, hour)
        examined = proof.examined or proposal_validation.examined_without_proposals(engine, hour)
        found.append(Measurement(len(words), examined, "proposals", words))
        checks += proof.checks
    measured = worst(found)
    if measured.examined and not measured.value:
        for hour, one in zip(hours, found, strict=True):
            proposal_validation.record_validated(engine, hour, one.examined)
    return measured, checks


def _weather_of(engine: Engine, hour: datetime) -> dict[str, Measurement]:
    forecasts = _rows(engine, "forecasts", hour, REQUIRED_COLUMNS)
    observed = _rows(engine, "observations", hour, REQUIRED_COLUMNS)
    airports = schedule.airports(engine)["airport"]
    gaps = [f"{airport} at {format_utc(hour)}" for airport in uncovered(forecasts, airports, hour)]
    age, with_taf = oldest_taf_hours(forecasts)
    moved, moves = jumps(forecasts, observed, _rows(engine, "observations", hour - HOUR, REQUIRED_COLUMNS))
    apart, pairs = contradictions(forecasts)
    unread, words, stations = unread_words(forecasts, observed)
    return {
        "providers_answer": _responses_of(engine, hour),
        "airports_are_covered": Measurement(len(gaps), len(airports), "airports", gaps),
        "tafs_are_fresh": Measurement(age, with_taf, "airports with a TAF"),
        "words_are_understood": Measurement(words, stations, "stations", unread),
        "weather_moves_plausibly": Measurement(len(moved), moves, "pairs of hours", moved),
        "providers_agree": Measurement(share_percent(len(apart), pairs), pairs, "pairs of sources", apart),
        **_areas_of(engine, hour),
    }


def _areas_of(engine: Engine, hour: datetime) -> dict[str, Measurement]:
    """Measure what could not be read of an hour's hazard areas; nothing if none were asked for."""
    asked = _rows(engine, "raw_weather", hour, ["product"])["product"].isin(AREA_PRODUCTS).sum()
    problems = _rows(engine, "hazard_areas", hour, ["problem"])["problem"].dropna().tolist()
    measured = Measurement(len(problems), int(asked), "products", problems)
    return {"areas_can_be_read": measured} if asked else {}


def _responses_of(engine: Engine, hour: datetime) -> Measurement:
    answers = _rows(engine, "raw_weather", hour, ["provider", "error"])
    shares = answers["error"].notna().groupby(answers["provider"]).mean() * 100
    words = list(answers["error"].dropna().unique())
    return Measurement(float(shares.max()) if len(shares) else 0.0, len(answers), "answers", words)


def _lessons_of(engine: Engine, hour: datetime, settings: Settings) -> dict[str, Measurement]:
    bookings = _rows(engine, "booking_snapshot", hour, ["booking_id", "starts_at_utc", "status", "form"])
    broken = _rows(engine, "at_risk_bookings", hour, ["booking_id", "verdict"])
    verdicts = _rows(engine, "lesson_verdicts", hour, ["booking_id", "verdict"])
    proposals = _rows(engine, "reschedule_proposals", hour, ["booking_id", "ranked_by", "verdict"])
    proposals = proposals[proposals["verdict"] != NOT_FLOWN]
    soon = hourly_steps.lessons_ahead(bookings, hour, hours=24)["booking_id"]
    # A lesson that was to be assessed and has no verdict is as unknown as one whose forecast cannot be read.
    known = verdicts.loc[verdicts["verdict"] != "unknown", "booking_id"]
    unknown = (~soon.isin(known)).sum()
    threatened = set(broken.loc[broken["verdict"] == "at_risk", "booking_id"])
    without = len(threatened - set(proposals["booking_id"]))
    shares = health.risk_shares(engine, hour - USUAL_HOURS * HOUR, hour)
    percents = {at: share_percent(*counts) for at, counts in shares.items()}
    beyond = outside_usual_range(percents.get(hour, 0.0), [percent for at, percent in percents.items() if at < hour])
    # A day without lessons, or without a threatened one, passes; an hour without any booking was not read.
    held = len(bookings)
    then = reference_at(engine, hour, settings)
    minimums, lacking = then.minimums, _lacking(engine, hour, then)
    faults = minimums["fault"].dropna().tolist()
    looser = [f"school.weather_minimums row {one.minimum_id}: {one.sentence}" for one in loosened(minimums)]
    found = {
        "rows_can_be_read": Measurement(len(faults), len(minimums), "minimums", faults),
        "lessons_meet_requirements": Measurement(len(lacking), held, "bookings", lacking),
        "minimums_are_not_loosened": Measurement(len(looser), len(minimums), "minimums", looser),
        "unknown_share_is_low": Measurement(share_percent(int(unknown), len(soon)), held, "bookings"),
        "at_risk_share_is_usual": Measurement(beyond, held, "bookings", [f"{percents.get(hour, 0.0):.0f} % at risk"]),
        "threatened_have_alternatives": Measurement(share_percent(without, len(threatened)), held, "bookings"),
    }
    found |= _guidance_of(engine, hour, settings)
    if settings.openai_api_key is not None:
        by = proposals.drop_duplicates("booking_id")["ranked_by"]
        found["llm_ranks"] = Measurement(share_percent(int((by != "llm").sum()), len(by)), held, "bookings")
    return found


def _guidance_of(engine: Engine, hour: datetime, settings: Settings) -> dict[str, Measurement]:
    """Measure the lessons of which TAF and guidance give different verdicts; nothing where no guidance came."""
    forecasts = _rows(engine, "forecasts", hour, SEEN_COLUMNS)
    if not forecasts["source"].isin(GUIDANCE_SOURCES).any():
        return {}
    then = hourly_steps.settings_at(engine, hour, settings)
    bookings = read_partition(engine, PIPELINE_TABLES["booking_snapshot"], [hour])
    lessons = hourly_steps.lessons_ahead(bookings, hour, then.lookahead_hours)
    compared = len(seen_by_both(lessons, forecasts, then.booking_buffer_minutes))
    told = _rows(engine, "lesson_verdicts", hour, ["booking_id", "uncertainty"]).dropna()
    apart = lessons[["booking_id", "reference"]].merge(told, on="booking_id")
    words = [f"{one.reference}: {one.uncertainty}" for one in apart.itertuples()]
    # An hour without a lesson under a TAF passes; one without any booking was not read.
    return {"guidance_agrees": Measurement(share_percent(len(apart), compared), len(bookings), "bookings", words)}


def _lacking(engine: Engine, hour: datetime, then: Reference) -> list[str]:
    """The lessons that lack what is required of them, by reference: of what nobody here learns."""
    if not then.credentials.requirements:
        return []
    with engine.connect() as connection:
        bookings = partition_rows(connection, PIPELINE_TABLES["booking_snapshot"], BOOKING_FACTS, hour)
    horizon = hour + then.settings["reschedule_horizon_days"] * DAY
    ahead = [row for row in bookings if hour <= row["starts_at_utc"] < horizon and row["status"] in ACTIVE_STATUSES]
    short = shortcomings(ahead, bookings, then.credentials)
    return list(dict.fromkeys(row["reference"] for row, _ in short))


def _rows(engine: Engine, table: str, hour: datetime, names: Sequence[str]) -> pd.DataFrame:
    return read_partition(engine, PIPELINE_TABLES[table], [hour], names=names)


def _worst_of_each(of_hours: Sequence[dict[str, Measurement]]) -> dict[str, Measurement]:
    names = dict.fromkeys(name for of_hour in of_hours for name in of_hour)
    return {name: worst([of_hour[name] for of_hour in of_hours if name in of_hour]) for name in names}
