"""Recorded facts about the platform: check statuses, alerts, provider calls and hourly metrics."""
