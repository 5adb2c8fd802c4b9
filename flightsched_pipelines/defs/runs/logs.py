"""Log records as lines of JSON on standard output, where AWS is configured: CloudWatch Logs collects them.

dagster.yaml names the handler. An error's own words may quote a row of the database, so they stay in Dagster's event
log; the line has its kind, and the run in which to read on.
"""

import json
import logging
import sys
from typing import Any

import dagster as dg

from flightsched_pipelines.defs.dagster_internals import LOG_RECORD_METADATA_ATTR
from flightsched_pipelines.defs.monitoring.run_history import HOURLY_TICK, part_of
from flightsched_pipelines.reporting.metrics import function_name
from flightsched_pipelines.settings import Settings

SILENT = logging.CRITICAL + 1


class JsonLines(logging.StreamHandler[Any]):
    """Writes a run's log records of level INFO and above; silent without ``AWS_REGION`` or ``LOG_FORMAT=json``."""

    def __init__(self) -> None:
        super().__init__(sys.stdout)
        settings = Settings()
        self._environment = settings.environment
        is_wanted = settings.aws_region is not None or settings.log_format == "json"
        self.setLevel(logging.INFO if is_wanted else SILENT)

    def format(self, record: logging.LogRecord) -> str:
        """Time, level, which part of the platform, the message, and where in Dagster it comes from."""
        meta: dict[str, Any] = getattr(record, LOG_RECORD_METADATA_ATTR, {})
        job, step, event = meta.get("job_name"), meta.get("step_key"), meta.get("dagster_event")
        in_weather = job == HOURLY_TICK and part_of(step or "") == "weather_monitor"
        line = {
            "time": f"{meta.get('log_timestamp')}Z",
            "level": record.levelname,
            "function": function_name("weather-monitor" if in_weather else "ai-rescheduler", self._environment),
            "message": meta.get("orig_message", record.getMessage()),
            "job": job,
            "step": step,
            "hour": meta.get("job_tags", {}).get("dagster/partition"),
            "run_id": meta.get("run_id"),
            **(_of_failure(event) if event is not None else {}),
        }
        return json.dumps({name: value for name, value in line.items() if value is not None})


def _of_failure(event: Any) -> dict[str, str | None]:  # noqa: ANN401, Dagster's event
    """The kind of error that failed a step, and the sentence of a failure of our own."""
    if not event.is_step_failure:
        return {"event": event.event_type_value}
    own = event.step_failure_data.user_failure_data
    return {"event": event.event_type_value, "error": kind_of_error(event), "why": own.description if own else None}


def kind_of_error(failure: dg.DagsterEvent) -> str | None:
    """Return the class of the error that failed a step; its own words may quote a row."""
    error = failure.step_failure_data.error
    while error is not None and error.cause is not None:
        error = error.cause
    return error and error.cls_name
