"""Dagster: assets, checks, jobs, schedules and sensors, by feature as the UI groups them, all thin.

An asset loads, calls one service, and returns a frame with its metadata; it holds no judgement.
"""
