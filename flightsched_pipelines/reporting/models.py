"""The content of a report. All instants UTC; it contains no person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from flightsched_pipelines.reporting.verification.models import ForecastRecord

Points = Sequence[tuple[datetime, float]]
"""A value an hour, oldest first; an hour without one is left out."""


@dataclass(frozen=True, slots=True)
class RiskMap:
    """The worst verdict of a booked lesson by airport and hour: at_risk, unknown or watch; none where it is missing."""

    airports: Sequence[str]
    hours_utc: Sequence[datetime]
    worst: Mapping[tuple[str, datetime], str]


@dataclass(frozen=True, slots=True)
class VerdictCounts:
    """The number of lessons of an hour's look-ahead by verdict.

    ``unknown`` counts those whose forecast is missing or cannot be read, ``beyond_reach`` those whose forecast ends
    before them.
    """

    hour_utc: datetime
    at_risk: int
    unknown: int
    watch: int
    beyond_reach: int = 0


@dataclass(frozen=True, slots=True)
class Funnel:
    """Conflicts detected within some days, the steps they reached, and how those that ended did."""

    days: int
    detected: int
    proposed: int
    accepted: int
    confirmed: int
    moved: int
    kept: int
    cleared: int
    expired: int
    declined: int
    cancelled: int
    still_open: int


@dataclass(frozen=True, slots=True)
class Loss:
    """The lessons of some days that one cause threatened, and the hours of those moved and lost."""

    cause: str
    lessons_threatened: int
    hours_moved: float
    hours_lost: float


@dataclass(frozen=True, slots=True)
class Latency:
    """A time that people wait, in minutes: count, median and 90th percentile."""

    name: str
    times: int
    median_minutes: float | None
    p90_minutes: float | None


@dataclass(frozen=True, slots=True)
class AlertPeriod:
    """One alert: its cause, worst severity (warn or error), begin and end; ``None`` while it is open."""

    key: str
    severity: str
    opened_at_utc: datetime
    resolved_at_utc: datetime | None
    sentence: str


@dataclass(frozen=True, slots=True)
class Report:
    """An hour's report.

    ``lessons``, ``risk`` and the last of ``verdicts`` are of one hour, the newest that was assessed: the reported hour
    itself, or one before it while that has not run.
    ``series`` contains the metrics of the last two days by their key, ``cost_by_day_usd`` the LLM's cost;
    ``budget_usd`` is its daily budget, ``None`` if there is no LLM. ``forecasts`` are those that were verified.
    """

    hour_utc: datetime
    made_at_utc: datetime
    environment: str
    weather_source: str
    lessons: int
    risk: RiskMap
    verdicts: Sequence[VerdictCounts]
    funnel: Funnel
    losses: Sequence[Loss]
    latencies: Sequence[Latency]
    series: Mapping[str, Points]
    cost_by_day_usd: Sequence[tuple[date, float]]
    budget_usd: float | None
    alerts: Sequence[AlertPeriod]
    forecasts: ForecastRecord
