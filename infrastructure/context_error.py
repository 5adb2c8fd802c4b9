"""The error of a deployment's context."""


class ContextError(ValueError):
    """The context of the command misses something, or names something that does not exist."""
