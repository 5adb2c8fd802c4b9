"""The limit on requests, by a clock that the test turns."""

from flightsched_pipelines.clients.weather.limiter import RequestLimiter, shared_limiter


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        """The time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.slept.append(seconds)
        self.now += seconds


def test_no_window_holds_more_requests_than_allowed() -> None:
    clock = Clock()
    limiter = RequestLimiter(100, 60, clock=clock, sleep=clock.sleep)
    begun: list[float] = []
    for n in range(350):
        limiter.wait()
        begun.append(clock.now)
        clock.now += 0.125 * (n % 3)
    assert all(later - first >= 60 for first, later in zip(begun, begun[100:], strict=False))


def test_who_asks_seldom_never_waits() -> None:
    clock = Clock()
    limiter = RequestLimiter(2, 60, clock=clock, sleep=clock.sleep)
    for _ in range(10):
        limiter.wait()
        clock.now += 31
    assert clock.slept == []


def test_all_that_ask_one_address_share_its_limit() -> None:
    assert shared_limiter("http://one.example", 5, 60) is shared_limiter("http://one.example", 5, 60)
    assert shared_limiter("http://one.example", 5, 60) is not shared_limiter("http://other.example", 5, 60)
