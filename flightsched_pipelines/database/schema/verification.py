"""The materialised tables of verification: forecasts and verdicts beside what was observed."""

from sqlalchemy import BigInteger, Double, Index, Integer

from flightsched_pipelines.database.schema.base import INSTANT, WORDS, Kind, column, hourly_table, optional

forecast_verification = hourly_table(
    "forecast_verification",
    "Outcomes of each source's forecasts of the hour before: one row a source, lead, part, threshold, probability and "
    "outcome, with its airports.",
    column("hour_utc", INSTANT, "The observed hour, UTC."),
    column(
        "source",
        Kind,
        "Source of the forecast, such as TAF or OpenWeatherMap; nearest TAF where it is that of another station.",
    ),
    column("lead_hours", Integer, "How long before the hour the forecast was known, hours."),
    column("part", Kind, "Part of the forecast: prevailing, tempo or prob."),
    column("element", Kind, "ceiling, visibility, wind, crosswind or thunderstorm."),
    column(
        "threshold",
        Double,
        "Ceiling below it in feet, visibility below it in statute miles, wind beyond it in knots; 0 for thunderstorm.",
    ),
    optional("probability", Integer, "Percent that the part gives; null where a part of the forecast is missing."),
    column("outcome", Kind, "hit, miss, false_alarm, correct_negative; missing where either side lacks the element."),
    column("cases", Integer, "Number of airports with this outcome."),
    column("airports", WORDS, "Airports with this outcome, ICAO idents."),
    index="source",
)

verdict_verification = hourly_table(
    "verdict_verification",
    "Verdicts of lessons whose time ended in the hour before, beside what was observed: one row a lesson and lead.",
    column("booking_id", BigInteger, "Booking."),
    column("training_level", Kind, "Level of the student."),
    column("lead_hours", Integer, "How long before the hour of its start the verdict was given, hours."),
    column("verdict", Kind, "ok, watch, unknown or at_risk, by the forecast."),
    column("observed", Kind, "ok, watch, unknown or at_risk, by the METARs of the lesson's hours; unknown is no pair."),
    optional("school_id", BigInteger, "School; null in hours that an older version stored for a booking that is gone."),
    optional("cause", Kind, "Rule of the gravest breach; null without, and in hours that an older version stored."),
    optional("cause_airport", Kind, "Airport of the gravest breach, ICAO ident; null like cause."),
    index="booking_id",
)

Index("verdict_verification_school_id_idx", verdict_verification.c.school_id, verdict_verification.c.partition_hour)
