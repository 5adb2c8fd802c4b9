"""The sentences of emails: after a response, about a freed slot, and about missing weather."""
