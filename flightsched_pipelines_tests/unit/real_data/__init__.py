"""Comparisons with real data, if they are present."""
