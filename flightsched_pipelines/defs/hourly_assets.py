"""The asset graph, one module a stage: an asset loads, calls one service, and returns a frame."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import dagster as dg

from flightsched_pipelines.database.schema import PIPELINE_TABLES
from flightsched_pipelines.defs.partitions import HOURLY

hourly_asset = partial(
    dg.asset,
    partitions_def=HOURLY,
    io_manager_key="tables",
    backfill_policy=dg.BackfillPolicy.single_run(),
    owners=["team:dispatch"],
)
"""An asset with a partition an hour, stored in the table of its name; many hours are backfilled in a single run."""


def hourly_assets(
    group_name: str, deps: Sequence[str] = (), **descriptions: str
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """Several such assets that one piece of work makes, named by the keywords, each with what it is."""
    return dg.multi_asset(
        outs={
            name: dg.AssetOut(
                description=description,
                group_name=group_name,
                io_manager_key="tables",
                kinds={"numpy", "postgres"},
                metadata=columns_of(name),
                owners=["team:dispatch"],
            )
            for name, description in descriptions.items()
        },
        partitions_def=HOURLY,
        backfill_policy=dg.BackfillPolicy.single_run(),
        deps=deps,
    )


def columns_of(table_name: str) -> dict[str, dg.TableSchema]:
    """A table's columns with their types and comments, as the Dagster UI shows them."""
    return {
        "dagster/column_schema": dg.TableSchema(
            columns=[
                dg.TableColumn(
                    name=column.name,
                    type=str(column.type).lower(),
                    description=column.comment,
                    constraints=dg.TableColumnConstraints(nullable=bool(column.nullable)),
                )
                for column in PIPELINE_TABLES[table_name].columns
            ]
        )
    }
