"""Limits by key, and paths as they may be logged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightsched_pipelines.portal import rate_limit
from flightsched_pipelines.portal.protection import shown_path
from flightsched_pipelines.portal.rate_limit import RateLimit


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/", "/"), ("/status", "/status"), ("/respond/abc.def", "/respond/…"), ("/respond/", "/respond/…"),
        ("/static/portal.css", "/static/…"), ("/WzEsMV0.secret", "/?"), ("//a/b", "/a/…"), ("/é", "/?"), ("", "/"),
    ],
)  # fmt: skip
def test_a_log_has_the_first_part_of_a_path(path: str, shown: str) -> None:
    assert shown_path(path) == shown


@given(pauses=st.lists(st.floats(0, 30), max_size=200), per_minute=st.integers(1, 50))
def test_in_no_minute_are_there_more_than_twice_the_limit(pauses: list[float], per_minute: int) -> None:
    now = 0.0
    limit = RateLimit(per_minute, lambda: now)
    allowed: list[float] = []
    for pause in pauses:
        now += pause
        if limit.wait_seconds("key") == 0:
            allowed.append(now)
    for first in allowed:
        assert sum(first <= at < first + 60 for at in allowed) <= 2 * per_minute


@given(per_minute=st.integers(1, 50), tries=st.integers(1, 120))
def test_so_many_in_a_row_are_allowed_and_the_wait_is_enough(per_minute: int, tries: int) -> None:
    now = 0.0
    limit = RateLimit(per_minute, lambda: now)
    waits = [limit.wait_seconds("key") for _ in range(tries)]
    assert waits.count(0) == min(tries, per_minute)
    assert limit.wait_seconds("another") == 0
    if wait := limit.wait_seconds("key"):
        now += wait
        assert limit.wait_seconds("key") == 0


def test_it_forgets_the_longest_unused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limit, "MAX_KEYS", 3)
    limit = RateLimit(1, lambda: 0.0)
    for key in "abcd":
        assert limit.wait_seconds(key) == 0
    assert limit.wait_seconds("d") > 0
    assert limit.wait_seconds("a") == 0
