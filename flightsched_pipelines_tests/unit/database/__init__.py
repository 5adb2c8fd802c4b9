"""Tests of the database's code that need no server."""
