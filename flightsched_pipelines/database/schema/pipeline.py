"""The materialised tables: a table an asset, a partition an hour."""

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Double,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)
from sqlalchemy.types import TypeEngine

from flightsched_pipelines.database.schema.base import INSTANT, WORDS, Kind, column, metadata, optional
from flightsched_pipelines.domain.weather.forecast_columns import FORECAST, Dtype

FIRST_HOUR_UTC = datetime(2026, 7, 1, tzinfo=UTC)
"""Nothing is stored of earlier hours."""

partitions = Table(
    "partitions",
    metadata,
    Column("name", Text, comment="Table that was written, or check that was passed."),
    Column("partition_hour", INSTANT, comment="The hour, UTC."),
    column("rows", Integer, "Rows written, or examined."),
    column("at", INSTANT, "When.", server_default=text("now()")),
    PrimaryKeyConstraint("name", "partition_hour"),
    Index("partitions_hour_idx", "partition_hour"),
    schema="pipeline",
    comment="Which hours of each table were materialised, and which hours' proposals were proven.",
)


def _hourly(name: str, comment: str, *columns: Column[Any], index: str) -> Table:
    """A materialised table: its hour first, and an index of hour and natural key."""
    hour = column("partition_hour", INSTANT, "The hour that the row belongs to: what was known then, UTC.")
    return Table(
        name,
        metadata,
        hour,
        *columns,
        Index(f"{name}_partition_hour_idx", "partition_hour", index),
        schema="pipeline",
        comment=comment,
    )


_TYPE_OF: Mapping[Dtype, TypeEngine[Any] | type[TypeEngine[Any]]] = MappingProxyType(
    {
        "str": Text, "datetime64[us, UTC]": INSTANT, "Int64": Integer, "float64": Double, "bool": Boolean,
        "object": WORDS,
    }
)  # fmt: skip


def _forecast_columns() -> list[Column[Any]]:
    """The columns of forecasts and observations."""
    return [
        (optional if declared.nullable else column)(
            name, Kind if declared.few else _TYPE_OF[declared.dtype], declared.meaning
        )
        for name, declared in FORECAST.items()
    ]


raw_weather = _hourly(
    "raw_weather",
    "Weather providers' answers, verbatim, one row a request.",
    column("provider", Text, "aviation_weather_center or open_weather_map."),
    column("product", Text, "taf, metar or one_call."),
    column("request", Text, "Path and query that were asked, without any key."),
    column("stations", WORDS, "Stations asked for."),
    column("fetched_at_utc", INSTANT, "When it was fetched, UTC."),
    optional("status_code", Integer, "HTTP status; null when no answer came."),
    column(
        "outcome", Text, "ok, empty, rate_limited, rejected, server_error, timeout, unreachable, not_json, too_large."
    ),
    optional("error", Text, "What went wrong, in a sentence."),
    optional("etag", Text, "ETag, for the next conditional request."),
    optional("last_modified", Text, "Last-Modified, likewise."),
    optional("body", Text, "The answer, verbatim."),
    index="product",
)

reference_snapshot = _hourly(
    "reference_snapshot",
    "What each hour depended on beside weather and schedule, a row a part.",
    column("part", Text, "airports, runways, minimums, requirements, credentials or settings."),
    column("digest", Text, "Under which reference_contents has it."),
    column("rows", Integer, "How many rows it has."),
    index="part",
)

reference_contents = Table(
    "reference_contents",
    metadata,
    Column("digest", Text, primary_key=True, comment="SHA-256 of the content, in hexadecimal."),
    column("content", Text, "Rows as JSON."),
    column("stored_at", INSTANT, "When it was first stored.", server_default=text("now()")),
    schema="pipeline",
    comment="What an hour depended on as it stood (reference_snapshot), each content once.",
)

observations = _hourly("observations", "METARs, one row a report.", *_forecast_columns(), index="airport")

forecasts = _hourly(
    "forecasts", "One row an airport, hour and forecast group that overlaps it.", *_forecast_columns(), index="airport"
)

