"""Rank an hour with a stand-in for OpenAI, and read what came of it."""

from collections.abc import Mapping
from typing import Any

import dagster as dg
import pandas as pd
from sqlalchemy import Engine, select

from flightsched_pipelines.database.frames import read_partition, write_partition
from flightsched_pipelines.database.schema import PIPELINE_TABLES, dead_letters, llm_calls
from flightsched_pipelines.definitions import build_definitions
from flightsched_pipelines.defs.partitions import key_of
from flightsched_pipelines.settings import Settings
from flightsched_pipelines_tests.conftest import SEED_HOUR, settings_for
from flightsched_pipelines_tests.servers.openai_server import OpenAIServer

ASSET = dg.AssetKey("reschedule_proposals")


SLOT = ["booking_id", "starts_at_utc", "ends_at_utc", "instructor_id", "aircraft_id"]


def settings_with(server: OpenAIServer, **values: object) -> Settings:
    return settings_for(openai_api_key="a-test-key", openai_base_url=server.url, openai_model="fake-llm", **values)


def rank(engine: Engine, settings: Settings) -> tuple[dg.ExecuteInProcessResult, Mapping[str, Any]]:
    """Materialise the proposals of the hour, and return the asset's metadata."""
    job = build_definitions(engine=engine, settings=settings).resolve_job_def("hourly_tick")
    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(instance=instance, partition_key=key_of(SEED_HOUR), asset_selection=[ASSET])
    (event,) = result.asset_materializations_for_node("reschedule_proposals")
    return result, {name: _shown(value) for name, value in event.metadata.items()}


def _shown(value: dg.MetadataValue[Any]) -> Any:
    return [record.data for record in value.records] if isinstance(value, dg.TableMetadataValue) else value.value


def stored(engine: Engine, table: str = "reschedule_proposals") -> pd.DataFrame:
    return read_partition(engine, PIPELINE_TABLES[table], [SEED_HOUR])


def calls(engine: Engine) -> pd.DataFrame:
    with engine.connect() as connection:
        return pd.DataFrame(connection.execute(select(llm_calls)).mappings().all())


def letters(engine: Engine) -> pd.DataFrame:
    with engine.connect() as connection:
        rows = connection.execute(select(dead_letters)).mappings().all()
    return pd.DataFrame(rows, columns=[column.name for column in dead_letters.columns])


def same_slots(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    return one[SLOT].sort_values(SLOT, ignore_index=True).equals(other[SLOT].sort_values(SLOT, ignore_index=True))


def keep_lessons(engine: Engine, count: int) -> None:
    """Leave the plan to the first few lessons, so that a failure is quick."""
    plan = stored(engine, "reschedule_plan")
    few = sorted(plan["booking_id"].unique())[:count]
    write_partition(engine, PIPELINE_TABLES["reschedule_plan"], plan[plan["booking_id"].isin(few)], [SEED_HOUR])


def passed(result: dg.ExecuteInProcessResult) -> set[str]:
    return {one.check_name for one in result.get_asset_check_evaluations() if one.passed}
