"""Score counted forecasts: POD, FAR, CSI, bias, the Brier score and its parts, and FIRM of verdicts.

The ``scores`` package computes what it has. It is imported here where it is used: it loads xarray and scipy, for which
nothing else should wait.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from flightsched_pipelines.domain.verification.intervals import wilson

VERDICT_ORDER = ("ok", "watch", "at_risk")
"""Verdicts that can be scored, in their order; ``unknown`` forecasts nothing."""


@dataclass(frozen=True, slots=True)
class Contingency:
    """Counted outcomes of forecasts that are yes or no; ``missing`` ones are no pairs."""

    hits: int
    misses: int
    false_alarms: int
    correct_negatives: int
    missing: int = 0

    @property
    def pairs(self) -> int:
        """Return the number of pairs."""
        return self.hits + self.misses + self.false_alarms + self.correct_negatives


@dataclass(frozen=True, slots=True)
class Score:
    """A share with its 95 % interval and the cases that it is of; ``None`` without cases."""

    value: float | None
    low: float
    high: float
    cases: int


@dataclass(frozen=True, slots=True)
class BinaryScores:
    """Scores of one contingency table.

    ``pod``: of the events, those forecast. ``far``: of the events forecast, those that did not occur. ``csi``: hits of
    all events forecast or observed. ``bias``: events forecast for each one observed, ``None`` without any.
    """

    pod: Score
    far: Score
    csi: Score
    bias: float | None


@dataclass(frozen=True, slots=True)
class ProbabilityBin:
    """Forecasts of one probability, and how many of them came true."""

    percent: int
    cases: int
    came_true: int


@dataclass(frozen=True, slots=True)
class Brier:
    """The Brier score: ``reliability - resolution + uncertainty`` (A. H. Murphy, 1973); the lower the better."""

    score: float
    reliability: float
    resolution: float
    uncertainty: float
    cases: int


@dataclass(frozen=True, slots=True)
class Firm:
    """The FIRM score of verdicts, and its parts: needless moves and missed ones; the lower the better."""

    score: float
    needless: float
    missed: float
    cases: int


def binary_scores(tables: Sequence[Contingency]) -> list[BinaryScores]:
    """Return the scores of contingency tables, each with its intervals."""
    if not tables:
        return []
    import xarray as xr  # noqa: PLC0415, seconds that only those who score spend
    from scores.categorical import BasicContingencyManager  # noqa: PLC0415

    def counts(*of: int) -> xr.DataArray:
        return xr.DataArray(np.array(of, dtype=np.float64), dims="table")

    manager = BasicContingencyManager(
        {
            "tp_count": counts(*(one.hits for one in tables)),
            "fn_count": counts(*(one.misses for one in tables)),
            "fp_count": counts(*(one.false_alarms for one in tables)),
            "tn_count": counts(*(one.correct_negatives for one in tables)),
            "total_count": counts(*(one.pairs for one in tables)),
        }
    )
    with np.errstate(divide="ignore", invalid="ignore"):  # a table without events has no share of them
        pod, far = manager.probability_of_detection().values, manager.false_alarm_ratio().values
        csi, bias = manager.critical_success_index().values, manager.frequency_bias().values
    return [
        BinaryScores(
            _score(float(pod[n]), one.hits, one.hits + one.misses),
            _score(float(far[n]), one.false_alarms, one.hits + one.false_alarms),
            _score(float(csi[n]), one.hits, one.hits + one.misses + one.false_alarms),
            float(bias[n]) if np.isfinite(bias[n]) else None,
        )
        for n, one in enumerate(tables)
    ]


def brier(bins: Sequence[ProbabilityBin]) -> Brier | None:
    """Return the Brier score of forecasts counted by probability, and its parts; ``None`` without any."""
    cases = sum(one.cases for one in bins)
    if cases == 0:
        return None
    import xarray as xr  # noqa: PLC0415, seconds that only those who score spend
    from scores.probability import brier_score  # noqa: PLC0415

    probability = np.array([one.percent / 100 for one in bins])
    came_true = np.array([one.came_true for one in bins], dtype=np.float64)
    number = np.array([one.cases for one in bins], dtype=np.float64)

    def doubled(first: np.ndarray, second: np.ndarray) -> xr.DataArray:
        return xr.DataArray(np.concatenate([first, second]), dims="bin")

    score: Any = brier_score(
        doubled(probability, probability),
        doubled(np.ones(len(bins)), np.zeros(len(bins))),
        weights=doubled(came_true, number - came_true),
    )
    climate = came_true.sum() / cases
    observed = np.divide(came_true, number, out=np.zeros(len(bins)), where=number > 0)
    return Brier(
        score=float(score),
        reliability=float((number * (probability - observed) ** 2).sum() / cases),
        resolution=float((number * (observed - climate) ** 2).sum() / cases),
        uncertainty=float(climate * (1 - climate)),
        cases=cases,
    )


def firm(
    counts: Mapping[tuple[str, str], int], missed_move_cost: float, weights: tuple[float, float] = (1.0, 1.0)
) -> Firm | None:
    """Return the FIRM score of verdicts (Taggart, Loveday and Griffiths, 2022); ``None`` without pairs.

    Args:
        counts: number of lessons by verdict and by what the observations would have given.
        missed_move_cost: as many needless moves cost as much as a missed one.
        weights: of the thresholds below ``watch`` and below ``at_risk``.
    """
    known = {pair: number for pair, number in counts.items() if set(pair) <= set(VERDICT_ORDER) and number}
    if not known:
        return None
    import xarray as xr  # noqa: PLC0415, seconds that only those who score spend
    from scores.categorical import firm as firm_score  # noqa: PLC0415

    def levels(side: int) -> xr.DataArray:
        return xr.DataArray([float(VERDICT_ORDER.index(pair[side])) for pair in known], dims="pair")

    parts: Any = firm_score(
        levels(0),
        levels(1),
        missed_move_cost / (1 + missed_move_cost),
        [0.5, 1.5],
        list(weights),
        weights=xr.DataArray([float(number) for number in known.values()], dims="pair"),
        include_components=True,
    )
    score, needless, missed = (float(part) for part in parts.values)
    return Firm(score, needless, missed, sum(known.values()))


def _score(value: float, came_true: int, cases: int) -> Score:
    return Score(value if cases else None, *wilson(came_true, cases), cases)
