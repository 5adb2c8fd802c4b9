"""Queries by feature; each function works on the caller's connection, in the caller's transaction."""
