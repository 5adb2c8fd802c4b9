"""Dagster's side: assets, checks, resources, the job and its schedule, all thin.

Belongs here: loading, calling one pure function, returning a frame and its metadata.
Does not: judgement of any kind, SQL, HTTP.
"""
