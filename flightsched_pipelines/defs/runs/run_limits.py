"""Kinds of runs and the tags that bound them; and the runs of a platform that is stopped, or that died."""

import time
from collections.abc import Collection

import dagster as dg

from flightsched_pipelines.defs.ownership import DISPATCH, OWNER_TAG
from flightsched_pipelines.defs.runs.run_launcher import is_gone

KIND_TAG = "flightsched/kind"
"""The tag of a run's kind: `dagster.yaml` lets two runs of each kind go on at once."""

STOPPED_TAG = "flightsched/stopped"
"""The tag with the moment when a person stopped the platform during the run: its failure is not a fault."""

UNDER_WAY = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]


def bounded(kind: str, *, minutes: int, retries: int = 0, priority: int = 0, owner: str = DISPATCH) -> dict[str, str]:
    """Return the tags of a job.

    Args:
        kind: what work it is; jobs of one kind share two places.
        minutes: a run that takes longer is ended, and has failed.
        retries: how often a run whose process died is launched again; none where a sensor or the schedule asks anyway.
        priority: of runs that wait, the highest is launched first.
        owner: the team that looks after it.
    """
    return {
        KIND_TAG: kind,
        "dagster/max_runtime": str(minutes * 60),
        "dagster/max_retries": str(retries),
        "dagster/priority": str(priority),
        OWNER_TAG: owner,
    }


def mark_stopped(instance: dg.DagsterInstance) -> None:
    """Note on every run under way that a person stops the platform now."""
    for run in instance.get_runs(dg.RunsFilter(statuses=UNDER_WAY)):
        instance.add_run_tags(run.run_id, {STOPPED_TAG: f"{time.time():.0f}"})


def end_dead_runs(instance: dg.DagsterInstance, *, starting: bool, alone: bool = False) -> Collection[str]:
    """Have every run whose process is gone end as failed, or as canceled where that was asked for; returns their ids.

    Args:
        instance: Dagster's.
        starting: whether those that have not come to run are dead too, as no code location lives that could begin them.
        alone: whether no other machine has processes that work on this database.
    """
    ended: list[str] = []
    for run in instance.get_runs(dg.RunsFilter(statuses=UNDER_WAY)):
        is_dead = starting if run.status == dg.DagsterRunStatus.STARTING else is_gone(instance, run, alone=alone)
        if not is_dead:
            continue
        if run.status == dg.DagsterRunStatus.CANCELING:
            instance.report_run_canceled(run, "The run's process is gone.")
        else:
            instance.report_run_failed(run, "The run's process is gone: the platform was stopped, or died.")
        ended.append(run.run_id)
    return ended
