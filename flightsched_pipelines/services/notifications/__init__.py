"""Notifications: cases opened and updated from an hour's findings, messages queued, and the outbox delivered."""
