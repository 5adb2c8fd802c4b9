"""Alerts, from a fault in the real graph to the message that operators get."""
