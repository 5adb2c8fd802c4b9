"""The platform's metrics: their names in the Dagster UI and on CloudWatch, with unit, meaning and target.

They are named only here; the report, CloudWatch and custom dashboards share them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal

NAMESPACE = "FlightRescheduler"
DIMENSION = "FunctionName"
"""CloudWatch's name space, and its dimension: ``weather-monitor-production``, ``ai-rescheduler-production``."""

Part = Literal["weather-monitor", "ai-rescheduler"]
Unit = Literal["Count", "Percent", "Seconds", "None"]
Kind = Literal["flow", "level"]
"""Events within the hour, or the level at its end."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric. ``target`` is its maximum, ``None`` for any."""

    key: str
    part: Part
    name: str
    unit: Unit
    kind: Kind
    title: str
    meaning: str
    target: float | None = None


_METRICS = (
    Metric("weather_monitor_invocations", "weather-monitor", "Invocations", "Count", "flow",
           "Runs", "Hourly runs that reached the weather monitor"),
    Metric("weather_monitor_errors", "weather-monitor", "Errors", "Count", "flow",
           "Errors", "Steps and responses of weather providers that failed"),
    Metric("weather_monitor_error_rate_percent", "weather-monitor", "ErrorRate", "Percent", "flow",
           "Error rate", "Share of errors among all steps and responses", target=1),
    Metric("weather_monitor_duration_seconds", "weather-monitor", "Duration", "Seconds", "flow",
           "Average duration", "Time of the weather monitor's steps in a run", target=30),
    Metric("weather_alerts_queue_depth", "weather-monitor", "QueueDepth", "Count", "level",
           "Queue depth", "Weather alerts waiting in their queue, or to be sent there"),
    Metric("weather_monitor_dead_letters", "weather-monitor", "DeadLetters", "Count", "level",
           "Dead letters", "Dead-lettered messages to other systems", target=1),
    Metric("lessons_at_risk", "weather-monitor", "LessonsAtRisk", "Count", "level",
           "Lessons below minimums", "Lessons of the look-ahead below the school's minimums"),
    Metric("lessons_unknown", "weather-monitor", "LessonsUnknown", "Count", "level",
           "Lessons unknown", "Lessons of the look-ahead whose forecast is missing or cannot be read"),
    Metric("lessons_beyond_reach", "weather-monitor", "LessonsBeyondReach", "Count", "level",
           "Lessons beyond the forecast", "Lessons of the look-ahead that no forecast reaches yet"),
    Metric("schedule_age_minutes", "weather-monitor", "ScheduleAge", "None", "level",
           "Age of the schedule, minutes", "Time since the school's bookings were last imported, minutes"),
    Metric("databases_megabytes", "weather-monitor", "DatabasesSize", "None", "level",
           "Databases, MB", "Size of the application's database and of Dagster's beside it, megabytes"),
    Metric("ai_rescheduler_invocations", "ai-rescheduler", "Invocations", "Count", "flow",
           "Runs", "Hourly runs that reached the rescheduler"),
    Metric("ai_rescheduler_errors", "ai-rescheduler", "Errors", "Count", "flow",
           "Errors", "Steps that failed, and calls of the LLM without a valid response"),
    Metric("ai_rescheduler_error_rate_percent", "ai-rescheduler", "ErrorRate", "Percent", "flow",
           "Error rate", "Share of errors among all steps and calls", target=2),
    Metric("ai_rescheduler_duration_seconds", "ai-rescheduler", "Duration", "Seconds", "flow",
           "Average duration", "Time of the rescheduler's steps in a run"),
    Metric("llm_answer_seconds", "ai-rescheduler", "LlmDuration", "Seconds", "flow",
           "LLM response time", "Average time from a request to the LLM to its response", target=30),
    Metric("ai_rescheduler_throttles", "ai-rescheduler", "Throttles", "Count", "flow",
           "Throttles", "Calls that the LLM refused because of throttling", target=5),
    Metric("llm_calls", "ai-rescheduler", "LlmCalls", "Count", "flow",
           "LLM calls", "Requests to the LLM"),
    Metric("llm_cost_usd", "ai-rescheduler", "LlmCost", "None", "flow",
           "LLM cost, USD", "Cost of the LLM's calls, US dollars"),
    Metric("notifications_published", "ai-rescheduler", "NotificationsPublished", "Count", "flow",
           "Notifications published", "Changes of cases published to the SNS topic"),
    Metric("messages_sent", "ai-rescheduler", "MessagesSent", "Count", "flow",
           "Messages sent", "Messages that reached a channel, of all channels"),
    Metric("delivery_seconds", "ai-rescheduler", "DeliveryTime", "Seconds", "flow",
           "Delivery, median", "Median time from a message's due time to its delivery"),
    Metric("messages_waiting", "ai-rescheduler", "MessagesWaiting", "Count", "level",
           "Messages waiting", "Unsent messages in the outbox, including those held for quiet hours"),
    Metric("responses_queue_depth", "ai-rescheduler", "QueueDepth", "Count", "level",
           "Responses waiting", "Responses from other systems waiting in their queue"),
    Metric("ai_rescheduler_dead_letters", "ai-rescheduler", "DeadLetters", "Count", "level",
           "Dead letters", "Dead-lettered requests to the LLM, and responses from other systems", target=1),
    Metric("messages_given_up", "ai-rescheduler", "MessagesGivenUp", "Count", "level",
           "Dead-lettered messages", "Dead-lettered messages to people, waiting for a redrive", target=0),
    Metric("conflicts_detected", "ai-rescheduler", "ConflictsDetected", "Count", "flow",
           "Conflicts detected", "Cases opened"),
    Metric("cases_moved", "ai-rescheduler", "CasesMoved", "Count", "flow",
           "Lessons moved", "Cases that ended with the lesson at a new time"),
    Metric("cases_open", "ai-rescheduler", "CasesOpen", "Count", "level",
           "Open cases", "Cases awaiting an answer or a slot"),
    Metric("confirmation_minutes", "ai-rescheduler", "ConfirmationMinutes", "None", "flow",
           "Minutes to confirmation", "Median time from detection to confirmation, minutes"),
)  # fmt: skip

METRICS: Mapping[str, Metric] = MappingProxyType({metric.key: metric for metric in _METRICS})
"""Every metric by its key: its name in the Dagster UI."""


def function_name(part: Part, environment: str) -> str:
    """Return the name of a part of the platform in CloudWatch, the logs and the dashboards."""
    return f"{part}-{environment}"


def data_of(values: Mapping[str, float], environment: str, at_utc: datetime) -> Sequence[dict[str, Any]]:
    """Return values by key in CloudWatch's form (``MetricData`` of PutMetricData)."""
    return [
        {
            "MetricName": METRICS[key].name,
            "Dimensions": [{"Name": DIMENSION, "Value": function_name(METRICS[key].part, environment)}],
            "Timestamp": at_utc,
            "Value": float(value),
            "Unit": METRICS[key].unit,
        }
        for key, value in values.items()
    ]


def as_table() -> str:
    """Return every metric as a Markdown table, for docs/reference/dashboards.md."""
    lines = ["| metric | meaning | target | CloudWatch |", "| --- | --- | --- | --- |"]
    for metric in METRICS.values():
        target = "" if metric.target is None else f"at most {metric.target:g}"
        place = f"{metric.part}: `{metric.name}`, {metric.unit}"
        lines.append(f"| `{metric.key}` | {metric.meaning} ({metric.kind}) | {target} | {place} |")
    return "\n".join(lines)
