"""Ping a dead-man's-switch service (such as healthchecks.io), which alerts if pings stop."""

import httpx

TIMEOUT_SECONDS = 10


class HeartbeatError(RuntimeError):
    """The ping failed; its URL is a secret, and not in the message."""


def ping(url: str) -> None:
    """Ping the URL after a successful hour.

    Raises:
        HeartbeatError: it did not arrive.
    """
    try:
        reply = httpx.get(url, timeout=TIMEOUT_SECONDS)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise HeartbeatError(f"HEARTBEAT_URL cannot be reached ({type(error).__name__}); check it") from None
    if reply.is_error:
        raise HeartbeatError(f"HEARTBEAT_URL responded {reply.status_code}; check it")
