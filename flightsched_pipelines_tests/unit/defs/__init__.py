"""Adapters that need no server."""
