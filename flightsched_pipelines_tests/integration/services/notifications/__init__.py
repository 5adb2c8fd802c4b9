"""Dispatches on a real database."""
