"""The outbox, and the people to whom its messages are addressed."""