booking_snapshot = _hourly(
    "booking_snapshot",
    "The bookings as they stood at the hour.",
    column("booking_id", BigInteger, "Booking."),
    column("reference", Text, "Name that people use for the booking."),
    optional("school_id", BigInteger, "School."),
    optional("student_id", BigInteger, "Who flies."),
    optional("instructor_id", BigInteger, "Who teaches; null for a solo flight."),
    optional("aircraft_id", BigInteger, "Aircraft."),
    optional("aircraft_type", Text, "Its type."),
    column("training_level", Kind, "Level of the student."),
    column("solo", Boolean, "Whether the student flies alone."),
    column("lesson_kind", Kind, "pattern, local or cross_country."),
    column("departure", Kind, "ICAO ident."),
    column("route", WORDS, "Idents after the departure, the last the destination."),
    column("starts_at_utc", INSTANT, "Start, UTC."),
    column("ends_at_utc", INSTANT, "End, UTC."),
    column("status", Text, "scheduled or weather_hold."),
    optional("aircraft_crosswind_kt", Double, "Demonstrated crosswind of the aircraft, knots."),
    column("time_zone", Text, "IANA zone of the departure."),
    optional("preferred_days", WORDS, "Days that suit the student: mon to sun; empty for any."),
    optional("preferred_parts", WORDS, "morning, afternoon, evening; empty for any."),
    optional("preferred_instructor_id", BigInteger, "Instructor that the student would rather fly with."),
    optional("latest_date", Date, "Last local day that is of use to the student."),
    optional("notice_hours", Integer, "Notice that the student needs, hours."),
    optional("last_lesson_at_utc", INSTANT, "When the student last flew before the hour, UTC."),
    optional("times_moved", Integer, "How often weather has moved the booking."),
    index="booking_id",
)

availability_snapshot = _hourly(
    "availability_snapshot",
    "When each school, student, instructor and aircraft could be used, as it stood at the hour.",
    column("school_id", BigInteger, "School."),
    column("resource", Text, "school, student, instructor or aircraft."),
    column("resource_id", BigInteger, "Which one."),
    column("starts_at_utc", INSTANT, "From when, UTC."),
    column("ends_at_utc", INSTANT, "To when, UTC."),
    optional("aircraft_type", Text, "Type, of aircraft."),
    optional("aircraft_crosswind_kt", Double, "Demonstrated crosswind, of aircraft, knots."),
    column("may_teach", WORDS, "Training levels, of instructors."),
    index="resource_id",
)

at_risk_bookings = _hourly(
    "at_risk_bookings",
    "Lessons that are not ok, one row a lesson, broken rule, airport and layer: the worst hour.",
    column("booking_id", BigInteger, "Booking."),
    column("verdict", Text, "watch, unknown or at_risk, of the whole lesson."),
    column("breach_rank", Integer, "Place among the lesson's breaches, 1 the gravest (docs/concepts/minimums.md)."),
    column("rule", Text, "What is below the minimum; forecast where there is none that can be read."),
    optional("effect", Text, "block or warn."),
    optional("value", Double, "What is forecast, in the unit; null for hazards."),
    optional("at_least", Boolean, "Whether the value is a bound: the visibility is at least that, as in P6SM."),
    optional("limit_value", Double, "The minimum, in the unit; null for hazards."),
    optional("margin", Double, "By how much the minimum is met: negative where it is not, in the unit."),
    optional("unit", Text, "SM, ft, kt or min."),
    optional("hazard", Text, "Hazard codes, or what is missing."),
    column("airport", Text, "Where."),
    column("hour_utc", INSTANT, "When: the worst hour, UTC."),
    optional("layer", Text, "prevailing or temporary."),
    optional("change", Text, "Kind of forecast group."),
    optional("probability", Integer, "Percent, of PROB groups; null in hours that an older version stored."),
    optional("source", Text, "TAF, METAR or OpenWeatherMap."),
    optional("station", Text, "Whose report."),
    optional(
        "station_distance_nm",
        Double,
        "How far the station is from the airport; null in hours that an older version stored.",
    ),
    optional("group_from_utc", INSTANT, "Start of the group, UTC."),
    optional("group_to_utc", INSTANT, "End of the group, UTC."),
    optional("reference", Text, "Who says so."),
    optional(
        "authority",
        Text,
        "Whose the limit is: school, default, regulation or field; null in hours that an older version stored.",
    ),
    column("explanation", Text, "The lesson's verdict in words."),
    index="booking_id",
)

lesson_verdicts = _hourly(
    "lesson_verdicts",
    "The verdict of every lesson that was assessed, one row a lesson; a lesson without a row was not assessed.",
    column("booking_id", BigInteger, "Booking."),
    column("verdict", Text, "ok, watch, unknown or at_risk, of the whole lesson and the time around it."),
    index="booking_id",
)

