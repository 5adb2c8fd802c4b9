"""Measure the opening of thousands of cases at once, with their notifications."""
