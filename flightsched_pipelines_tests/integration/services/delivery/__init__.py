"""Deliveries of what is queued, by servers that fail."""
