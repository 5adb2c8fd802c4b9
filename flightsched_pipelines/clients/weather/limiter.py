"""Limit the rate of requests to a provider."""

import threading
import time
from collections import deque
from collections.abc import Callable
from functools import cache


class RequestLimiter:
    """Lets at most ``most`` requests begin within any ``seconds``; safe to share between threads.

    Args:
        most: requests within the window.
        seconds: the window's length.
        clock: a monotonic clock, in seconds.
        sleep: waits for a number of seconds.
    """

    def __init__(
        self,
        most: int,
        seconds: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._most = most
        self._seconds = seconds
        self._clock = clock
        self._sleep = sleep
        self._begun: deque[float] = deque()
        self._turn = threading.Lock()

    def wait(self) -> None:
        """Wait until the next request may begin, and count it as begun."""
        with self._turn:
            while len(self._begun) >= self._most:
                left = self._begun[0] + self._seconds - self._clock()
                if left > 0:
                    self._sleep(left)
                else:
                    self._begun.popleft()
            self._begun.append(self._clock())


@cache
def shared_limiter(address: str, most: int, seconds: float) -> RequestLimiter:  # noqa: ARG001, the cache tells addresses apart
    """Return the limiter shared by everything in this process that requests one address."""
    return RequestLimiter(most, seconds)
