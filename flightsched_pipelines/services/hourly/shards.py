"""Do the work on an hour's schools by shard: here, or each shard in a process of its own."""

import gc
import os
import sys
from collections.abc import Callable, Collection, Generator, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from threading import Thread
from types import ModuleType
from typing import TypeVar, TypeVarTuple

import pandas as pd

from flightsched_pipelines.domain.rescheduling.school_shards import (
    divide_schools,
    uses_of_availability,
    uses_of_bookings,
)
from flightsched_pipelines.errors import PlainError

Facts = TypeVarTuple("Facts")
Result = TypeVar("Result")


MOST_LESSONS = 500
"""Lessons that are worked on at once: memory grows with them."""


class ShardProcessError(PlainError, RuntimeError):
    """A shard's process ended without a result: its schools' hour fails, and with it the run."""


class Shards:
    """Up to ``count`` processes that start with the first work and last until `close`.

    With one, all is done here, piece by piece where there are many lessons.
    """

    def __init__(self, count: int = 1, most_lessons: int = MOST_LESSONS) -> None:
        self.count = count
        self._most_lessons = most_lessons
        self._pool: ProcessPoolExecutor | None = None

    def pieces_of(self, lessons: int) -> int:
        """Return into how many pieces some lessons are divided: at least one a process, none of them too large."""
        return max(self.count, -(-lessons // self._most_lessons))

    def divide(
        self, lessons: pd.DataFrame, bookings: pd.DataFrame, availability: pd.DataFrame | None = None
    ) -> Sequence[Collection[int] | None]:
        """Return the schools of each piece, by the number of their lessons; ``None`` alone for all in one."""
        if (count := self.pieces_of(len(lessons))) == 1:
            return [None]
        uses = [uses_of_bookings(bookings), *([] if availability is None else [uses_of_availability(availability)])]
        pieces = divide_schools(lessons, uses, count)
        return pieces if len(pieces) > 1 else [None]

    def for_each(self, work: Callable[[*Facts], Result], pieces: Iterable[tuple[*Facts]]) -> list[Result]:
        """Return the results of the work on each piece, in their order; as many at once as there are processes.

        Without processes each piece is taken when its turn has come, so that one is in memory if they are made then.

        Raises:
            ShardProcessError: a process was killed, as by a system without memory.
            Exception: what the work on a piece raised.
        """
        if self.count == 1:
            return [work(*piece) for piece in pieces]
        pieces = list(pieces)
        if len(pieces) < 2:
            return [work(*piece) for piece in pieces]
        # Fresh interpreters: a copy of this process would have its connections and locks, but not its threads.
        pool = self._pool = self._pool or ProcessPoolExecutor(self.count, get_context("spawn"), _begin)
        try:
            with _without_main():
                futures = [pool.submit(work, *piece) for piece in pieces]
            return [future.result() for future in futures]
        except BrokenProcessPool as error:
            self.close()
            raise ShardProcessError(
                f"One of {self.count} processes for shards of schools ended before its work did, as when memory runs "
                "out: give the run more memory, or lower SCHOOL_SHARDS"
            ) from error

    def close(self) -> None:
        """End the processes."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(cancel_futures=True)


NO_SHARDS = Shards()
"""All schools in this process."""


def _begin() -> None:
    """Begin a shard's process: it ends with the one that started it, even if that one is killed."""
    Thread(target=_end_with_parent, daemon=True).start()
    gc.freeze()  # what is loaded stays loaded


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@contextmanager
def _without_main() -> Generator[None]:
    """Keep new processes from importing the program of this one, which is all of Dagster: no work is defined there."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main
