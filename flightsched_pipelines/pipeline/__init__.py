"""Dagster's side: assets, checks, resources, the job and its schedule, all thin.

Belongs here: loading, calling one pure function, returning a frame and its metadata.
Does not: judgement of any kind, SQL, HTTP.
"""

import warnings

import dagster as dg

# The version is pinned, and tests use each of these: single-run backfills, dagster.yaml's log handler, and the owners
# that Dagster's own sensors pass on.
warnings.filterwarnings(
    "ignore",
    category=dg.BetaWarning,
    message=".*backfill_policy|Handling yaml-defined logging|Parameter `owners` of initializer",
)
