"""flightsched_pipelines_tests/unit/domain/schedule_changes."""
