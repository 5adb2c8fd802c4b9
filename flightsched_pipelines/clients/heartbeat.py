"""A sign of life to somebody outside, who raises the alarm when it stays away (such as healthchecks.io)."""

import httpx

TIMEOUT_SECONDS = 10


class HeartbeatError(RuntimeError):
    """Nobody took the sign of life; the address is a secret, and not in the message."""


def ping(url: str) -> None:
    """Say that an hour was completed.

    Raises:
        HeartbeatError: it was not taken.
    """
    try:
        reply = httpx.get(url, timeout=TIMEOUT_SECONDS)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise HeartbeatError(f"HEARTBEAT_URL cannot be reached ({type(error).__name__}); check it") from None
    if reply.is_error:
        raise HeartbeatError(f"HEARTBEAT_URL says {reply.status_code}; check it")
