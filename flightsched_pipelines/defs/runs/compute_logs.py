"""Storage of the output of runs' steps: an S3 bucket where one is named, else a folder."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from flightsched_pipelines.clients import owner_only_files
from flightsched_pipelines.defs.dagster_internals import (
    ComputeLogManager,
    ConfigurableClassData,
    LocalComputeLogManager,
)
from flightsched_pipelines.settings import Settings


class ComputeLogs(LocalComputeLogManager):
    """The class that `dagster.yaml` names: one file serves every deployment, and the settings choose.

    Dagster's file cannot leave a section out by a variable, hence this choice in code.
    """

    @classmethod
    def config_type(cls) -> Mapping[str, Any]:
        """Nothing: all of it is in the settings."""
        return {}

    @classmethod
    def from_config_value(  # pyright: ignore[reportIncompatibleMethodOverride], either kind, not our own
        cls,
        inst_data: ConfigurableClassData | None,
        config_value: Mapping[str, Any],  # noqa: ARG003, Dagster's signature
    ) -> ComputeLogManager[Any]:
        """Amazon S3 with ``COMPUTE_LOGS_BUCKET``; without, ``FLIGHTSCHED_HOME``."""
        settings = Settings()
        folder = str(_folder(settings.flightsched_home.resolve() / "compute_logs"))
        if settings.compute_logs_bucket is None:
            return LocalComputeLogManager(folder, inst_data=inst_data)
        from dagster_aws.s3 import S3ComputeLogManager  # noqa: PLC0415, a second that only those with a bucket spend

        return S3ComputeLogManager(
            settings.compute_logs_bucket,
            local_dir=folder,
            inst_data=inst_data,
            endpoint_url=settings.aws_endpoint_url,
            region=settings.aws_region,
        )


def _folder(path: Path) -> Path:
    """The folder, open to its owner alone: Dagster writes into it with the rights that the umask gives."""
    with suppress(OSError):  # Dagster reports in the run's log that it cannot write there
        owner_only_files.folder(path)
    return path
