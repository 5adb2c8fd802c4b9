"""flightsched_pipelines_tests/unit/reporting."""
