"""Tests, arranged like the package: ``unit`` needs no server, ``integration`` starts real ones."""

import os
import sys

PROBES_STAY = 1_000_000_000
"""The number of passes after which slipcover takes a probe out, and goes through the functions of all modules for it
(decision 66). Its own setting, 50 by default, does not reach the processes of xdist."""

if counter := getattr(sys.modules.get("slipcover.pytest_plugin"), "_slipcover_instance", None):
    counter.d_miss_threshold = PROBES_STAY

os.environ["FIRST_HOUR"] = "2026-10-01T00"
"""The first hour of the tests' installations, weeks before `SEED_HOUR`: Dagster goes through all hours since then
for each result of an operational check."""
