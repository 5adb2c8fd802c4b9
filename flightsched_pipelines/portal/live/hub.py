"""One reader of the live stream for all listeners of this process.

It asks PostgreSQL for new events while somebody listens, keeps the newest in memory, and wakes the listeners. Each of
them reads at its own pace, from memory or, further back, from PostgreSQL: a slow one delays nobody and stores nothing.
"""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncGenerator, Hashable, Sequence
from contextlib import asynccontextmanager

from starlette.concurrency import run_in_threadpool

from flightsched_pipelines.portal.site import Site
from flightsched_pipelines.services.live import stream
from flightsched_pipelines.services.live.stream import Audience, LiveEvent

POLL_SECONDS = 0.5
REMEMBERED = 2_000
"""Events in memory: a listener that is further behind reads from PostgreSQL."""

MAX_STREAMS = 5
"""Streams that one token, or one session, may have open in this process."""


class LiveHub:
    """The newest events of the stream, and its listeners."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._changed = asyncio.Condition()
        self._starting = asyncio.Lock()
        self._reader: asyncio.Task[None] | None = None
        self._streams: Counter[Hashable] = Counter()
        self._recent: deque[LiveEvent] = deque()
        self._known_after = 0
        self.last = 0

    def has_room(self, key: Hashable) -> bool:
        """Return whether a token or session may open another stream."""
        return self._streams[key] < MAX_STREAMS

    @asynccontextmanager
    async def listening(self, key: Hashable) -> AsyncGenerator[None]:
        """Count a stream of a token or session; the hub reads as long as there is one."""
        self._streams[key] += 1
        try:
            async with self._starting:
                if self._reader is None or self._reader.done():
                    self.last = self._known_after = await run_in_threadpool(stream.last_position, self._site.engine)
                    self._recent.clear()
                    self._reader = asyncio.create_task(self._read())
            yield
        finally:
            self._streams[key] -= 1
            self._streams += Counter()  # forgets those that have none
            if not self._streams and self._reader is not None:
                self._reader.cancel()
                self._reader = None

    async def next_events(
        self, audience: Audience, after: int, within_seconds: float
    ) -> tuple[Sequence[LiveEvent], int]:
        """Return a listener's next events after a place, and the place that was read to; none if the time is over."""
        try:
            async with asyncio.timeout(within_seconds):
                while True:
                    found, read_to = await self._after(audience, after)
                    if found:
                        return found, read_to
                    after = max(after, read_to)
                    async with self._changed:
                        await self._changed.wait_for(lambda reached=after: self.last > reached)
        except TimeoutError:
            return (), after

    async def _after(self, audience: Audience, after: int) -> tuple[Sequence[LiveEvent], int]:
        last = self.last
        if after < self._known_after:
            return await run_in_threadpool(stream.own_events, self._site.engine, audience, after, last)
        found: list[LiveEvent] = []
        for event in reversed(self._recent):
            if event.position <= after:
                break
            if event.is_for(audience):
                found.append(event)
        return found[::-1], last

    async def _read(self) -> None:
        """Read new events, and wake the listeners."""
        while True:
            found = await run_in_threadpool(stream.newer_events, self._site.engine, self.last)
            if found:
                self._recent.extend(found)
                while len(self._recent) > REMEMBERED:
                    self._known_after = self._recent.popleft().position
                self.last = found[-1].position
                async with self._changed:
                    self._changed.notify_all()
            if len(found) < stream.MOST:
                await asyncio.sleep(POLL_SECONDS)
