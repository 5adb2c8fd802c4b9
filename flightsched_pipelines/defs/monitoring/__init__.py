"""Asset checks, the sensors that turn them into alerts, and what Dagster's instance records of runs."""
