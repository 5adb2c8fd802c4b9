"""The tables that assets write, by the name of their asset."""

from collections.abc import Mapping
from types import MappingProxyType

from sqlalchemy import Table

from flightsched_pipelines.database.schema.availability import (
    availability_periods,
    availability_sets,
    availability_snapshot,
    school_availability,
)
from flightsched_pipelines.database.schema.base import metadata
from flightsched_pipelines.database.schema.pipeline import hourly_metrics, partitions
from flightsched_pipelines.database.schema.verification import forecast_verification, verdict_verification

_NO_ASSETS = (partitions, hourly_metrics, availability_periods, availability_sets, school_availability)
_OF_VERIFICATION = (forecast_verification, verdict_verification)

PIPELINE_TABLES: Mapping[str, Table] = MappingProxyType(
    {
        table.name: table
        for table in (*metadata.tables.values(), *_OF_VERIFICATION, availability_snapshot)
        if table.schema == "pipeline" and table not in _NO_ASSETS
    }
)
"""The materialised tables by the name of their asset; of `availability_snapshot`, a view of its rows."""
