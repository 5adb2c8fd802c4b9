"""The steps of an hour: weather, snapshots, verdicts, candidates, plan, ranking, validation and the summary."""
