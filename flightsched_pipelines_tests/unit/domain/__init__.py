"""flightsched_pipelines_tests/unit/domain."""
