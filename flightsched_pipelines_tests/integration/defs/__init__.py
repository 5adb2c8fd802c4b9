"""The graph on a real database."""
