"""Counts and tables of hazard areas, as Dagster metadata."""

import pandas as pd

from flightsched_pipelines.defs.metadata_tables import Metadata, metadata_table

_SHOWN = ["name", "hazard", "from_utc", "to_utc", "base_ft", "top_ft"]


def areas_metadata(areas: pd.DataFrame) -> Metadata:
    """List the areas and what could not be read of them, and count them."""
    return {
        "areas": metadata_table(areas[_SHOWN].sort_values(["hazard", "from_utc"])),
        "problems": metadata_table(areas.loc[areas["problem"].notna(), ["problem"]]),
        "areas_known": int(areas["hazard"].notna().sum()),
        "areas_not_known": int(areas["hazard"].isna().sum()),
    }
