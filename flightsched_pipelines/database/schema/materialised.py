"""The tables that assets write, by the name of their asset."""

from collections.abc import Mapping
from types import MappingProxyType

from sqlalchemy import Table

from flightsched_pipelines.database.schema import pipeline, verification

_NO_ASSETS = (pipeline.partitions, pipeline.hourly_metrics)

PIPELINE_TABLES: Mapping[str, Table] = MappingProxyType(
    {
        table.name: table
        for module in (pipeline, verification)
        for table in vars(module).values()
        if isinstance(table, Table) and table.schema == "pipeline" and table not in _NO_ASSETS
    }
)
"""The materialised tables by the name of their asset."""
