"""Delivery of the outbox: a thread for each channel, its sender, and a test email."""
