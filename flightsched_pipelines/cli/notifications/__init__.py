"""Commands of messages: dispatch an hour, show and redrive the outbox, preview notifications."""
