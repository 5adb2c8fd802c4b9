"""Tests of services' decisions, without a database."""
