"""Responses on a real database."""
