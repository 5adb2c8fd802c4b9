"""Suggestions follow from counts by arithmetic that can be done by hand, and none is made of few cases."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightsched_pipelines.domain.verification.intervals import wilson
from flightsched_pipelines.domain.verification.scores import ProbabilityBin
from flightsched_pipelines.domain.verification.suggestions import (
    ForecastCounts,
    SchoolSuggestions,
    bias_interval,
    bias_suggestions,
    temporary_suggestions,
)
from flightsched_pipelines_tests.examples import examples

KEY = "TAF", "ceiling below 1,000 ft", 6


def test_groups_worked_by_hand_suggest_the_lowest_probability_that_pays() -> None:
    """A missed move costs two needless ones, so that a group is worth a move if more than a third come true."""
    bins = [ProbabilityBin(30, 100, 10), ProbabilityBin(40, 60, 33), ProbabilityBin(50, 40, 26)]
    found = temporary_suggestions({KEY: bins}, missed_move_cost=2)

    assert [(one.least_percent, one.cases, one.came_true) for one in found] == [
        (50, 40, 26), (40, 100, 59), (30, 200, 69)
    ]  # fmt: skip
    assert [(one.missed_avoided, one.needless_added, one.gain) for one in found] == [
        (26, 14, 38.0), (59, 41, 77.0), (69, 131, 7.0)
    ]  # fmt: skip
    # 69 of 200 is 34.5 %, but its interval, 28 to 41 %, contains a third.
    assert [one.advice for one in found] == ["act", "act", "undecided"]
    of_school = SchoolSuggestions("A", 2, ["KPAO"], found, [])
    assert [one.least_percent for one in of_school.thresholds] == [40]


def counts(hits: int, misses: int, false_alarms: int) -> ForecastCounts:
    return ForecastCounts("KPAO", *KEY, hits, misses, false_alarms)


def test_a_bias_worked_by_hand_has_its_balance() -> None:
    (found,) = bias_suggestions([counts(10, 15, 60)], missed_move_cost=2)

    assert (found.observed, found.forecast, found.bias) == (25, 70, 2.8)
    low, high = wilson(60, 75)
    assert (found.low, found.high) == (pytest.approx(1 + 3 * (2 * low - 1)), pytest.approx(1 + 3 * (2 * high - 1)))
    assert (found.needless_avoided, found.missed_added, found.gain) == (60, 10, 40.0)
    assert found.advice == "leave"  # 10 of 70 is 14 %, at most 24 %: less than a third


def test_a_source_that_forecasts_too_seldom_is_shown_and_its_few_forecasts_are_not_judged() -> None:
    (found,) = bias_suggestions([counts(2, 40, 1)], missed_move_cost=2)

    assert found.high is not None
    assert found.high < 1
    assert found.advice == "undecided"
    assert bias_suggestions([counts(30, 10, 9)], 2) == []


def test_false_alarms_of_what_was_never_observed_are_shown() -> None:
    (found,) = bias_suggestions([counts(0, 0, 300)], missed_move_cost=2)

    assert (found.observed, found.forecast, found.bias, found.low, found.high) == (0, 300, None, None, None)
    assert (found.needless_avoided, found.missed_added, found.advice) == (300, 0, "leave")
    assert found.bias_words == "none observed"
    assert bias_suggestions([counts(0, 0, 19)], 2) == []


COUNT = st.integers(0, 200)
COST = st.floats(0.1, 20)


@examples(200, "arithmetic alone")
@given(bins=st.dictionaries(st.sampled_from([30, 40, 50, 70]), st.tuples(COUNT, COUNT)), cost=COST)
def test_acting_on_advice_never_loses_over_the_record_and_few_cases_have_none(
    bins: dict[int, tuple[int, int]], cost: float
) -> None:
    of = [ProbabilityBin(percent, sum(some), some[0]) for percent, some in bins.items()]
    for one in temporary_suggestions({KEY: of}, cost):
        assert one.cases >= 20
        assert one.missed_avoided + one.needless_added == one.cases
        assert one.low <= one.came_true / one.cases <= one.high
        assert one.advice != "act" or one.gain > 0
        assert one.advice != "leave" or one.gain < 0


@examples(200, "arithmetic alone")
@given(hits=COUNT, misses=COUNT, false_alarms=COUNT, cost=COST)
def test_a_bias_lies_in_its_interval_and_leaving_certain_false_alarms_gains(
    hits: int, misses: int, false_alarms: int, cost: float
) -> None:
    found = bias_suggestions([counts(hits, misses, false_alarms)], cost)

    if hits + misses:
        low, high = bias_interval(hits, misses, false_alarms)
        bias = (hits + false_alarms) / (hits + misses)
        assert low - 1e-9 <= bias <= high + 1e-9
        assert bool(found) == (hits + max(misses, false_alarms) >= 20 and not low <= 1 <= high)
    else:
        assert bool(found) == (false_alarms >= 20)
    for one in found:
        assert max(one.observed, one.forecast) >= 20
        assert one.advice != "leave" or one.gain > 0
        assert one.advice != "act" or one.gain < 0
