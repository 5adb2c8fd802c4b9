"""Statuses collected from Dagster's instance: a run's checks, the run itself, sensors and schedules."""

from collections.abc import Iterator
from datetime import UTC, datetime

import dagster as dg

from flightsched_pipelines.defs.monitoring.run_history import OPERATIONS
from flightsched_pipelines.defs.partitions import hours_of_run
from flightsched_pipelines.domain.monitoring.alert_lifecycle import CheckStatus
from flightsched_pipelines.domain.monitoring.catalogue import JOB_CAUSES
from flightsched_pipelines.domain.monitoring.check_definition import Cause, Section

EVALUATION = dg.DagsterEventType.ASSET_CHECK_EVALUATION
ENDED_TICKS = frozenset({"SUCCESS", "SKIPPED", "FAILURE"})
TICKS_LOOKED_AT = 3
SECTIONS = {Cause.HOURS: Section.HOURS, Cause.DELIVERY: Section.NOTIFICATIONS}


def run_statuses(instance: dg.DagsterInstance, run: dg.DagsterRun, now_utc: datetime) -> list[CheckStatus]:
    """Return the statuses of the checks that a run evaluated, and of its job."""
    hours = hours_of_run(run.tags)
    record = instance.get_run_record_by_id(run.run_id)
    ended = datetime.fromtimestamp(record.end_time, UTC) if record is not None and record.end_time else now_utc
    about = hours[-1] if hours else ended
    checks = list(_checks(instance, run.run_id, about))
    failed = run.status == dg.DagsterRunStatus.FAILURE
    stopped_by = next((one for one in checks if not one.passed and one.severity == "error"), None)
    job = _machinery(
        f"job/{run.job_name}",
        ended,
        about,
        f"The last run of {run.job_name} failed ({run.run_id[:8]})" if failed else "",
        "Read its log in the Dagster UI; run it again when the cause is mended.",
        # A run that a check stopped is no fault of its own.
        cause=stopped_by.cause if failed and stopped_by is not None else None,
    )
    return [*checks, job]


def tick_statuses(instance: dg.DagsterInstance) -> list[CheckStatus]:
    """Return the status of every sensor and schedule that is on, by its last tick."""
    found: list[CheckStatus] = []
    for state in instance.all_instigator_state():
        if not state.is_running:
            continue
        kind, name = state.instigator_type.value.lower(), state.instigator_name
        ticks = instance.get_ticks(state.instigator_origin_id, state.selector_id, limit=TICKS_LOOKED_AT)
        for tick in [tick for tick in ticks if tick.status.value in ENDED_TICKS][:1]:
            at = datetime.fromtimestamp(tick.end_timestamp or tick.timestamp, UTC)
            failed = tick.status.value == "FAILURE"
            words = f"The last tick of the {kind} {name} failed" if failed else ""
            todo = "Read the tick's error in the Dagster UI, under Automation."
            found.append(_machinery(f"{kind}/{name}", at, at, words, todo))
    return found


def operations_job_status(minutes: float, now_utc: datetime) -> CheckStatus:
    """Return the status of the operations job when it has not run for too long."""
    words = f"The operational checks have not run for {minutes:.0f} minutes"
    todo = "See that the schedule `operations` is on, and that runs are not queued behind others."
    return _machinery(f"job/{OPERATIONS}", now_utc, now_utc, words, todo)


def _checks(instance: dg.DagsterInstance, run_id: str, about_utc: datetime) -> Iterator[CheckStatus]:
    for entry in instance.all_logs(run_id, of_type=EVALUATION):
        if entry.dagster_event is None:
            continue
        evaluation = entry.dagster_event.asset_check_evaluation_data
        told = {name: str(value.value) for name, value in evaluation.metadata.items()}
        yield CheckStatus(
            name=f"{evaluation.asset_key.to_user_string()}:{evaluation.check_name}",
            cause=told.get("cause", Cause.PLATFORM),
            severity="warn" if evaluation.severity == dg.AssetCheckSeverity.WARN else "error",
            passed=evaluation.passed,
            sentence=evaluation.description or "",
            todo=told.get("todo", ""),
            section=told.get("section", ""),
            about_utc=about_utc,
            judged_at=datetime.fromtimestamp(entry.timestamp, UTC),
        )


def _machinery(
    name: str, at_utc: datetime, about_utc: datetime, fault: str, todo: str, cause: str | None = None
) -> CheckStatus:
    """A job, sensor or schedule; it stands well where there is no fault."""
    own = JOB_CAUSES.get(name.rpartition("/")[2], Cause.PLATFORM)
    return CheckStatus(
        name=name,
        cause=cause or own,
        severity="error",
        passed=not fault,
        sentence=fault,
        todo=todo,
        section=SECTIONS.get(own, Section.HOURS),
        about_utc=about_utc,
        judged_at=at_utc,
    )
