"""A listener of the live stream: it asks the application itself, without a network, and can leave at any event."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp, Message

PATIENCE_SECONDS = 120
"""A test fails after this; none waits for it to pass."""


@dataclass
class Heard:
    """Everything that a listener got until it left: the status, and events with their ids, in order."""

    status: int = 0
    events: list[tuple[int, Mapping[str, Any]]] = field(default_factory=list[tuple[int, Mapping[str, Any]]])
    last_id: str = ""
    text: str = ""

    @property
    def ids(self) -> list[int]:
        """Return the events' ids."""
        return [number for number, _ in self.events]

    def add(self, chunk: str) -> None:
        """Take what was sent, as a client of Server-Sent Events does."""
        self.text += chunk
        for block in chunk.split("\n\n"):
            lines = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
            self.last_id = lines.get("id", self.last_id)
            if "data" in lines:
                self.events.append((int(lines["id"]), json.loads(lines["data"])))


async def listen(
    portal: ASGIApp,
    headers: Mapping[str, str],
    *,
    events: int,
    path: str = "/api/notifications/stream",
    opened: asyncio.Event | None = None,
    slow: asyncio.Event | None = None,
    waited_for: tuple[str, asyncio.Event] | None = None,
) -> Heard:
    """Listen until a number of events came, or the stream ends; then leave.

    ``opened`` is set when the stream has begun, the event of ``waited_for`` when its words have come. The listener
    takes nothing more until ``slow`` is set.
    """
    heard, gone = Heard(), asyncio.Event()
    requests = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Message:
        if requests:
            return requests.pop()
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            heard.status = message["status"]
            return
        if gone.is_set():
            await asyncio.sleep(0)  # what is sent to somebody who has left is lost
            return
        if heard.status == 200:
            heard.add(message.get("body", b"").decode())
        if opened is not None:
            opened.set()
        if waited_for is not None and waited_for[0] in heard.text:
            waited_for[1].set()
        if slow is not None:
            await slow.wait()
        if len(heard.events) >= events:
            gone.set()

    address, _, query = path.partition("?")
    scope = {
        "type": "http", "asgi": {"spec_version": "2.3", "version": "3.0"}, "http_version": "1.1", "method": "GET",
        "scheme": "https", "path": address, "raw_path": address.encode(), "query_string": query.encode(),
        "root_path": "", "client": ("127.0.0.1", 1), "server": ("flights.example.com", 443),
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
    }  # fmt: skip
    async with asyncio.timeout(PATIENCE_SECONDS):
        await portal(scope, receive, send)
    return heard


def payloads(heard: Sequence[Heard]) -> list[Any]:
    """Return what several listenings got, in order."""
    return [payload for one in heard for _, payload in one.events]
