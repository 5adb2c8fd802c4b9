"""Runs, whatever their job."""
