"""Tests of the terminal that need no server."""
