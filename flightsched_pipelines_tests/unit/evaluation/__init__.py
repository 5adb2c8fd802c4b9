"""The scorers of `make eval`."""
