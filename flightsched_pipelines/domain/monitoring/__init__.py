"""Checks of the platform itself: their definitions and limits, and when an alert opens, repeats and resolves.

Measuring the values belongs in ``services.monitoring``, showing them to Dagster in ``defs.monitoring``.
"""
