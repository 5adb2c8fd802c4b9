"""The materialised tables: a table an asset, a partition an hour."""

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
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

from flightsched_pipelines.database.schema.base import INSTANT, WORDS, Kind, column, hourly_table, metadata, optional
from flightsched_pipelines.domain.weather.forecast_columns import FORECAST, Dtype

FIRST_HOUR_UTC = datetime(2026, 7, 1, tzinfo=UTC)
"""Nothing is stored of earlier hours."""

partitions = Table(
    "partitions",
    metadata,
    Column("name", Text, comment="Table that was written, or check that was passed."),
    Column("partition_hour", INSTANT, comment="The hour, UTC."),
    column("rows", Integer, "Rows written, or examined."),
    column("at", INSTANT, "Time of the write or check, UTC.", server_default=text("now()")),
    optional("archived_at", INSTANT, "When its rows were archived and deleted; null: they are in the table."),
    optional("archive_file", Text, "Their file in the archive, such as table=forecasts/date=2026-11-24/hour=10/..."),
    optional("archive_sha256", Text, "SHA-256 of that file, in hexadecimal."),
    CheckConstraint("num_nonnulls(archived_at, archive_file, archive_sha256) IN (0, 3)", name="archived"),
    PrimaryKeyConstraint("name", "partition_hour"),
    Index("partitions_hour_idx", "partition_hour"),
    schema="pipeline",
    comment="Hours of each table that were materialised, and hours whose proposals were validated.",
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


raw_weather = hourly_table(
    "raw_weather",
    "Weather providers' responses, verbatim, one row a request.",
    column("provider", Text, "aviation_weather_center, national_blend_of_models or open_weather_map."),
    column(
        "product",
        Text,
        "taf, metar, metar_history (every METAR of some hours), nbh, nbs, one_call, or an area product: airsigmet, "
        "isigmet, gairmet, cwa, tcf.",
    ),
    column("request", Text, "Path and query of the request, without any key."),
    column("stations", WORDS, "Stations asked for."),
    column("fetched_at_utc", INSTANT, "When it was fetched, UTC."),
    optional("status_code", Integer, "HTTP status; null without a response."),
    column(
        "outcome",
        Text,
        "ok, empty, rate_limited, rejected, server_error, timeout, unreachable, not_json, too_large, damaged (cut off, "
        "or not what was requested).",
    ),
    optional("error", Text, "What went wrong, in a sentence."),
    optional("etag", Text, "ETag, for the next conditional request."),
    optional("last_modified", Text, "Last-Modified, for the next conditional request."),
    optional("body", Text, "Response body, verbatim."),
    index="product",
)

reference_snapshot = hourly_table(
    "reference_snapshot",
    "Reference data of each hour beside weather and schedule, one row a part.",
    column("part", Text, "airports, runways, minimums, requirements, credentials or settings."),
    column("digest", Text, "Digest of the content in reference_contents."),
    column("rows", Integer, "Number of rows."),
    index="part",
)

reference_contents = Table(
    "reference_contents",
    metadata,
    Column("digest", Text, primary_key=True, comment="SHA-256 of the content, in hexadecimal."),
    column("content", Text, "Rows as JSON."),
    column("stored_at", INSTANT, "When it was first stored.", server_default=text("now()")),
    schema="school",  # some of it is personal
    comment="Reference data of hours (reference_snapshot), each content stored once.",
)

observations = hourly_table("observations", "METARs, one row a report.", *_forecast_columns(), index="airport")

forecasts = hourly_table(
    "forecasts", "One row an airport, hour and forecast group that overlaps it.", *_forecast_columns(), index="airport"
)

hazard_areas = hourly_table(
    "hazard_areas",
    "Hazard areas of the hour: SIGMETs, G-AIRMETs, center weather advisories, convective forecasts; one row an area.",
    column("product", Text, "airsigmet, isigmet, gairmet, cwa or tcf."),
    column("name", Text, "The area, as people name it, such as convective SIGMET 5W."),
    optional("hazard", Text, "What it is for; null where what or where it is cannot be read."),
    column("from_utc", INSTANT, "Start, UTC."),
    column("to_utc", INSTANT, "End, UTC."),
    column("base_ft", Double, "Base above mean sea level, feet; 0 for the surface."),
    optional("top_ft", Double, "Top above mean sea level, feet; null for none."),
    optional("outline", Text, "Outline in GeoJSON; null where it cannot be read: it may be anywhere."),
    optional("problem", Text, "What could not be read, in a sentence; null for nothing."),
    index="product",
)

booking_snapshot = hourly_table(
    "booking_snapshot",
    "The bookings as they were at the hour.",
    column("booking_id", BigInteger, "Booking."),
    column("reference", Text, "Booking reference, as people use it."),
    optional("school_id", BigInteger, "School."),
    optional("student_id", BigInteger, "Student."),
    optional("instructor_id", BigInteger, "Instructor; null for a solo flight."),
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
    optional("last_lesson_at_utc", INSTANT, "Last flight of the student before the hour, UTC."),
    optional("times_moved", Integer, "Number of moves because of weather."),
    optional("form", Kind, "flight, simulator or ground; null in hours that an older version stored."),
    optional("slot_kept_as", Kind, "What the school lets the lesson become at its own time; null for nothing."),
    optional("highest_ft", Double, "Highest altitude above ground that the school sets for it, feet; null for none."),
    index="booking_id",
)

at_risk_bookings = hourly_table(
    "at_risk_bookings",
    "Lessons that are not ok, one row a lesson, broken rule, airport and layer: the worst hour.",
    column("booking_id", BigInteger, "Booking."),
    column("verdict", Text, "watch, unknown or at_risk, of the whole lesson."),
    column("breach_rank", Integer, "Place among the lesson's breaches, 1 the gravest (docs/concepts/minimums.md)."),
    column("rule", Text, "Limit that is breached; forecast where no forecast can be read."),
    optional("effect", Text, "block or warn."),
    optional("value", Double, "Forecast value, in the unit; null for hazards."),
    optional("at_least", Boolean, "Whether the value is a bound: the visibility is at least that, as in P6SM."),
    optional("limit_value", Double, "The minimum, in the unit; null for hazards."),
    optional("margin", Double, "Value minus limit in the unit, negative where the limit is breached."),
    optional("unit", Text, "SM, ft, kt or min."),
    optional("hazard", Text, "Hazard codes, or what is missing."),
    column("airport", Text, "Airport, ICAO ident."),
    column("hour_utc", INSTANT, "The worst hour, UTC."),
    optional("layer", Text, "prevailing or temporary."),
    optional("change", Text, "Kind of forecast group."),
    optional("probability", Integer, "Percent, of PROB groups; null in hours that an older version stored."),
    optional("source", Text, "TAF, METAR, NBH, NBS (National Blend of Models) or OpenWeatherMap."),
    optional("station", Text, "Reporting station."),
    optional(
        "station_distance_nm",
        Double,
        "Distance from station to airport, nautical miles; null in hours that an older version stored.",
    ),
    optional("group_from_utc", INSTANT, "Start of the group, UTC."),
    optional("group_to_utc", INSTANT, "End of the group, UTC."),
    optional("reference", Text, "Source of the limit, such as 14 CFR 91.155."),
    optional(
        "authority",
        Text,
        "Authority of the limit: school, default, regulation or field; null in hours that an older version stored.",
    ),
    column("explanation", Text, "The lesson's verdict in words."),
    index="booking_id",
)

Index(
    "at_risk_bookings_gravest_idx", at_risk_bookings.c.partition_hour, at_risk_bookings.c.booking_id,
    postgresql_include=["verdict", "rule"], postgresql_where=text("breach_rank = 1"),
)  # fmt: skip

lesson_verdicts = hourly_table(
    "lesson_verdicts",
    "The verdict of every lesson that was assessed, one row a lesson; a lesson without a row was not assessed.",
    column("booking_id", BigInteger, "Booking."),
    column("verdict", Text, "ok, watch, unknown or at_risk, of the whole lesson and the time around it."),
    optional("uncertainty", Text, "A sentence where guidance would give another verdict than the TAF; else null."),
    index="booking_id",
)

reschedule_candidates = hourly_table(
    "reschedule_candidates",
    "Available slots for each at-risk lesson.",
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
    column("minutes_moved", Integer, "New start minus booked start, minutes; negative is earlier."),
    column("score", Double, "The lower the better, in days of waiting."),
    index="booking_id",
)

unplaceable_bookings = hourly_table(
    "unplaceable_bookings",
    "At-risk lessons with no available slot, and the constraint that ruled out the last one.",
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
        optional("aircraft_id", BigInteger, "Aircraft or simulator; null for a ground lesson."),
        column("verdict", Text, "ok, watch, unforecast (no forecast reaches it yet) or not_flown (it keeps its slot)."),
        optional("margin", Double, "Smallest relative margin over the minimums; null where there is none."),
        column("same_instructor", Boolean, "Whether the instructor stays."),
        column("same_aircraft", Boolean, "Whether the aircraft stays."),
        column("minutes_moved", Integer, "New start minus booked start, minutes; negative is earlier."),
        column("score", Double, "The lower the better, in days of waiting."),
        column("ranked_by", Text, "Origin of the order: planner or llm."),
        column("reason", Text, "Reason for this alternative, in words."),
    ]


reschedule_plan = hourly_table(
    "reschedule_plan",
    "Up to three alternatives for each at-risk lesson, all of which can be held at once, in the planner's order.",
    *_proposal(),
    index="booking_id",
)

solver_runs = hourly_table(
    "solver_runs",
    "Solver statistics, one row a component and rank.",
    column("component", BigInteger, "First booking of those that share people or aircraft, and are chosen together."),
    column("rank", Integer, "1 for the first alternatives, and so on."),
    column("lessons", Integer, "Lessons in the component."),
    column("slots", Integer, "Slots that were open."),
    column("status", Text, "optimal, feasible, broken (duty hours repaired), none, or not run."),
    column("chosen_by", Text, "Choice that was used, the cheaper one: solver or greedy."),
    column("unplaced", Integer, "Lessons that got no alternative of this rank."),
    column("cost", Double, "Cost of the choice, days of waiting, 200 for each unplaced lesson."),
    column("greedy_cost", Double, "Cost of the greedy choice, in the same unit."),
    optional("bound", Double, "Lower bound of the cost, in the same unit; null where unknown."),
    optional("gap", Double, "Cost above the bound, as a share of the placed lessons' cost."),
    column("seconds", Double, "Duration, seconds."),
    index="component",
)

reschedule_proposals = hourly_table(
    "reschedule_proposals",
    "The plan's alternatives, ranked by the LLM where its response passed every check.",
    *_proposal(),
    optional("prompt_version", Text, "Version of the prompt that the LLM was given; null for the planner."),
    optional("model", Text, "Model that ranked; null for the planner."),
    index="booking_id",
)

hourly_metrics = Table(
    "hourly_metrics",
    metadata,
    column("partition_hour", INSTANT, "The hour, UTC: the 60 minutes up to 20 minutes past it."),
    column("metric", Text, "Metric, as listed in docs/reference/dashboards.md."),
    column("value", Double, "Value, in the metric's unit."),
    PrimaryKeyConstraint("partition_hour", "metric"),
    schema="pipeline",
    comment="Platform metrics, one row an hour and metric; a metric that was not measured has no row.",
)
