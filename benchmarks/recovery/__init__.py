"""Measure the time to recover after everything was killed."""
