"""Tests of notifications' content."""
