"""Tests of what the desk decides, without a database."""
