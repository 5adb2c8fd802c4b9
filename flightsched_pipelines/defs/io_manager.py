"""One IO manager: an asset's frame is its table's partition, replaced in one transaction."""

from collections.abc import Sequence
from datetime import datetime

import dagster as dg
import pandas as pd
from sqlalchemy import Engine

from flightsched_pipelines.database.frames import read_partition, write_partition
from flightsched_pipelines.database.schema import PIPELINE_TABLES
from flightsched_pipelines.defs.partitions import hours_between


class TableIOManager(dg.IOManager):
    """Stores an asset's frame in ``pipeline.<asset>``; hands later assets the rows of their hours.

    What this run itself has stored it hands on without reading it again.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._stored: dict[tuple[str, datetime, datetime], pd.DataFrame] = {}

    def handle_output(self, context: dg.OutputContext, obj: pd.DataFrame) -> None:
        """Replace the run's hours of the table by the frame's rows."""
        table = PIPELINE_TABLES[context.asset_key.path[-1]]
        hours = _hours(context)
        stored = write_partition(self._engine, table, obj, hours)
        self._stored[table.name, hours[0], hours[-1]] = stored
        context.add_output_metadata({"dagster/partition_row_count": len(stored)})

    def load_input(self, context: dg.InputContext) -> pd.DataFrame:
        """The rows of the run's hours, with their ``partition_hour``."""
        table, hours = PIPELINE_TABLES[context.asset_key.path[-1]], _hours(context)
        stored = self._stored.get((table.name, hours[0], hours[-1]))
        return read_partition(self._engine, table, hours) if stored is None else stored.copy(deep=False)


def _hours(context: dg.OutputContext | dg.InputContext) -> Sequence[datetime]:
    window = context.asset_partitions_time_window
    return hours_between(window.start, window.end)


class Tables(dg.ConfigurableIOManagerFactory[TableIOManager]):
    """The IO manager on the run's database."""

    engine: dg.ResourceDependency[Engine]

    def create_io_manager(self, context: dg.InitResourceContext) -> TableIOManager:  # noqa: ARG002, Dagster's signature
        """Hand it the run's connections."""
        return TableIOManager(self.engine)
