"""The record of verdicts like a lesson's: how often they came true, from 20 cases on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from flightsched_pipelines.domain.risk.rules import AREA_RULES
from flightsched_pipelines.domain.verification.columns import LEADS_HOURS
from flightsched_pipelines.durations import HOUR

if TYPE_CHECKING:
    import pandas as pd

LEAST_CASES = 20
"""Fewer cases make no statement: with 19 the 95 % interval of a share is up to 42 points wide."""

UNOBSERVED_RULES = frozenset({*AREA_RULES, "wind_shear", "daylight"})
"""Rules that no METAR can show to have come true, or that need no forecast."""


def observable(minimums: "pd.DataFrame") -> "pd.DataFrame":
    """Return the minimums without those of rules that no METAR can show.

    A faulty row stays: the lessons to which it applies are unclear.
    """
    return minimums[~minimums["rule"].isin(list(UNOBSERVED_RULES)) | minimums["fault"].notna()]


class TrackRecord(BaseModel):
    """Of ``cases`` verdicts that a lesson is below the minimums, ``came_true`` were also those by the METARs."""

    model_config = ConfigDict(frozen=True)

    came_true: int = Field(ge=0)
    cases: int = Field(ge=LEAST_CASES)

    @model_validator(mode="after")
    def _no_more_than_all(self) -> Self:
        if self.came_true > self.cases:
            raise ValueError(f"came_true must be at most cases; got {self.came_true} of {self.cases}")
        return self

    @property
    def sentence(self) -> str:
        """Return it in one plain sentence."""
        return f"Forecasts like this came true {self.came_true} of {self.cases} times."


@dataclass(frozen=True, slots=True)
class Likeness:
    """The common traits of verdicts that are alike: the school, the gravest breach's rule and airport, the lead."""

    school_id: int
    cause: str
    cause_airport: str
    lead_hours: int


def lead_like(starts_at_utc: datetime, hour_utc: datetime) -> int | None:
    """Return the shortest verified lead that is not shorter than a verdict's; ``None`` beyond the longest.

    A longer lead has no better record as a rule, so that the sentence promises no more than it may.
    """
    began = starts_at_utc.replace(minute=0, second=0, microsecond=0)
    hours = (began - hour_utc) / HOUR
    return next((lead for lead in LEADS_HOURS if lead >= hours), None)


def track_record(counts: Mapping[Likeness, tuple[int, int]], like: Likeness) -> TrackRecord | None:
    """Return the record of verdicts that came true and all of them; ``None`` below `LEAST_CASES`."""
    came_true, cases = counts.get(like, (0, 0))
    return TrackRecord(came_true=came_true, cases=cases) if cases >= LEAST_CASES else None
