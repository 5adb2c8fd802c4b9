"""Counts of verified forecasts and verdicts, as Dagster metadata."""

import pandas as pd

from flightsched_pipelines.defs.metadata_tables import Metadata, metadata_table

MOST_MISSED = 20


def verification_metadata(verified: pd.DataFrame) -> Metadata:
    """Count the outcomes by source, lead and element, and the misses of the airports that have most."""
    by = ["source", "lead_hours", "element"]
    cases = verified["cases"]
    counted = verified.pivot_table("cases", by, "outcome", "sum", fill_value=0, observed=True)
    missed = verified.loc[verified["outcome"] == "miss", "airports"].explode()
    most = missed.value_counts().head(MOST_MISSED).rename_axis("airport").reset_index(name="misses")
    missing = int(cases[verified["outcome"] == "missing"].sum())
    return {
        "outcomes": metadata_table(counted.reset_index()),
        "most_misses": metadata_table(most),
        "pairs": int(cases.sum()) - missing,
        "pairs_missing": missing,
    }


def verdict_pairs_metadata(pairs: pd.DataFrame) -> Metadata:
    """Count verdicts by level and lead, and what was observed."""
    by = ["training_level", "lead_hours", "verdict", "observed"]
    counts = pairs.groupby(by, observed=True).size().rename("lessons").reset_index()
    return {"verdicts": metadata_table(counts), "pairs": int((pairs["observed"] != "unknown").sum())}
