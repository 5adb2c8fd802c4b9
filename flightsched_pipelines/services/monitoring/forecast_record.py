"""The verified forecasts of the last days, for the operations report."""

from datetime import datetime

from sqlalchemy import Engine

from flightsched_pipelines.database.queries import verification as counted
from flightsched_pipelines.domain.verification.event_words import event_words
from flightsched_pipelines.domain.verification.national_marks import MARKED
from flightsched_pipelines.domain.verification.scores import Contingency, binary_scores
from flightsched_pipelines.domain.verification.track_record import LEAST_CASES
from flightsched_pipelines.durations import DAY
from flightsched_pipelines.reporting.verification.models import EventReliability, EventSkill, ForecastRecord
from flightsched_pipelines.services.suggestions import suggest
from flightsched_pipelines.services.verification import OUTCOMES, reliability

RECORD_DAYS = 30
LEAD_HOURS = 6
"""The lead of reliability and suggestions; an hour at several leads would count several times."""


def forecast_record(engine: Engine, until_utc: datetime) -> ForecastRecord:
    """Return what the diagrams show of the days before ``until_utc``: the marked events, where cases are enough."""
    since = until_utc - RECORD_DAYS * DAY
    return ForecastRecord(
        RECORD_DAYS,
        _skills(engine, since, until_utc),
        _reliabilities(engine, since, until_utc),
        suggest(engine, since, until_utc, LEAD_HOURS),
    )


def _skills(engine: Engine, since_utc: datetime, until_utc: datetime) -> list[EventSkill]:
    rows = [
        row
        for row in counted.outcome_counts(engine, since_utc, until_utc, None)
        if row["part"] == "prevailing"
        and (row["element"], row["threshold"]) in MARKED
        and min(row["hits"] + row["misses"], row["hits"] + row["false_alarms"]) >= LEAST_CASES
    ]
    scored = binary_scores([Contingency(*(row[name] for name in OUTCOMES)) for row in rows])
    return [
        EventSkill(row["source"], event_words(row["element"], row["threshold"]), row["lead_hours"], scores)
        for row, scores in zip(rows, scored, strict=True)
    ]


def _reliabilities(engine: Engine, since_utc: datetime, until_utc: datetime) -> list[EventReliability]:
    found = [
        EventReliability(
            source, event_words(element, threshold), lead, [point for point in bins if point.cases >= LEAST_CASES]
        )
        for (source, element, threshold, lead), bins in reliability(engine, since_utc, until_utc).items()
        if (element, threshold) in MARKED and lead == LEAD_HOURS
    ]
    return [one for one in found if one.bins]
