"""Dagster's own instance: its home folder and the environment its processes need."""

import os
import shutil
from pathlib import Path

import dagster as dg

from flightsched_pipelines.database.engine import application_url, dagster_url
from flightsched_pipelines.settings import Settings

DAGSTER_YAML = Path(__file__).parents[2] / "dagster.yaml"
WORKSPACE_YAML = DAGSTER_YAML.with_name("workspace.yaml")


def prepare_instance(settings: Settings) -> dict[str, str]:
    """Lay out Dagster's home and name the databases; returns the environment for Dagster's processes.

    An existing ``DAGSTER_HOME`` is respected, as in a deployment where it holds the operators' own file.
    """
    home = Path(os.environ.get("DAGSTER_HOME") or settings.flightsched_home / "dagster").resolve()
    home.mkdir(parents=True, exist_ok=True)
    if not (home / "dagster.yaml").exists() or "DAGSTER_HOME" not in os.environ:
        shutil.copyfile(DAGSTER_YAML, home / "dagster.yaml")
    return {
        "DAGSTER_HOME": str(home),
        "DAGSTER_POSTGRES_URL": dagster_url(settings),
        "DATABASE_URL": application_url(settings),
        "FLIGHTSCHED_HOME": str(settings.flightsched_home.resolve()),
        "DAGSTER_DISABLE_TELEMETRY": "yes",
    }


def upgrade_instance(settings: Settings) -> None:
    """Bring Dagster's own database to the schema of the installed Dagster, making it if it is missing."""
    os.environ.update(prepare_instance(settings))
    with dg.DagsterInstance.get() as instance:
        instance.upgrade()
