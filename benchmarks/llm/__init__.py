"""Measure the LLM's ranking of an hour."""
