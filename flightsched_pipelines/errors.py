"""What all rooms share about errors: which of them are for people."""


class PlainError(Exception):
    """An error whose message is one sentence for a person: what was wrong, where, and what to do."""
