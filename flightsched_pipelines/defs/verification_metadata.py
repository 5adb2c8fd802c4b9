"""Counts of verified forecasts and verdicts, as Dagster metadata."""

import pandas as pd

from flightsched_pipelines.defs.metadata_tables import Metadata, metadata_table


def verification_metadata(verified: pd.DataFrame) -> Metadata:
    """Count the outcomes by source, lead and element, and list the misses."""
    by = ["source", "lead_hours", "element"]
    counts = verified.groupby([*by, "outcome"], observed=True).size().unstack(fill_value=0).reset_index()
    missed = verified.loc[verified["outcome"] == "miss", ["airport", *by, "threshold", "part"]]
    return {
        "outcomes": metadata_table(counts),
        "misses": metadata_table(missed),
        "pairs": int((verified["outcome"] != "missing").sum()),
        "pairs_missing": int((verified["outcome"] == "missing").sum()),
    }


def verdict_pairs_metadata(pairs: pd.DataFrame) -> Metadata:
    """Count verdicts by level and lead, and what was observed."""
    by = ["training_level", "lead_hours", "verdict", "observed"]
    counts = pairs.groupby(by, observed=True).size().rename("lessons").reset_index()
    return {"verdicts": metadata_table(counts), "pairs": int((pairs["observed"] != "unknown").sum())}
