"""Dagster's default launcher with the check of health that it lacks.

Without one, a run whose process died together with the daemon (a power cut, a container that was replaced) stays
`started` for ever and keeps its place among the runs. With one, Dagster's run monitoring fails such a run.
"""

import json
import socket
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import dagster as dg
import psutil

from flightsched_pipelines.defs.dagster_internals import (
    GRPC_INFO_TAG,
    CheckRunHealthResult,
    ConfigurableClassData,
    DagsterGrpcClient,
    DagsterRunLauncher,
    DagsterUserCodeUnreachableError,
    DefaultRunLauncher,
    EngineEventData,
    GetCurrentRunsResult,
    LaunchRunContext,
    WorkerStatus,
    deserialize_value,
)
from flightsched_pipelines.settings import Settings

HOST_TAG = "flightsched/host"
"""The machine, or container, in which a run's process is."""

CLOCK_TOLERANCE = timedelta(seconds=5)
"""Tolerance between a run's first event and its process's start: clocks are set now and then."""


class RunLauncher(DefaultRunLauncher):
    """The launcher that `dagster.yaml` names: runs are processes of the code location, and are watched."""

    @classmethod
    def from_config_value(  # pyright: ignore[reportIncompatibleMethodOverride], either kind, not our own
        cls,
        inst_data: ConfigurableClassData | None,
        config_value: Mapping[str, Any],  # noqa: ARG003, Dagster's signature
    ) -> DagsterRunLauncher[Any]:
        """Processes of the code location, or tasks of ECS, which have such a check of their own."""
        settings = Settings()
        if settings.run_launcher == "process":
            return cls(inst_data=inst_data)
        from dagster_aws.ecs import EcsRunLauncher  # noqa: PLC0415, a second that only those on ECS spend

        # The task definition names its secrets; Dagster's own search for secrets by a tag would need to list them all.
        return EcsRunLauncher(inst_data, settings.run_task_definition, container_name="run", secrets_tag="")

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Have run monitoring ask."""
        return True

    def launch_run(self, context: LaunchRunContext) -> None:
        """Launch a run, and note on which machine."""
        self._instance.add_run_tags(context.dagster_run.run_id, here())
        super().launch_run(context)

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """Return whether a run's process is there; one of which nothing can be found out counts as running."""
        if is_gone(self._instance, run):
            return CheckRunHealthResult(WorkerStatus.NOT_FOUND, "the run's process is gone")
        return CheckRunHealthResult(WorkerStatus.RUNNING)


def here() -> dict[str, str]:
    """Return the tag of a run whose process is on this machine."""
    return {HOST_TAG: socket.gethostname()}


def is_gone(instance: dg.DagsterInstance, run: dg.DagsterRun, *, alone: bool = False) -> bool:
    """Return whether a run's process is known to have ended.

    A code location at a host and port is asked which runs it has. A run of a local code location, or of a command, is
    a process of the machine in its tag: of another one nothing can be found out, unless this one is ``alone`` with the
    database. Then that is a former name of it, or a container in whose place it is, and the process has ended.
    """
    server = json.loads(run.tags.get(GRPC_INFO_TAG, "{}"))
    if server.get("port"):
        return _is_unknown_to(server, run.run_id)
    host = run.tags.get(HOST_TAG)
    if host == socket.gethostname():
        return _has_no_process(instance, run.run_id)
    return alone and host is not None


def _is_unknown_to(server: dict[str, object], run_id: str) -> bool:
    client = DagsterGrpcClient(
        host=str(server["host"]), port=int(str(server["port"])), use_ssl=bool(server.get("use_ssl"))
    )
    try:
        answer = deserialize_value(client.get_current_runs(), GetCurrentRunsResult)
    except DagsterUserCodeUnreachableError:  # it may still have the run; sensors fail meanwhile, and alert
        return False
    return run_id not in answer.current_runs


def _has_no_process(instance: dg.DagsterInstance, run_id: str) -> bool:
    """Return whether the process that spoke for the run has ended; its number may be another's by now."""
    for entry in reversed(instance.all_logs(run_id, of_type=dg.DagsterEventType.ENGINE_EVENT)):
        data = entry.dagster_event and entry.dagster_event.event_specific_data
        if isinstance(data, EngineEventData) and "pid" in data.metadata:
            return not _lived_at(int(str(data.metadata["pid"].value)), entry.timestamp)
    return False


def _lived_at(pid: int, moment: float) -> bool:
    try:
        process = psutil.Process(pid)
        begun = process.create_time()
        return process.status() != psutil.STATUS_ZOMBIE and begun <= moment + CLOCK_TOLERANCE.total_seconds()
    except psutil.NoSuchProcess:
        return False
