"""Pure judgement: what the weather is, which lessons it threatens, where they can go, and what becomes of a case.

Standard library, numpy, pandas, pydantic, a solver and an almanac; never Dagster, SQL, HTTP, the clock or the
environment. A function that needs the time takes ``now_utc``.
"""
