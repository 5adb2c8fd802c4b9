"""Tests of the pictures of verified forecasts."""
