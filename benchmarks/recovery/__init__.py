"""How fast the outbox is emptied, beside the loop that one would write first."""
