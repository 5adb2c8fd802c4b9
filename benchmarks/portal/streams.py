"""A thousand listeners of a live stream: how long an event takes to reach all of them, and the memory of each."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from benchmarks.portal.servers import HOST, Server

LISTENERS = 1_000
EVENTS = 10
SETTLE_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Heard:
    """Seconds from the commit of each event until half of the listeners and until the last one had it; memory."""

    half_seconds: list[float]
    last_seconds: list[float]
    kilobytes_a_stream: float


async def listen(server: Server, heads: Sequence[str], publish: Callable[[int], Awaitable[None]]) -> Heard:
    """Open a stream for each head of a request, publish events one after another, and wait until all have each."""
    before = server.megabytes
    streams = await asyncio.gather(*(_open(server.port, head) for head in heads))
    await asyncio.sleep(SETTLE_SECONDS)
    grown = (server.megabytes - before) * 1024 / len(heads)
    half, last = list[float](), list[float]()
    for number in range(EVENTS):
        began = time.perf_counter()
        await publish(number)
        committed = time.perf_counter()
        arrived = sorted(await asyncio.gather(*(_next(reader) for reader, _ in streams)))
        half.append(arrived[len(arrived) // 2] - committed)
        last.append(arrived[-1] - began)
    for _, writer in streams:
        writer.close()
    return Heard(half, last, grown)


async def _open(port: int, head: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection(HOST, port)
    writer.write(f"{head}host: {HOST}\r\n\r\n".encode())
    headers = (await reader.readuntil(b"\r\n\r\n")).decode()
    if " 200 " not in headers.partition("\r\n")[0]:
        raise SystemExit(f"a stream was refused: {headers.partition(chr(13))[0]}")
    return reader, writer


async def _next(reader: asyncio.StreamReader) -> float:
    """Return when the next event came; signs of life and places are passed over."""
    while True:
        if (await reader.readline()).startswith(b"data:"):
            return time.perf_counter()
