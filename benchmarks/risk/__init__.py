"""The risk assessment against a plain loop, pandas, Polars and DuckDB: ``python -m benchmarks.risk.run``."""