reschedule_candidates = _hourly(
    "reschedule_candidates",
    "Slots that work for each threatened lesson.",
    column("booking_id", BigInteger, "Booking."),
    column("slot", Integer, "Number of the slot, 1 the best."),
    column("starts_at_utc", INSTANT, "Start, UTC."),
    column("ends_at_utc", INSTANT, "End, UTC."),
    optional("instructor_id", BigInteger, "Instructor; null for a solo flight."),
    column("aircraft_id", BigInteger, "Aircraft."),
    column("verdict", Text, "ok, watch or unforecast (no forecast reaches it yet)."),
    optional("margin", Double, "Smallest relative margin over the minimums; null where unforecast."),
    column("same_instructor", Boolean, "Whether the instructor stays."),
    column("same_aircraft", Boolean, "Whether the aircraft stays."),
    column("minutes_moved", Integer, "How far the lesson moves, minutes; negative is earlier."),
    column("score", Double, "The lower the better, in days of waiting."),
    index="booking_id",
)

unplaceable_bookings = _hourly(
    "unplaceable_bookings",
    "Threatened lessons for which no slot was found, and the constraint that took the last one.",
    column("booking_id", BigInteger, "Booking."),
    column("reason", Text, "No instructor, no aircraft, no daylight, no weather, school closed, ..."),
    index="booking_id",
)


def _proposal() -> list[Column[Any]]:
    """The columns of an alternative."""
    return [
        column("booking_id", BigInteger, "Booking."),
        column("rank", Integer, "1 the first choice."),
        column("starts_at_utc", INSTANT, "Start, UTC."),
        column("ends_at_utc", INSTANT, "End, UTC."),
        optional("instructor_id", BigInteger, "Instructor; null for a solo flight."),
        column("aircraft_id", BigInteger, "Aircraft."),
        column("verdict", Text, "ok, watch or unforecast (no forecast reaches it yet)."),
        optional("margin", Double, "Smallest relative margin over the minimums; null where unforecast."),
        column("same_instructor", Boolean, "Whether the instructor stays."),
        column("same_aircraft", Boolean, "Whether the aircraft stays."),
        column("minutes_moved", Integer, "How far the lesson moves, minutes; negative is earlier."),
        column("score", Double, "The lower the better, in days of waiting."),
        column("ranked_by", Text, "Who put the alternatives in this order: planner or llm."),
        column("reason", Text, "Why this one, in words."),
    ]


reschedule_plan = _hourly(
    "reschedule_plan",
    "Up to three alternatives for each threatened lesson, which could all be held at once, as the planner ranks them.",
    *_proposal(),
    index="booking_id",
)

solver_runs = _hourly(
    "solver_runs",
    "How each part of the joint choice went, a row a component and rank.",
    column("component", BigInteger, "First booking of those that share people or aircraft, and are chosen together."),
    column("rank", Integer, "1 for the first alternatives, and so on."),
    column("lessons", Integer, "Lessons in the component."),
    column("slots", Integer, "Slots that were open."),
    column("status", Text, "optimal, feasible, broken (duty hours repaired), none, or not run."),
    column("chosen_by", Text, "Whose choice was better: solver or greedy."),
    column("unplaced", Integer, "Lessons that got no alternative of this rank."),
    column("cost", Double, "What was chosen costs, days of waiting, 200 for each lesson unplaced."),
    column("greedy_cost", Double, "What the greedy choice costs, likewise."),
    optional("bound", Double, "No choice costs less, likewise; null where unknown."),
    optional("gap", Double, "How far the cost lies above the bound, as a share of what the placed lessons cost."),
    column("seconds", Double, "Time it took, seconds."),
    index="component",
)

reschedule_proposals = _hourly(
    "reschedule_proposals",
    "The plan's alternatives, ranked and explained by the LLM where its answer passed every check.",
    *_proposal(),
    optional("prompt_version", Text, "Version of the prompt that the LLM was given; null for the planner."),
    optional("model", Text, "Model that ranked; null for the planner."),
    index="booking_id",
)

hourly_metrics = Table(
    "hourly_metrics",
    metadata,
    column("partition_hour", INSTANT, "The hour, UTC: the 60 minutes up to 20 minutes past it."),
    column("metric", Text, "Which metric; docs/dashboards.md has them all."),
    column("value", Double, "Its value, in the metric's unit."),
    PrimaryKeyConstraint("partition_hour", "metric"),
    schema="pipeline",
    comment="How the platform did, a row an hour and metric; what was not measured has no row.",
)

_NO_ASSETS = (partitions, hourly_metrics, reference_contents)

PIPELINE_TABLES: Mapping[str, Table] = MappingProxyType(
    {table.name: table for table in metadata.tables.values() if table.schema == "pipeline" and table not in _NO_ASSETS}
)
"""The materialised tables by the name of their asset."""
