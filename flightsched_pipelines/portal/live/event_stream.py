"""Server-Sent Events: a response that sends a listener's events as they come, and a sign of life between them."""

import json
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable

from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from flightsched_pipelines.portal.live.hub import LiveHub
from flightsched_pipelines.services.live.stream import Audience, LiveEvent

HEARTBEAT_SECONDS = 15.0
RETRY_MILLISECONDS = 2_000
HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}
"""A proxy that gathers a response before it passes it on would hold events up."""

MAX_POSITION = 2**63 - 1


class BadPlaceError(ValueError):
    """A client's value that is not a place in the stream."""


def place_of(given: str) -> int | None:
    """Return the place that a client has read to; ``None`` if it sent none.

    Raises:
        BadPlaceError: it is not one.
    """
    if not given:
        return None
    if not (given.isascii() and given.isdigit() and len(given) < 20 and int(given) <= MAX_POSITION):
        raise BadPlaceError("Last-Event-ID is not the id of an event; give back the last one that you got")
    return int(given)


class EventStream(StreamingResponse):
    """The events of one listener, until it leaves or may listen no more."""

    def __init__(
        self,
        hub: LiveHub,
        audience: Audience,
        after: int | None,
        key: Hashable,
        may_listen: Callable[[], Awaitable[bool]],
        heartbeat_seconds: float = HEARTBEAT_SECONDS,
    ) -> None:
        """Prepare a stream.

        Args:
            hub: the reader of the stream.
            audience: whose events are sent.
            after: the place that the client has read to; ``None`` for what happens from now on.
            key: the token or session, whose streams are counted.
            may_listen: asked at every sign of life.
            heartbeat_seconds: longest silence.
        """
        super().__init__(self._events(after), media_type="text/event-stream", headers=HEADERS)
        self._hub = hub
        self._audience = audience
        self._key = key
        self._may_listen = may_listen
        self._heartbeat_seconds = heartbeat_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send events until the client has left; to a HEAD the headers alone."""
        if scope["method"] == "HEAD":
            await Response(headers=HEADERS, media_type=self.media_type)(scope, receive, send)
            return
        async with self._hub.listening(self._key):
            await super().__call__(scope, receive, send)

    async def _events(self, after: int | None) -> AsyncGenerator[str]:
        place = self._hub.last if after is None else after
        asked_at = time.monotonic()
        yield f"retry: {RETRY_MILLISECONDS}\n{_place(place)}"
        while True:
            found, read_to = await self._hub.next_events(self._audience, place, self._heartbeat_seconds)
            for event in found:
                yield _text(event)
            if time.monotonic() - asked_at >= self._heartbeat_seconds:
                if not await self._may_listen():
                    return
                asked_at = time.monotonic()
            if not found or read_to > found[-1].position:
                yield f": {'more follows' if found else 'nothing new'}\n{_place(read_to)}"
            place = read_to


def _text(event: LiveEvent) -> str:
    return f"id: {event.position}\ndata: {json.dumps(event.payload)}\n\n"


def _place(position: int) -> str:
    """Return what tells a client its place without an event, so that it misses none if it comes back."""
    return f"id: {position}\n\n"
