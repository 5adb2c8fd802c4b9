"""Jobs and sensors that dispatch an hour and deliver the outbox."""
