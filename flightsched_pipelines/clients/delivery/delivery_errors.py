"""The ways in which handing over a message fails, the same for every channel.

Their words are logged: they never hold a reader's name, address or number, nor a secret.
"""

from collections.abc import Callable

from flightsched_pipelines.errors import PlainError

HandOver = Callable[[], None]
"""Called right before the first byte after which the receiver may take the message. It may raise, and then the message
must not be sent. Whatever fails before it was called is known not to have been delivered."""


def unnoted() -> None:
    """Hand over a message that nobody would send again."""


class DeliveryError(PlainError):
    """A message was not taken; it may be, later."""


class MessageRefusedError(DeliveryError):
    """This message will never be taken: the reader does not exist, or the message is not as the channel wants it."""


class ChannelDownError(DeliveryError):
    """Nothing of any message was taken: the service is away, throttles, or does not know us.

    Args:
        words: what, where, and what to do.
        retry_after_seconds: when the service said it may be asked again.
    """

    def __init__(self, words: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(words)
        self.retry_after_seconds = retry_after_seconds


class NotYetError(DeliveryError):
    """The channel has not taken this message, and may later."""


class BrokenOffError(NotYetError):
    """The channel broke off at this message, and has not taken it.

    One alone is the message's fault; several in a row, of different messages, are the channel's.
    """


class PerhapsDeliveredError(DeliveryError):
    """The message was handed over, and no answer says what became of it: it may have been delivered."""


class DeliverySettingsError(PlainError, ValueError):
    """A channel's setting that cannot be right; the message says which, and what to set."""
