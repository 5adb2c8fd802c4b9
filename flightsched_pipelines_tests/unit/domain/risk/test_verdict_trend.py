"""The trend of a verdict: told from two hours on, and better only where it is known to be."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from flightsched_pipelines.domain.risk.bookings import VERDICTS, severity
from flightsched_pipelines.domain.risk.verdict_trend import Direction, verdict_trend
from flightsched_pipelines.messages.page_texts import VERDICT_LETTERS, trend_hours, trend_words
from flightsched_pipelines_tests.examples import examples

FIRST = datetime(2026, 11, 8, 18, tzinfo=UTC)
PACIFIC = "America/Los_Angeles"


def hours(*verdicts: str) -> list[tuple[datetime, str]]:
    """Return a verdict an hour."""
    return [(FIRST + number * timedelta(hours=1), verdict) for number, verdict in enumerate(verdicts)]


def test_one_hour_has_no_trend() -> None:
    assert verdict_trend([]) is None
    assert verdict_trend(hours("ok")) is None


def test_a_trend_in_words() -> None:
    told = {
        ("ok", "ok"): "The same since Sun 8 Nov 10:00 PST at least.",
        ("ok", "watch", "at_risk", "at_risk"): "Worse since Sun 8 Nov 12:00 PST: to watch before.",
        ("at_risk", "ok"): "Better since Sun 8 Nov 11:00 PST: below the minimums before.",
        ("at_risk", "unknown"): "Changed since Sun 8 Nov 11:00 PST: below the minimums before.",
        ("unknown", "ok"): "Changed since Sun 8 Nov 11:00 PST: not known before.",
    }
    for verdicts, words in told.items():
        trend = verdict_trend(hours(*verdicts))
        assert trend is not None
        assert trend_words(trend, PACIFIC) == words
        letters = [letter for _, letter, _, _ in trend_hours(trend, PACIFIC)]
        assert letters == [VERDICT_LETTERS[verdict] for verdict in verdicts]


@examples(200, "a few verdicts in any order")
@given(st.lists(st.sampled_from(VERDICTS), min_size=2, max_size=8))
def test_better_is_said_only_of_known_verdicts_that_are(verdicts: list[str]) -> None:
    trend = verdict_trend(hours(*verdicts)[::-1])
    assert trend is not None
    assert [verdict for _, verdict in trend.hours] == verdicts
    assert (trend.before is None) == (len(set(verdicts)) == 1) == (trend.direction is Direction.STEADY)
    if trend.direction is Direction.BETTER:
        assert trend.before is not None
        assert "unknown" not in (trend.before, verdicts[-1])
        assert severity(verdicts[-1]) < severity(trend.before)
    since = verdicts[round((trend.since_utc - FIRST) / timedelta(hours=1)) :]
    assert set(since) == {verdicts[-1]}
