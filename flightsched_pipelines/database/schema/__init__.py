"""The database's tables, with a comment of meaning and unit on every column.

Three schemas: ``school`` is a school's data, ``pipeline`` the materialised hours (a partition an hour), and
``analytics`` the stable, supported views. A module here contains tables and nothing else.
"""

from flightsched_pipelines.database.schema.availability import (
    availability_periods,
    availability_sets,
    availability_snapshot,
    school_availability,
)  # fmt: skip
from flightsched_pipelines.database.schema.base import (
    SCHEMAS,
    Kind,
    metadata,
)  # fmt: skip
from flightsched_pipelines.database.schema.cases import (
    CASE_STATES,
    OPEN_STATES,
    case_events,
    case_offers,
    reschedule_cases,
    responses,
)  # fmt: skip
from flightsched_pipelines.database.schema.dispatch_board import (
    dispatcher_sessions,
    sign_in_links,
)  # fmt: skip
from flightsched_pipelines.database.schema.live import (
    api_tokens,
    live_events,
    live_positions,
)  # fmt: skip
from flightsched_pipelines.database.schema.materialised import PIPELINE_TABLES
from flightsched_pipelines.database.schema.notifications import (
    OUTBOX_STATES,
    contact_preferences,
    dead_letters,
    dispatches,
    llm_calls,
    outbox,
    settings_changes,
    weather_gaps,
)  # fmt: skip
from flightsched_pipelines.database.schema.operations import (
    alert_silences,
    alerts,
    erasures,
    queue_waits,
    standings,
)  # fmt: skip
from flightsched_pipelines.database.schema.pipeline import (
    FIRST_HOUR_UTC,
    at_risk_bookings,
    booking_snapshot,
    forecasts,
    hazard_areas,
    hourly_metrics,
    lesson_verdicts,
    observations,
    partitions,
    raw_weather,
    reference_contents,
    reference_snapshot,
    reschedule_candidates,
    reschedule_plan,
    reschedule_proposals,
    solver_runs,
    unplaceable_bookings,
)  # fmt: skip
from flightsched_pipelines.database.schema.school.bookings import (
    ACTIVE_STATUSES,
    TAKING_STATUSES,
    bookings,
)  # fmt: skip
from flightsched_pipelines.database.schema.school.calendar_feeds import calendar_feeds
from flightsched_pipelines.database.schema.school.credentials import (
    credentials,
    inspections,
    requirements,
    squawks,
)  # fmt: skip
from flightsched_pipelines.database.schema.school.imports import (
    feed_files,
    imports,
)  # fmt: skip
from flightsched_pipelines.database.schema.school.minimums import (
    weather_minimums,
)  # fmt: skip
from flightsched_pipelines.database.schema.school.resources import (
    aircraft,
    airports,
    availability,
    availability_exceptions,
    downtime,
    instructors,
    opening_hours,
    runways,
    schools,
    student_preferences,
    students,
)  # fmt: skip
from flightsched_pipelines.database.schema.school.schedule_changes import (
    schedule_changes,
)  # fmt: skip
from flightsched_pipelines.database.schema.school.standby_list import (
    freed_slots,
    standby,
)  # fmt: skip
from flightsched_pipelines.database.schema.verification import (
    forecast_verification,
    verdict_verification,
)  # fmt: skip

__all__ = [
    "ACTIVE_STATUSES",
    "CASE_STATES",
    "FIRST_HOUR_UTC",
    "OPEN_STATES",
    "OUTBOX_STATES",
    "PIPELINE_TABLES",
    "SCHEMAS",
    "TAKING_STATUSES",
    "Kind",
    "aircraft",
    "airports",
    "alert_silences",
    "alerts",
    "api_tokens",
    "at_risk_bookings",
    "availability",
    "availability_exceptions",
    "availability_periods",
    "availability_sets",
    "availability_snapshot",
    "booking_snapshot",
    "bookings",
    "calendar_feeds",
    "case_events",
    "case_offers",
    "contact_preferences",
    "credentials",
    "dead_letters",
    "dispatcher_sessions",
    "dispatches",
    "downtime",
    "erasures",
    "feed_files",
    "forecast_verification",
    "forecasts",
    "freed_slots",
    "hazard_areas",
    "hourly_metrics",
    "imports",
    "inspections",
    "instructors",
    "lesson_verdicts",
    "live_events",
    "live_positions",
    "llm_calls",
    "metadata",
    "observations",
    "opening_hours",
    "outbox",
    "partitions",
    "queue_waits",
    "raw_weather",
    "reference_contents",
    "reference_snapshot",
    "requirements",
    "reschedule_candidates",
    "reschedule_cases",
    "reschedule_plan",
    "reschedule_proposals",
    "responses",
    "runways",
    "schedule_changes",
    "school_availability",
    "schools",
    "settings_changes",
    "sign_in_links",
    "solver_runs",
    "squawks",
    "standby",
    "standings",
    "student_preferences",
    "students",
    "unplaceable_bookings",
    "verdict_verification",
    "weather_gaps",
    "weather_minimums",
]
