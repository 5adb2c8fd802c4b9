"""One IO manager: an asset's frame is its table's partition, replaced in one transaction."""

from collections.abc import Sequence
from datetime import datetime

import dagster as dg
import pandas as pd
from sqlalchemy import Engine

from flightsched_pipelines.database.frames import read_partition, write_partition
from flightsched_pipelines.database.schema import PIPELINE_TABLES
from flightsched_pipelines.pipeline.partitions import hours_between


class TableIOManager(dg.IOManager):
    """Stores an asset's frame in ``pipeline.<asset>``; hands later assets the rows of their hours."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def handle_output(self, context: dg.OutputContext, obj: pd.DataFrame) -> None:
        """Replace the run's hours of the table by the frame's rows."""
        table = PIPELINE_TABLES[context.asset_key.path[-1]]
        rows = write_partition(self._engine, table, obj, _hours(context))
        context.add_output_metadata(
            {"dagster/partition_row_count": rows, "dagster/table_name": f"{table.schema}.{table.name}"}
        )

    def load_input(self, context: dg.InputContext) -> pd.DataFrame:
        """The rows of the run's hours, with their ``partition_hour``."""
        return read_partition(self._engine, PIPELINE_TABLES[context.asset_key.path[-1]], _hours(context))


def _hours(context: dg.OutputContext | dg.InputContext) -> Sequence[datetime]:
    window = context.asset_partitions_time_window
    return hours_between(window.start, window.end)


class Tables(dg.ConfigurableIOManagerFactory[TableIOManager]):
    """The IO manager on the run's database."""

    engine: dg.ResourceDependency[Engine]

    def create_io_manager(self, context: dg.InitResourceContext) -> TableIOManager:  # noqa: ARG002, Dagster's signature
        """Hand it the run's connections."""
        return TableIOManager(self.engine)
