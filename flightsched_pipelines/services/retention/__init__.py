"""Retention: hours are archived, then deleted; other records are deleted; people are erased on request."""
