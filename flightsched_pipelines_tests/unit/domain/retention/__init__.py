"""Tests of domain/retention."""
