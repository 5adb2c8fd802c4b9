"""Suggest, from the record, when a school may act on temporary groups, and which sources are biased at its airports."""

from collections import defaultdict
from datetime import datetime

from sqlalchemy import Engine

from flightsched_pipelines.database.queries import suggestions as record
from flightsched_pipelines.domain.risk.verdicts import GRAVE_IF_TEMPORARY
from flightsched_pipelines.domain.verification.event_words import event_words
from flightsched_pipelines.domain.verification.scores import ProbabilityBin
from flightsched_pipelines.domain.verification.suggestions import (
    ForecastCounts,
    SchoolSuggestions,
    bias_suggestions,
    temporary_suggestions,
)


def suggest(engine: Engine, since_utc: datetime, until_utc: datetime, lead_hours: int) -> list[SchoolSuggestions]:
    """Return the suggestions for each school, of the hours observed in ``[since_utc, until_utc)`` at one lead.

    None is about temporary groups of what makes a lesson at risk already if temporary, such as a thunderstorm.
    """
    groups = [
        row
        for row in record.temporary_groups(engine, since_utc, until_utc, lead_hours)
        if row["element"] not in GRAVE_IF_TEMPORARY
    ]
    outcomes = record.outcomes_by_airport(engine, since_utc, until_utc, lead_hours)
    found: list[SchoolSuggestions] = []
    for school in record.schools_with_airports(engine):
        here = frozenset(school["airports"])
        bins: defaultdict[tuple[str, str, int], list[ProbabilityBin]] = defaultdict(list)
        for row in groups:
            if row["airport"] in here:
                key = row["source"], event_words(row["element"], row["threshold"]), lead_hours
                bins[key].append(ProbabilityBin(row["probability"], row["cases"], row["came_true"]))
        counts = [
            ForecastCounts(
                row["airport"], row["source"], event_words(row["element"], row["threshold"]), lead_hours, row["hits"],
                row["misses"], row["false_alarms"],
            )
            for row in outcomes
            if row["airport"] in here
        ]  # fmt: skip
        cost = school["missed_move_cost"]
        found.append(
            SchoolSuggestions(
                school["name"], cost, sorted(here), temporary_suggestions(bins, cost), bias_suggestions(counts, cost)
            )
        )
    return found
