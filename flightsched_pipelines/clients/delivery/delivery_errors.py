"""The errors of delivering a message, the same for every channel.

Their words are logged: they never contain a reader's name, address or number, nor a secret.
"""

from collections.abc import Callable

from flightsched_pipelines.errors import PlainError

HandOver = Callable[[], None]
"""Called right before the first byte after which the receiver may take the message.

It may raise, and then the message must not be sent. Any failure before the call is known not to have been delivered.
"""


def unnoted() -> None:
    """Do nothing: for a message that is never sent again."""


class DeliveryError(PlainError):
    """A message was not delivered; a later attempt may succeed."""


class MessageRefusedError(DeliveryError):
    """This message can never be delivered: the reader does not exist, or the channel does not accept its form."""


class ChannelDownError(DeliveryError):
    """No message was taken: the service is down, throttles, or does not accept our credentials.

    Args:
        words: what, where, and what to do.
        retry_after_seconds: the pause that the service requested.
    """

    def __init__(self, words: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(words)
        self.retry_after_seconds = retry_after_seconds


class NotYetError(DeliveryError):
    """The channel has not taken this message; a later attempt may succeed."""


class BrokenOffError(NotYetError):
    """The channel broke off at this message, and has not taken it.

    One alone is attributed to the message; several in a row, of different messages, to the channel.
    """


class PerhapsDeliveredError(DeliveryError):
    """The message was handed over without a final response: it may have been delivered."""


class DeliverySettingsError(PlainError, ValueError):
    """An invalid setting of a channel; the message names it and a valid value."""
