"""Changes that the record suggests, with what each would have cost and saved; nothing applies them.

A signal (a temporary group, or a prevailing forecast) is worth a move if it comes true more often than
``1 / (1 + missed_move_cost)``: then the missed moves that acting avoids outweigh the needless ones that it adds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from flightsched_pipelines.domain.verification.intervals import wilson
from flightsched_pipelines.domain.verification.scores import ProbabilityBin
from flightsched_pipelines.domain.verification.track_record import LEAST_CASES

Advice = Literal["act", "leave", "undecided"]


@dataclass(frozen=True, slots=True)
class TemporarySuggestion:
    """Acting on the temporary groups of at least some probability, where the prevailing forecast has no event.

    ``low`` and ``high`` are the 95 % interval of the share that came true. Acting would have avoided ``missed_avoided``
    missed moves and added ``needless_added`` needless ones; ``gain`` is their balance, in needless moves.
    """

    source: str
    event: str
    lead_hours: int
    least_percent: int
    cases: int
    came_true: int
    low: float
    high: float
    missed_avoided: int
    needless_added: int
    gain: float
    advice: Advice


@dataclass(frozen=True, slots=True)
class ForecastCounts:
    """The outcomes of a source's prevailing forecasts of one event at an airport; correct negatives do not matter."""

    airport: str
    source: str
    event: str
    lead_hours: int
    hits: int
    misses: int
    false_alarms: int


@dataclass(frozen=True, slots=True)
class BiasSuggestion:
    """A source that forecasts an event too often, or too seldom, at an airport: events forecast for each one observed.

    ``low`` and ``high`` are the bias' 95 % interval, which does not contain 1; where no event was observed, they and
    ``bias`` are null, and every forecast was a false alarm. Not acting on these forecasts would have
    avoided ``needless_avoided`` needless moves and added ``missed_added`` missed ones; ``gain`` is their balance, in
    needless moves, and ``advice`` is ``leave`` only if the forecasts come true too seldom to be worth a move.
    """

    airport: str
    source: str
    event: str
    lead_hours: int
    observed: int
    forecast: int
    bias: float | None
    low: float | None
    high: float | None
    needless_avoided: int
    missed_added: int
    gain: float
    advice: Advice

    @property
    def bias_words(self) -> str:
        """Return the bias with its interval."""
        if self.bias is None:
            return "none observed"
        return f"{self.bias:.2f} ({self.low:.2f} to {self.high:.2f})"


@dataclass(frozen=True, slots=True)
class SchoolSuggestions:
    """Suggestions to a school, of the airports from which its lessons depart."""

    school: str
    missed_move_cost: float
    airports: Sequence[str]
    temporary: Sequence[TemporarySuggestion]
    biases: Sequence[BiasSuggestion]

    @property
    def thresholds(self) -> list[TemporarySuggestion]:
        """Return, for each source and event, the lowest probability from which acting certainly pays."""
        lowest: dict[tuple[str, str], TemporarySuggestion] = {}
        for one in sorted(self.temporary, key=lambda one: one.least_percent, reverse=True):
            if one.advice == "act":
                lowest[one.source, one.event] = one
        return list(lowest.values())


def temporary_suggestions(
    bins: Mapping[tuple[str, str, int], Sequence[ProbabilityBin]], missed_move_cost: float
) -> list[TemporarySuggestion]:
    """Return what acting on temporary groups would have done, a row for each probability from which on to act.

    Args:
        bins: by source, event and lead, the hours whose prevailing forecast has no event but a temporary group has one,
            by the group's probability.
        missed_move_cost: as many needless moves cost as much as a missed one.
    """
    found: list[TemporarySuggestion] = []
    for (source, event, lead), of in bins.items():
        for least in sorted({one.percent for one in of}, reverse=True):
            cases = sum(one.cases for one in of if one.percent >= least)
            came_true = sum(one.came_true for one in of if one.percent >= least)
            if cases < LEAST_CASES:
                continue
            low, high = wilson(came_true, cases)
            needless = cases - came_true
            found.append(
                TemporarySuggestion(
                    source, event, lead, least, cases, came_true, low, high, came_true, needless,
                    came_true * missed_move_cost - needless, _advice(low, high, missed_move_cost),
                )
            )  # fmt: skip
    return found


def bias_suggestions(counts: Sequence[ForecastCounts], missed_move_cost: float) -> list[BiasSuggestion]:
    """Return the sources that are certainly biased, of `LEAST_CASES` events forecast or observed on."""
    found: list[BiasSuggestion] = []
    for one in counts:
        observed, forecast = one.hits + one.misses, one.hits + one.false_alarms
        if max(observed, forecast) < LEAST_CASES:
            continue
        interval = bias_interval(one.hits, one.misses, one.false_alarms) if observed else None
        if interval is not None and interval[0] <= 1 <= interval[1]:
            continue
        low, high = interval or (None, None)
        came_true = wilson(one.hits, forecast)
        advice = _advice(*came_true, missed_move_cost) if forecast >= LEAST_CASES else "undecided"
        found.append(
            BiasSuggestion(
                one.airport, one.source, one.event, one.lead_hours, observed, forecast,
                forecast / observed if observed else None, low, high, one.false_alarms, one.hits,
                one.false_alarms - one.hits * missed_move_cost, advice,
            )
        )  # fmt: skip
    return found


def bias_interval(hits: int, misses: int, false_alarms: int) -> tuple[float, float]:
    """Return the 95 % interval of a bias: that of the false alarms among what went wrong, given how much did.

    Hits count on both sides of the ratio, so that what went wrong alone makes it differ from 1.
    """
    wrong, observed = misses + false_alarms, hits + misses
    low, high = wilson(false_alarms, wrong)
    return 1 + wrong * (2 * low - 1) / observed, 1 + wrong * (2 * high - 1) / observed


def _advice(low: float, high: float, missed_move_cost: float) -> Advice:
    worth = 1 / (1 + missed_move_cost)
    return "act" if low > worth else "leave" if high < worth else "undecided"
