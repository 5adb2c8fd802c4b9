"""Runs, steps and ticks as Dagster's instance recorded them, as plain records."""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache

import dagster as dg

from flightsched_pipelines.defs.dagster_internals import ScheduleInstigatorData
from flightsched_pipelines.services.monitoring.platform_health import Part, StepAttempt

HOURLY_TICK, OPERATIONS = "hourly_tick", "operations"
"""Names of the job that runs an hour, and of the one that runs the operational checks."""

HOURLY = "hourly"
"""Name of the schedule that launches the former."""

STARTS = {dg.DagsterEventType.STEP_START, dg.DagsterEventType.STEP_RESTARTED}
GOOD_ENDS = {dg.DagsterEventType.STEP_SUCCESS}
BAD_ENDS = {dg.DagsterEventType.STEP_FAILURE, dg.DagsterEventType.STEP_UP_FOR_RETRY}
MAX_RUNS = 200


def attempts_since(instance: dg.DagsterInstance, since_utc: datetime) -> list[StepAttempt]:
    """Every attempt at a step of the hourly job that ended since a moment, and runs that failed before their first."""
    records = instance.get_run_records(dg.RunsFilter(job_name=HOURLY_TICK, updated_after=since_utc), MAX_RUNS)
    found: list[StepAttempt] = []
    for record in records:
        run = record.dagster_run
        of_run = list(_attempts(instance, run.run_id))
        if not of_run and run.status == dg.DagsterRunStatus.FAILURE:
            ended = record.end_time or record.update_timestamp.timestamp()
            of_run = [StepAttempt(run.run_id, "weather_monitor", _moment(ended), 0.0, failed=True)]
        found += [attempt for attempt in of_run if attempt.ended_at >= since_utc]
    return found


def scheduled_since(instance: dg.DagsterInstance) -> datetime | None:
    """Return when the daemon first saw the hourly schedule on; ``None`` where it never did."""
    if instance.schedule_storage is None:  # an instance in memory
        return None
    for state in instance.all_instigator_state():
        data = state.instigator_data
        if state.instigator_name == HOURLY and isinstance(data, ScheduleInstigatorData) and data.start_timestamp:
            return _moment(data.start_timestamp)
    return None


def _attempts(instance: dg.DagsterInstance, run_id: str) -> Iterator[StepAttempt]:
    started: dict[str, float] = {}
    for entry in instance.all_logs(run_id, of_type=STARTS | GOOD_ENDS | BAD_ENDS):
        event = entry.dagster_event
        if event is None or event.step_key is None:
            continue
        if event.event_type in STARTS:
            started[event.step_key] = entry.timestamp
            continue
        seconds = max(entry.timestamp - started.get(event.step_key, entry.timestamp), 0.0)
        failed = event.event_type in BAD_ENDS
        yield StepAttempt(run_id, part_of(event.step_key), _moment(entry.timestamp), seconds, failed)


def part_of(step_key: str) -> Part:
    """Return the part of the platform that a step of the hourly job belongs to."""
    return "ai_rescheduler" if step_key.startswith(_rescheduling_steps()) else "weather_monitor"


@cache
def _rescheduling_steps() -> tuple[str, ...]:
    """The rescheduler's steps; a check of one of its assets is named after it. All others are the weather monitor's."""
    # Its own modules import this one: read at import, it may have no assets yet.
    from flightsched_pipelines.defs.ai_rescheduler import proposals  # noqa: PLC0415

    return tuple(made.op.name for made in vars(proposals).values() if isinstance(made, dg.AssetsDefinition))


def _moment(timestamp: float) -> datetime:
    return datetime.fromtimestamp(timestamp, UTC)
