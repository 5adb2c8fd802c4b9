"""The outbox, and the people whom its messages are addressed to."""
