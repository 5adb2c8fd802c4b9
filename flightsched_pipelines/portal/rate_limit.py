"""A limit of requests by address and by link, in the memory of one process."""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable

SECONDS = 60.0
MAX_KEYS = 50_000


class RateLimit:
    """At most ``per_minute`` requests of a key in a row, after which it regains them evenly within a minute.

    The longest unused keys are forgotten when there are more than ``MAX_KEYS``.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._interval = SECONDS / per_minute
        self._clock = clock
        self._free_at: OrderedDict[Hashable, float] = OrderedDict()

    def wait_seconds(self, key: Hashable) -> float:
        """Count a request of a key; return 0 if it is within the limit, else after how long one will be."""
        now = self._clock()
        free_at = max(self._free_at.get(key, now), now)
        wait = free_at + self._interval - (now + SECONDS)
        if wait > 1e-9:
            return wait
        self._free_at[key] = free_at + self._interval
        self._free_at.move_to_end(key)
        if len(self._free_at) > MAX_KEYS:
            self._free_at.popitem(last=False)
        return 0.0
