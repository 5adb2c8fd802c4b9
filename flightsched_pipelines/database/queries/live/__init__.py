"""Queries of the live stream: its events, in an order that never changes behind a reader, and tokens."""
