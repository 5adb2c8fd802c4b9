"""Use cases, a transaction each; every entry point (job, terminal, queue, page) calls these and nothing else.

A service loads, lets ``domain`` decide, and applies the decision. No Dagster, no terminal.
"""
