"""A small HTTP client that costs little, and requests at a pace that does not wait for answers.

A request is timed from the moment at which it was due: one that waits for a connection or for the server is late, as it
is for a person.
"""

import asyncio
import re
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlencode

from benchmarks.portal.servers import HOST

CONNECTIONS = 40


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to a request."""

    status: int
    headers: str
    body: bytes


class Client:
    """Keeps connections to a server open, and uses each for one request at a time."""

    def __init__(self, port: int, cookie: str = "") -> None:
        self._port, self._cookie = port, cookie
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self._room = asyncio.Semaphore(CONNECTIONS)

    async def get(self, path: str) -> Answer:
        """Ask for a page."""
        return await self._ask(f"GET {path} HTTP/1.1\r\n", b"")

    async def post(self, path: str, **fields: str) -> Answer:
        """Send a form."""
        body = urlencode(fields).encode()
        kind = "content-type: application/x-www-form-urlencoded\r\n"
        return await self._ask(f"POST {path} HTTP/1.1\r\n{kind}content-length: {len(body)}\r\n", body)

    async def _ask(self, head: str, body: bytes) -> Answer:
        async with self._room:
            # The server closes what has been idle for some seconds.
            self._idle = [one for one in self._idle if not one[0].at_eof()]
            reader, writer = self._idle.pop() if self._idle else await asyncio.open_connection(HOST, self._port)
            cookie = f"cookie: {self._cookie}\r\n" if self._cookie else ""
            writer.write(f"{head}host: {HOST}:{self._port}\r\n{cookie}\r\n".encode() + body)
            headers = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = re.search(r"content-length: (\d+)", headers, re.IGNORECASE)
            content = await reader.readexactly(int(length[1])) if length else b""
            self._idle.append((reader, writer))
            return Answer(int(headers.split(" ", 2)[1]), headers, content)

    def close(self) -> None:
        """Close the connections."""
        for _, writer in self._idle:
            with suppress(OSError):
                writer.close()


async def at_a_pace(a_second: float, work: Sequence[Callable[[], Awaitable[None]]]) -> list[float]:
    """Begin pieces of work at an even pace; return the milliseconds from when each was due to its end."""
    began = time.perf_counter()

    async def one(number: int, do: Callable[[], Awaitable[None]]) -> float:
        due = began + number / a_second
        await asyncio.sleep(max(due - time.perf_counter(), 0.0))
        await do()
        return (time.perf_counter() - due) * 1000

    return list(await asyncio.gather(*(one(number, do) for number, do in enumerate(work))))


def percentiles(milliseconds: Sequence[float]) -> tuple[float, float]:
    """Return the median and the 95th percentile."""
    return statistics.median(milliseconds), statistics.quantiles(milliseconds, n=20)[18]
