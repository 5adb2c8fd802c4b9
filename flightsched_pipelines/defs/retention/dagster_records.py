"""Delete Dagster's own records, of which it keeps all: runs with their events and output, and results of checks."""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime

import dagster as dg
from sqlalchemy import Connection

from flightsched_pipelines.database.queries.retention import check_executions
from flightsched_pipelines.defs.dagster_internals import SqlEventLogStorage
from flightsched_pipelines.defs.runs.run_limits import KIND_TAG
from flightsched_pipelines.domain.retention.windows import FAILED_RUNS_DAYS, Kept
from flightsched_pipelines.services.retention.outcomes import IsTimeUp, Outcome, before, with_windows
from flightsched_pipelines.settings import Settings

GOOD, OTHERS = (dg.DagsterRunStatus.SUCCESS,), (dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)
"""Statuses of runs that have ended; no other run is deleted."""

AT_ONCE = 100
"""Runs that are read at once."""


def due(instance: dg.DagsterInstance, settings: Settings, now_utc: datetime) -> list[Outcome]:
    """Return what would be deleted now, and change nothing."""
    runs = [
        Outcome(name, days, sum(instance.get_runs_count(old) for old in _old_runs(name, days, now_utc)))
        for name, days in with_windows(settings, Kept.RUNS)
    ]
    with _connection(instance) as connection:
        kept = check_executions.newest(connection)
        return runs + [
            Outcome(name, days, check_executions.count_older(connection, before(days, now_utc), kept))
            for name, days in with_windows(settings, Kept.DAGSTER)
        ]


def apply(instance: dg.DagsterInstance, settings: Settings, now_utc: datetime, is_time_up: IsTimeUp) -> list[Outcome]:
    """Delete what is due, until the time is up."""
    runs = [_delete_runs(instance, *named, now_utc, is_time_up) for named in with_windows(settings, Kept.RUNS)]
    checks = [_delete_checks(instance, *named, now_utc, is_time_up) for named in with_windows(settings, Kept.DAGSTER)]
    return runs + checks


def _old_runs(name: str, days: float, now_utc: datetime) -> list[dg.RunsFilter]:
    kind = {KIND_TAG: name.removeprefix("runs_").replace("_", " ")}
    failed = max(days, FAILED_RUNS_DAYS)
    return [
        dg.RunsFilter(tags=kind, statuses=GOOD, updated_before=before(days, now_utc)),
        dg.RunsFilter(tags=kind, statuses=OTHERS, updated_before=before(failed, now_utc)),
    ]


def _delete_runs(
    instance: dg.DagsterInstance, name: str, days: float, now_utc: datetime, is_time_up: IsTimeUp
) -> Outcome:
    outcome = Outcome(name, days)
    for old in _old_runs(name, days, now_utc):
        while found := instance.get_runs(old, limit=AT_ONCE):
            for run in found:
                if is_time_up():
                    outcome.left = 1
                    return outcome
                instance.compute_log_manager.delete_logs(prefix=[run.run_id])
                instance.delete_run(run.run_id)
                outcome.rows += 1
    return outcome


def _delete_checks(
    instance: dg.DagsterInstance, name: str, days: float, now_utc: datetime, is_time_up: IsTimeUp
) -> Outcome:
    outcome = Outcome(name, days)
    with _connection(instance) as connection:
        kept = check_executions.newest(connection)
        while not is_time_up():
            deleted = check_executions.delete_older(connection, before(days, now_utc), kept)
            outcome.rows += deleted
            if not deleted:
                return outcome
    outcome.left = 1
    return outcome


@contextmanager
def _connection(instance: dg.DagsterInstance) -> Generator[Connection]:
    storage = instance.event_log_storage
    if not isinstance(storage, SqlEventLogStorage):
        raise TypeError(f"Dagster's event log is expected in a database; got {type(storage).__name__}")
    with storage.index_connection() as connection:
        yield connection
