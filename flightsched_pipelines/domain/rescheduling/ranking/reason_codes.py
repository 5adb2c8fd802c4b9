"""Reason codes: the closed list of reasons in favor of a slot, the facts each rests on, and its words.

The LLM chooses codes; whether a code is true of a slot is decided here, only from the facts of the request.
"""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Any

Facts = Mapping[str, Any]
"""The facts of one slot in the request."""

FORECASTS = (
    "above the minimums, with much margin",
    "above the minimums, with some margin",
    "above the minimums, with little margin",
    "above the minimums, with a reservation",
    "no forecast reaches it yet",
    "no forecast at present",
    "below the minimums",
)
"""Descriptions of a slot's forecast in a request, best first."""

WITH_MARGIN = 3
"""Number of descriptions, from the best, that have a margin and no reservation."""


class ReasonCode(StrEnum):
    """Reasons in favor of a slot."""

    EARLIEST = "earliest"
    BEST_FORECAST = "best_forecast"
    SAME_DAY = "same_day"
    USUAL_TIME = "usual_time"
    SAME_INSTRUCTOR = "same_instructor"
    SAME_AIRCRAFT = "same_aircraft"
    DAY_ASKED_FOR = "day_asked_for"
    TIME_ASKED_FOR = "time_asked_for"
    INSTRUCTOR_ASKED_FOR = "instructor_asked_for"
    BY_LATEST_DATE = "by_latest_date"


WORDS: Mapping[ReasonCode, str] = MappingProxyType(
    {
        ReasonCode.EARLIEST: "the earliest of these times",
        ReasonCode.BEST_FORECAST: "the best forecast of these times",
        ReasonCode.SAME_DAY: "the same day",
        ReasonCode.USUAL_TIME: "the usual time of day",
        ReasonCode.SAME_INSTRUCTOR: "the same instructor",
        ReasonCode.SAME_AIRCRAFT: "the same aircraft",
        ReasonCode.DAY_ASKED_FOR: "the day asked for",
        ReasonCode.TIME_ASKED_FOR: "the time of day asked for",
        ReasonCode.INSTRUCTOR_ASKED_FOR: "the instructor asked for",
        ReasonCode.BY_LATEST_DATE: "within the latest date asked for",
    }
)
"""Each code in words for people."""


def is_true(code: ReasonCode, slot: Facts, others: Sequence[Facts]) -> bool:
    """Return whether a code is true of a slot, beside the other slots of its request."""
    return _RULES[code](slot, others)


def _is_earliest(slot: Facts, others: Sequence[Facts]) -> bool:
    return bool(others) and all(_start(slot) <= _start(other) for other in others)


def _has_best_forecast(slot: Facts, others: Sequence[Facts]) -> bool:
    # Within one step the margins differ, and readers see them: only a better step is the best.
    step = FORECASTS.index(slot["forecast"])
    return bool(others) and step < WITH_MARGIN and all(step < FORECASTS.index(other["forecast"]) for other in others)


def _start(slot: Facts) -> tuple[int, int]:
    return slot["days_later"], slot["minutes_later_in_the_day"]


def _fact(name: str, value: object) -> Callable[[Facts, Sequence[Facts]], bool]:
    return lambda slot, _: slot[name] == value


def _kept(preference: str) -> Callable[[Facts, Sequence[Facts]], bool]:
    return lambda slot, _: preference in slot["wishes_kept"]


_RULES: Mapping[ReasonCode, Callable[[Facts, Sequence[Facts]], bool]] = MappingProxyType(
    {
        ReasonCode.EARLIEST: _is_earliest,
        ReasonCode.BEST_FORECAST: _has_best_forecast,
        ReasonCode.SAME_DAY: _fact("days_later", 0),
        ReasonCode.USUAL_TIME: _fact("minutes_later_in_the_day", 0),
        ReasonCode.SAME_INSTRUCTOR: _fact("instructor", "same"),
        ReasonCode.SAME_AIRCRAFT: _fact("aircraft", "same"),
        ReasonCode.DAY_ASKED_FOR: _kept("day"),
        ReasonCode.TIME_ASKED_FOR: _kept("time of day"),
        ReasonCode.INSTRUCTOR_ASKED_FOR: _kept("instructor"),
        ReasonCode.BY_LATEST_DATE: _kept("latest date"),
    }
)
