"""Dagster's side: assets, checks, resources, the job and its schedule, all thin.

Belongs here: loading, calling one pure function, returning a frame and its metadata.
Does not: judgement of any kind, SQL, HTTP.
"""

import warnings

import dagster as dg

# Single-run backfills are marked beta; the version is pinned, and a test runs one.
warnings.filterwarnings("ignore", category=dg.BetaWarning, message=".*backfill_policy.*")

import warnings

import dagster as dg

# Said in every run and command: dagster.yaml's own log handler, and what Dagster's sensors do themselves.
warnings.filterwarnings("ignore", "Handling yaml-defined logging|Parameter `owners` of initializer", dg.BetaWarning)
