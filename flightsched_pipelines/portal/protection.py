"""Around every request: headers, limits, and a log line that contains no link.

It is plain ASGI, outside of everything else, so that pages of errors have the headers too, and streams stay streams.
"""

import logging
import time
from hashlib import sha256
from math import ceil

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from flightsched_pipelines.portal.rate_limit import RateLimit
from flightsched_pipelines.portal.site import message
from flightsched_pipelines.settings import Settings

logger = logging.getLogger(__name__)

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "x-robots-tag": "noindex, nofollow",
    "cache-control": "no-store",
}
"""The headers of every response, unless its page has others."""
HSTS = "max-age=31536000"

SIGNS_OF_LIFE = frozenset({"/healthz", "/readyz"})
"""Paths that are asked every few seconds, by one address."""

TOKEN_SHARE = 5
"""A link may be opened this many times less often than its address may ask."""


class Protection:
    """The site within its limits."""

    def __init__(self, site: ASGIApp, settings: Settings) -> None:
        self._site = site
        per_minute = settings.portal_requests_per_minute
        self._by_address, self._by_link = RateLimit(per_minute), RateLimit(per_minute // TOKEN_SHARE)
        is_https = (settings.portal_url or "").startswith("https://")
        self._headers = HEADERS | ({"strict-transport-security": HSTS} if is_https else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            await self._site(scope, receive, send)
            return
        began, status = time.monotonic(), 0

        async def send_protected(sent: Message) -> None:
            nonlocal status
            if sent["type"] == "http.response.start":
                status = sent["status"]
                headers = MutableHeaders(scope=sent)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(sent)

        try:
            await self._within_limits(scope, receive, send_protected)
        finally:
            place, milliseconds = shown_path(scope["path"]), 1000 * (time.monotonic() - began)
            logger.info("%s %s %d %.0f ms", scope["method"], place, status, milliseconds)

    async def _within_limits(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, client = scope["path"], scope.get("client")
        wait = 0.0
        if path not in SIGNS_OF_LIFE:
            wait = self._by_address.wait_seconds(client[0] if client else "")
            if not wait and (secret := _secret_part(path) or _bearer(scope)):
                wait = self._by_link.wait_seconds(sha256(secret.encode(errors="replace")).digest())
        if not wait:
            await self._site(scope, receive, send)
            return
        refusal = message("Too many requests", "Wait a minute, then open the page again. Nothing was changed.", 429)
        refusal.headers["retry-after"] = str(ceil(wait))
        await refusal(scope, receive, send)


def board_policy(address: str) -> str:
    """Return the policy of the dispatch board's pages: their one script, and the board's own pages and events."""
    return f"{POLICY}; script-src {address}/static/board.js; connect-src {address}/board {address}/board/"


def shown_path(path: str) -> str:
    """Return a path as it may be logged: its first part alone, for what follows may be a secret."""
    first, *rest = path.lstrip("/").split("/")
    known = first if first.isascii() and first.isidentifier() and len(first) <= 20 else "?" * bool(first)
    return f"/{known}" + "/…" * bool(rest)


def _bearer(scope: Scope) -> str:
    """Return the token of a request to an address for programs."""
    return Headers(scope=scope).get("authorization", "") if scope["path"].startswith("/api/") else ""


def _is_of_the_board(path: str) -> bool:
    return path == "/board" or path.startswith("/board/")


def _secret_part(path: str) -> str:
    """Return the link in a path: what follows its first part, or on the board the link to sign in with."""
    first, _, rest = path.lstrip("/").partition("/")
    if _is_of_the_board(path):
        return rest.removeprefix("sign-in/") if rest.startswith("sign-in/") else ""
    return "" if first in {"static", "api"} else rest
