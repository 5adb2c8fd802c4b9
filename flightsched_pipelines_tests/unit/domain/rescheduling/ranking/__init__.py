"""Tests of the LLM's request and of the checks on its response."""
