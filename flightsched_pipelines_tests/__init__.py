"""Tests, arranged like the package: ``unit`` needs no server, ``integration`` starts real ones."""

import sys

PROBES_STAY = 1_000_000_000
"""A probe is taken out after as many passes. Each removal goes through all functions of all modules, and the usual 50
passes cost a fifth of the whole run; slipcover's own setting does not reach the processes of xdist."""

if counter := getattr(sys.modules.get("slipcover.pytest_plugin"), "_slipcover_instance", None):
    counter.d_miss_threshold = PROBES_STAY
