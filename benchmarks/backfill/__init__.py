"""Measure an hour's run next to a graph that does nothing."""
