"""Dagster: assets, checks, jobs, schedules and sensors, by feature as the UI groups them, all thin.

An asset loads, calls one service, and returns a frame with its metadata; it holds no judgement.
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
