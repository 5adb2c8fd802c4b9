"""Laws of the definitions: what each has, what the UI can launch, and what an import leaves unchanged."""

import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import dagster as dg
import pytest
import yaml

from flightsched_pipelines.database.schema import PIPELINE_TABLES
from flightsched_pipelines.definitions import defs
from flightsched_pipelines.defs.instance import DAGSTER_YAML
from flightsched_pipelines.defs.ownership import AREA_TAG, OWNER_TAG

REPOSITORY = defs.get_repository_def()
JOBS = {job.name: job for job in REPOSITORY.get_all_jobs() if not job.name.startswith("__")}
ASSETS = {key.to_user_string(): REPOSITORY.asset_graph.get(key) for key in REPOSITORY.asset_graph.executable_asset_keys}
WRITE_NO_TABLE = {"school_daily_figures", "school_weekly_figures"}
"""They show what views have."""
INSTIGATORS = {one.name: one for one in [*REPOSITORY.schedule_defs, *REPOSITORY.sensor_defs]}
CODE = "dagster/code_references"


def _file_of(metadata: Mapping[str, Any]) -> str:
    (place,) = metadata[CODE].code_references
    line = open(place.file_path).read().splitlines()[place.line_number - 1]  # noqa: PTH123, SIM115
    return f"{place.file_path}: {line}"


@pytest.mark.parametrize("name", sorted(ASSETS))
def test_an_asset_has_owner_kinds_area_code_and_the_table_that_it_writes(name: str) -> None:
    asset = ASSETS[name]
    assert set(asset.owners) <= {"team:dispatch", "team:platform"}
    assert asset.owners
    assert asset.kinds
    assert asset.tags[AREA_TAG] == asset.group_name
    assert "flightsched_pipelines/defs/" in _file_of(asset.metadata)
    if name in WRITE_NO_TABLE:
        assert "dagster/table_name" not in asset.metadata
        return
    schema, table = asset.metadata["dagster/table_name"].split(".")
    assert PIPELINE_TABLES.get(table, PIPELINE_TABLES["forecasts"]).schema == schema
    assert (asset.description or "")[0].isupper()


@pytest.mark.parametrize("name", sorted(JOBS))
def test_a_job_has_owner_code_and_the_one_executor(name: str) -> None:
    job = JOBS[name]
    assert job.tags[OWNER_TAG] in ("dispatch", "platform")
    assert "flightsched_pipelines/defs/" in _file_of(job.metadata)
    assert job.executor_def is defs.executor
    assert job.description


@pytest.mark.parametrize("name", sorted(INSTIGATORS))
def test_a_sensor_or_schedule_has_owner_area_code_and_words(name: str) -> None:
    one = INSTIGATORS[name]
    of_job = JOBS[one.job_name].tags if isinstance(one, dg.ScheduleDefinition) else {}
    tags = {**of_job, **(one.tags or {})}
    assert tags[OWNER_TAG] in ("dispatch", "platform")
    assert AREA_TAG in tags or of_job
    assert "flightsched_pipelines/defs/" in _file_of(one.metadata)
    assert one.description


@pytest.mark.parametrize("name", sorted(JOBS))
def test_a_launchpad_opens_with_every_required_field(name: str) -> None:
    """The configuration that the UI shows first is complete, and each of its fields is described."""
    job = JOBS[name]
    assert dg.validate_run_config(job, job.run_config or {})
    for node in job.graph.nodes:
        schema = (
            node.definition.get_config_field().config_type if isinstance(node.definition, dg.OpDefinition) else None
        )
        fields = getattr(schema, "fields", {})
        shown = (job.run_config or {}).get("ops", {}).get(node.name, {}).get("config", {})
        assert {field for field, what in fields.items() if what.is_required} <= set(shown)
        assert all(what.description for what in fields.values())


def test_pools_are_declared_and_limited() -> None:
    pools = {pool for asset in REPOSITORY.assets_defs_by_key.values() for pool in [asset.op.pool] if pool}
    assert pools == {"weather", "openai"}
    assert yaml.safe_load(DAGSTER_YAML.read_text())["concurrency"]["pools"]["default_limit"] == 2


def test_importing_the_definitions_changes_nothing_of_the_process_and_loads_no_client() -> None:
    script = (
        "import gc, sys, warnings; import dagster, pandas, sqlalchemy\n"
        "before = gc.get_threshold(), gc.get_freeze_count(), list(warnings.filters)\n"
        "import flightsched_pipelines.definitions\n"
        "after = gc.get_threshold(), gc.get_freeze_count(), list(warnings.filters)\n"
        "ours = [one for one in after[2] if one not in before[2] and 'agster' in str(one[2])]\n"
        "assert before[:2] == after[:2] and not ours, (before, after)\n"
        "slow = {'openai', 'openpyxl'} & set(sys.modules)\n"
        "assert not slow, f'every run would pay for {slow}'\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr
