"""The content of the report on verified forecasts: of some days, at all airports."""

from collections.abc import Sequence
from dataclasses import dataclass

from flightsched_pipelines.domain.verification.scores import BinaryScores, ProbabilityBin
from flightsched_pipelines.domain.verification.suggestions import SchoolSuggestions


@dataclass(frozen=True, slots=True)
class EventSkill:
    """The scores of a source's forecasts of one event at one lead."""

    source: str
    event: str
    lead_hours: int
    scores: BinaryScores


@dataclass(frozen=True, slots=True)
class EventReliability:
    """The counts of each probability that a source gave to one event at one lead, and of those that came true."""

    source: str
    event: str
    lead_hours: int
    bins: Sequence[ProbabilityBin]


@dataclass(frozen=True, slots=True)
class ForecastRecord:
    """The verified forecasts of some days."""

    days: int
    skills: Sequence[EventSkill] = ()
    reliabilities: Sequence[EventReliability] = ()
    suggestions: Sequence[SchoolSuggestions] = ()
