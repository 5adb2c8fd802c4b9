"""Scores agree with published tables worked by hand, and stay within their bounds."""

import math
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightsched_pipelines.domain.verification.intervals import wilson
from flightsched_pipelines.domain.verification.scores import (
    Contingency,
    ProbabilityBin,
    binary_scores,
    brier,
    firm,
)
from flightsched_pipelines_tests.examples import examples

FINLEY = Contingency(hits=28, misses=23, false_alarms=72, correct_negatives=2_680)
"""J. P. Finley's tornado forecasts of 1884, as A. H. Murphy gives them (Weather and Forecasting 11, 1996, table 1)."""


def test_finleys_tornadoes_have_their_published_scores() -> None:
    (scores,) = binary_scores([FINLEY])

    assert scores.pod.value == pytest.approx(28 / 51, abs=1e-12)
    assert (scores.pod.value, scores.far.value) == (pytest.approx(0.549, abs=5e-4), pytest.approx(0.720, abs=5e-4))
    assert (scores.csi.value, scores.bias) == (pytest.approx(0.228, abs=5e-4), pytest.approx(1.96, abs=5e-3))
    assert (scores.pod.cases, scores.far.cases, scores.csi.cases) == (51, 100, 123)


def test_what_was_never_forecast_nor_observed_has_no_scores() -> None:
    (scores,) = binary_scores([Contingency(0, 0, 0, 10, missing=3)])

    assert (scores.pod.value, scores.far.value, scores.csi.value, scores.bias) == (None,) * 4
    assert (scores.pod.low, scores.pod.high) == (0.0, 1.0)
    assert binary_scores([]) == []


def test_an_event_forecast_and_never_observed_has_no_bias() -> None:
    (scores,) = binary_scores([Contingency(0, 0, 4, 10)])

    assert (scores.far.value, scores.bias) == (1.0, None)


def test_wilsons_interval_is_the_published_one() -> None:
    # R. G. Newcombe, Statistics in Medicine 17 (1998), table I: 81 of 263, and 0 of 20
    assert wilson(81, 263) == (pytest.approx(0.2553, abs=5e-5), pytest.approx(0.3662, abs=5e-5))
    assert wilson(0, 20) == (0.0, pytest.approx(0.1611, abs=5e-5))


def test_a_brier_score_worked_by_hand_has_its_parts() -> None:
    # Ten forecasts of 0 % of which one came true, ten of 50 % with four, five of 100 % with four:
    # (1 + 10 * 0.25 + 1) / 25 = 0.18; 9 of 25 came true.
    found = brier([ProbabilityBin(0, 10, 1), ProbabilityBin(50, 10, 4), ProbabilityBin(100, 5, 4)])

    assert found is not None
    assert found.score == pytest.approx(0.18)
    assert found.reliability == pytest.approx((10 * 0.01 + 10 * 0.01 + 5 * 0.04) / 25)
    assert found.resolution == pytest.approx((10 * 0.26**2 + 10 * 0.04**2 + 5 * 0.44**2) / 25)
    assert found.uncertainty == pytest.approx(0.36 * 0.64)
    assert brier([]) is None


def test_firm_worked_by_hand_weighs_a_missed_move_against_a_needless_one() -> None:
    # A missed move costs three needless ones: a quarter for each level too high, three for each too low.
    counts = {("ok", "ok"): 4, ("at_risk", "ok"): 2, ("ok", "watch"): 1, ("watch", "at_risk"): 1, ("unknown", "ok"): 9}
    found = firm(counts, missed_move_cost=3)

    assert found is not None
    assert found.cases == 8
    assert found.needless == pytest.approx(2 * 2 * 0.25 / 8)
    assert found.missed == pytest.approx(2 * 0.75 / 8)
    assert found.score == pytest.approx(found.needless + found.missed)
    assert firm({("unknown", "ok"): 3}, 3) is None


PUBLISHED = {
    ("ok", "ok"): 0.0, ("ok", "watch"): 1.5, ("ok", "at_risk"): 2.25,
    ("watch", "ok"): 0.5, ("watch", "watch"): 0.0, ("watch", "at_risk"): 0.75,
    ("at_risk", "ok"): 0.75, ("at_risk", "watch"): 0.25, ("at_risk", "at_risk"): 0.0,
}  # fmt: skip
"""The matrix of nil, gale and storm warnings in the tutorial of the package scores (FIRM.ipynb), after Taggart, Loveday
and Griffiths (2022): a miss costs three false alarms, the lower threshold weighs 2 and the upper one 1. It prints 2.25
as 2.3."""


@pytest.mark.parametrize(("pair", "penalty"), PUBLISHED.items())
def test_firm_has_the_published_penalty_of_each_pair(pair: tuple[str, str], penalty: float) -> None:
    found = firm({pair: 1}, missed_move_cost=3, weights=(2.0, 1.0))

    assert found is not None
    assert found.score == pytest.approx(penalty)
    too_high = ("ok", "watch", "at_risk").index(pair[0]) > ("ok", "watch", "at_risk").index(pair[1])
    assert (found.needless, found.missed) == pytest.approx((penalty, 0.0) if too_high else (0.0, penalty))


def test_firm_of_a_table_is_the_mean_of_its_published_penalties() -> None:
    counts = {("ok", "ok"): 10, ("ok", "watch"): 2, ("watch", "ok"): 3, ("watch", "at_risk"): 1, ("at_risk", "ok"): 4}
    found = firm(counts, missed_move_cost=3, weights=(2.0, 1.0))

    assert found is not None
    assert found.score == pytest.approx((2 * 1.5 + 3 * 0.5 + 1 * 0.75 + 4 * 0.75) / 20)


BINS = st.dictionaries(
    st.sampled_from([0, 10, 30, 40, 50, 100]),
    st.integers(1, 50).flatmap(lambda cases: st.tuples(st.just(cases), st.integers(0, cases))),
    min_size=1,
)


@examples(60, "a few milliseconds each; the bins are few")
@given(bins=BINS)
def test_the_parts_of_a_brier_score_add_up(bins: dict[int, tuple[int, int]]) -> None:
    found = brier([ProbabilityBin(percent, *counts) for percent, counts in bins.items()])

    assert found is not None
    assert found.score == pytest.approx(found.reliability - found.resolution + found.uncertainty, abs=1e-12)


@given(cases=st.integers(0, 10_000), data=st.data())
def test_an_interval_contains_its_share(cases: int, data: st.DataObject) -> None:
    came_true = data.draw(st.integers(0, cases))
    low, high = wilson(came_true, cases)

    assert 0 <= low <= high <= 1
    assert cases == 0 or low <= came_true / cases <= high
    assert cases == 0 or high - low <= 2 * 1.96 / math.sqrt(cases)


def test_nothing_that_only_imports_verification_waits_for_the_scores_package() -> None:
    loads = "import flightsched_pipelines.services.verification, sys; print({'scores', 'xarray'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", loads], capture_output=True, text=True, check=True)  # noqa: S603, ours

    assert done.stdout.strip() == "set()"
