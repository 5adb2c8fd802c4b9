"""What the report holds of verified forecasts: of some days, at all airports."""

from collections.abc import Sequence
from dataclasses import dataclass

from flightsched_pipelines.domain.verification.scores import BinaryScores, ProbabilityBin


@dataclass(frozen=True, slots=True)
class EventSkill:
    """How a source forecast one event at one lead."""

    source: str
    event: str
    lead_hours: int
    scores: BinaryScores


@dataclass(frozen=True, slots=True)
class EventReliability:
    """How often each probability that a source gave to one event, at one lead, came true."""

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
