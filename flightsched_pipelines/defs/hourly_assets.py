"""Makers of hourly assets: a partition an hour, stored in the table of the asset's name, backfilled in a single run."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import dagster as dg
from pandas import DataFrame

from flightsched_pipelines.database.schema import PIPELINE_TABLES
from flightsched_pipelines.defs.ownership import DISPATCH, labels, team
from flightsched_pipelines.defs.partitions import HOURLY
from flightsched_pipelines.defs.runs.run_process import accept_beta

Decorator = Callable[[Callable[..., Any]], dg.AssetsDefinition]


def hourly_asset(
    group_name: str, *, kinds: set[str], deps: Sequence[str] = (), pool: str | None = None
) -> Callable[[Callable[..., DataFrame]], dg.AssetsDefinition]:
    """Return the decorator of an asset that is named and described by its function.

    Args:
        group_name: the group in the UI.
        kinds: what it is made with.
        deps: assets that it reads by itself.
        pool: the provider of which it asks something; dagster.yaml limits how many steps do so at a time.
    """

    def decorate(work: Callable[..., DataFrame]) -> dg.AssetsDefinition:
        with accept_beta():
            return dg.asset(
                group_name=group_name,
                partitions_def=HOURLY,
                io_manager_key="tables",
                backfill_policy=dg.BackfillPolicy.single_run(),
                owners=[team(DISPATCH)],
                kinds=kinds,
                tags=labels(group_name),
                metadata=table_metadata(work.__name__),
                deps=deps,
                pool=pool,
            )(work)

    return decorate


def hourly_assets(group_name: str, deps: Sequence[str] = (), **descriptions: str) -> Decorator:
    """Return the decorator of several assets that one piece of work makes, named by the keywords, each described."""
    with accept_beta():
        return dg.multi_asset(
            outs={
                name: dg.AssetOut(
                    description=description,
                    group_name=group_name,
                    io_manager_key="tables",
                    kinds={"numpy", "postgres"},
                    tags=labels(group_name),
                    metadata=table_metadata(name),
                    owners=[team(DISPATCH)],
                )
                for name, description in descriptions.items()
            },
            partitions_def=HOURLY,
            backfill_policy=dg.BackfillPolicy.single_run(),
            deps=deps,
        )


def table_metadata(table_name: str) -> Mapping[str, Any]:
    """Return where a table is, and its columns with their types and comments, as the Dagster UI shows them."""
    table = PIPELINE_TABLES[table_name]
    return {
        "dagster/table_name": f"{table.schema}.{table.name}",
        "dagster/column_schema": dg.TableSchema(
            columns=[
                dg.TableColumn(
                    name=column.name,
                    type=str(column.type).lower(),
                    description=column.comment,
                    constraints=dg.TableColumnConstraints(nullable=bool(column.nullable)),
                )
                for column in table.columns
            ]
        ),
    }
