"""Everything that is imported from Dagster's private modules, in one place, each with the reason.

The version is pinned. A new version of Dagster is read against this list; no other module may name ``dagster._…``.
"""

from dagster._core.errors import (
    DagsterInvalidConfigError,
    DagsterUserCodeProcessError,
    DagsterUserCodeUnreachableError,
)
from dagster._core.events import EngineEventData
from dagster._core.execution.context.system import PlanOrchestrationContext
from dagster._core.execution.plan.plan import ExecutionPlan
from dagster._core.execution.retries import RetryMode
from dagster._core.launcher.base import CheckRunHealthResult, LaunchRunContext, WorkerStatus
from dagster._core.launcher.base import RunLauncher as DagsterRunLauncher
from dagster._core.launcher.default_run_launcher import DefaultRunLauncher
from dagster._core.log_manager import LOG_RECORD_METADATA_ATTR
from dagster._core.scheduler.instigation import ScheduleInstigatorData
from dagster._core.storage.compute_log_manager import ComputeLogManager
from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage
from dagster._core.storage.local_compute_log_manager import LocalComputeLogManager
from dagster._core.storage.tags import GRPC_INFO_TAG
from dagster._grpc.client import DagsterGrpcClient
from dagster._grpc.types import GetCurrentRunsResult
from dagster._serdes import ConfigurableClassData, deserialize_value

__all__ = [  # noqa: RUF022, by reason
    # A run launcher of our own: these are its interface, and none of them is public.
    "CheckRunHealthResult",
    "DagsterRunLauncher",
    "DefaultRunLauncher",
    "LaunchRunContext",
    "WorkerStatus",
    # Which runs a code location has: only its gRPC interface answers that.
    "DagsterGrpcClient",
    "DagsterUserCodeUnreachableError",
    "GRPC_INFO_TAG",
    "GetCurrentRunsResult",
    "deserialize_value",
    # An executor of our own: the types of its interface.
    "ExecutionPlan",
    "PlanOrchestrationContext",
    "RetryMode",
    # The process of a run is recorded in an engine event, and nowhere else.
    "EngineEventData",
    # A place for the output of steps that the settings choose: its interface.
    "ComputeLogManager",
    "ConfigurableClassData",
    "LocalComputeLogManager",
    # A log handler that dagster.yaml names finds job, step and run of a record under this name.
    "LOG_RECORD_METADATA_ATTR",
    # The connection of its event log: nothing public deletes results of asset checks.
    "SqlEventLogStorage",
    # Since when a schedule is on.
    "ScheduleInstigatorData",
    # The one error that the UI shows as it is given, without the stack of where it was raised.
    "DagsterUserCodeProcessError",
    # What is raised for a dagster.yaml that cannot be used.
    "DagsterInvalidConfigError",
]

DAEMON_MODULE = "dagster._daemon"
"""`dagster-daemon` as a module, so that it runs with this Python wherever its script is."""
