"""Post messages to the operators' Slack channel, by a webhook or a bot."""

from collections.abc import Mapping, Sequence
from typing import Any, cast
from urllib.error import URLError

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.webhook import WebhookClient

from flightsched_pipelines.clients.delivery.delivery_errors import (
    ChannelDownError,
    DeliveryError,
    DeliverySettingsError,
    HandOver,
    MessageRefusedError,
    PerhapsDeliveredError,
)

TIMEOUT_SECONDS = 60
FAILED = frozenset({"internal_error", "fatal_error"})
"""Slack's errors for a failure of its own, after which part of the work may have been done."""

NOT_OURS = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_too_long", "no_text", "invalid_payload"})
"""Slack's errors for a message that can never be delivered."""


class Slack:
    """A channel on Slack.

    Args:
        webhook_url: where to post, or
        bot_token: a bot's token, with
        channel: the channel it posts to.
        base_url: base URL of a compatible server.

    Raises:
        DeliverySettingsError: neither is given, or the bot has no channel.
    """

    def __init__(
        self, webhook_url: str | None, bot_token: str | None, channel: str | None, base_url: str | None = None
    ) -> None:
        self._channel = channel
        # Without handlers nothing is sent again: the outbox decides about that.
        self._webhook = WebhookClient(webhook_url, timeout=TIMEOUT_SECONDS, retry_handlers=[]) if webhook_url else None
        self._bot: WebClient | None = None
        if self._webhook is None:
            if not bot_token or not channel:
                raise DeliverySettingsError("set SLACK_WEBHOOK_URL, or SLACK_BOT_TOKEN together with SLACK_CHANNEL")
            self._bot = WebClient(
                bot_token, base_url=base_url or WebClient.BASE_URL, timeout=TIMEOUT_SECONDS, retry_handlers=[]
            )

    def post(self, text: str, blocks: Sequence[Mapping[str, Any]], hand_over: HandOver) -> str:
        """Post a message; returns Slack's time stamp of it, or ``ok`` from a webhook.

        Raises:
            ChannelDownError: Slack is down, throttles, or does not accept our credentials.
            MessageRefusedError: it does not accept this message.
            PerhapsDeliveredError: no response came, or one of a failing server.
        """
        hand_over()
        try:
            return self._by_webhook(text, blocks) if self._webhook is not None else self._by_bot(text, blocks)
        except URLError as error:
            # urllib raises this for a request that could not be sent; the last two mean that a connection existed.
            if isinstance(error.reason, ConnectionResetError | BrokenPipeError):
                raise _unanswered(error) from None
            raise ChannelDownError(f"Slack cannot be reached ({type(error).__name__}); it is tried again") from None
        except (SlackClientError, OSError) as error:
            raise _unanswered(error) from None

    def _by_webhook(self, text: str, blocks: Sequence[Mapping[str, Any]]) -> str:
        assert self._webhook is not None  # noqa: S101, for the type checker
        answer = self._webhook.send(text=text, blocks=[dict(block) for block in blocks])
        if answer.status_code != 200:
            raise _judged(answer.status_code, answer.body.strip()[:60], answer.headers)
        return answer.body

    def _by_bot(self, text: str, blocks: Sequence[Mapping[str, Any]]) -> str:
        assert self._bot is not None  # noqa: S101, for the type checker
        try:
            answer = self._bot.chat_postMessage(
                channel=str(self._channel), text=text, blocks=[dict(block) for block in blocks]
            )
        except SlackApiError as error:
            response: Any = error.response  # pyright: ignore[reportUnknownVariableType], untyped in slack_sdk
            raise _judged(response.status_code, str(response.get("error", "")), response.headers) from None
        return str(cast("Mapping[str, object]", answer)["ts"])


def _unanswered(error: Exception) -> PerhapsDeliveredError:
    return PerhapsDeliveredError(f"perhaps delivered: Slack received it and did not respond ({type(error).__name__})")


def _judged(status_code: int, said: str, headers: Mapping[str, Any]) -> DeliveryError:
    lowered = {name.lower(): value for name, value in headers.items()}
    if status_code == 429 or said == "ratelimited":
        return ChannelDownError(
            "Slack asks for fewer messages", retry_after_seconds=float(lowered.get("retry-after", 30))
        )
    if said in NOT_OURS:
        return MessageRefusedError(f"Slack refuses this message ({said})")
    if said in FAILED or (status_code >= 500 and status_code != 503):
        return PerhapsDeliveredError(f"perhaps delivered: Slack failed at it ({status_code} {said[:60]})")
    return ChannelDownError(
        f"Slack responded {status_code} {said}; check SLACK_WEBHOOK_URL, SLACK_BOT_TOKEN and SLACK_CHANNEL"
    )
