"""The base class of errors whose message is for people."""


class PlainError(Exception):
    """An error whose message is one sentence for a person: what was wrong, where, and what to do."""
