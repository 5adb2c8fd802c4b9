"""The ways in which handing over a message fails, the same for every channel.

Their words are logged: they never hold a reader's name, address or number, nor a secret.
"""

from flightsched_pipelines.errors import PlainError


class DeliveryError(PlainError):
    """A message was not taken; it may be, later."""


class Refused(DeliveryError):  # noqa: N818, it names what happened
    """This message will never be taken: the reader does not exist, or the message is not as the channel wants it."""


class ChannelDown(DeliveryError):  # noqa: N818, as above
    """Nothing is wrong with the message: the service is away, throttles, or does not know us.

    Args:
        words: what, where, and what to do.
        retry_after_seconds: when the service said it may be asked again.
    """

    def __init__(self, words: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(words)
        self.retry_after_seconds = retry_after_seconds


class NotYet(DeliveryError):  # noqa: N818, as above
    """The channel would not take this message now, and may later."""


class DeliverySettingsError(PlainError, ValueError):
    """A channel's setting that cannot be right; the message says which, and what to set."""
