"""Counts and tables of hazard areas, as Dagster metadata."""

import dagster as dg
import pandas as pd

from flightsched_pipelines.database.frames import PARTITION_HOUR
from flightsched_pipelines.defs.metadata_tables import Metadata, metadata_table
from flightsched_pipelines.reporting.area_map import area_map
from flightsched_pipelines.services.hourly.area_maps import map_of_hour

_SHOWN = ["name", "hazard", "from_utc", "to_utc", "base_ft", "top_ft"]


def areas_metadata(areas: pd.DataFrame, airports: pd.DataFrame) -> Metadata:
    """Show the newest hour's areas on a map, list them and what could not be read of them, and count them."""
    return {
        "map": dg.MetadataValue.md(_map_of_newest(areas, airports)),
        "areas": metadata_table(areas[_SHOWN].sort_values(["hazard", "from_utc"])),
        "problems": metadata_table(areas.loc[areas["problem"].notna(), ["problem"]]),
        "areas_known": int(areas["hazard"].notna().sum()),
        "areas_not_known": int(areas["hazard"].isna().sum()),
    }


def _map_of_newest(areas: pd.DataFrame, airports: pd.DataFrame) -> str:
    if areas.empty:
        return "No area is known."
    newest = pd.Timestamp(areas[PARTITION_HOUR].max())
    of_newest = areas.loc[areas[PARTITION_HOUR].eq(newest)]
    return area_map(map_of_hour(of_newest, airports, newest.to_pydatetime())).markdown()
