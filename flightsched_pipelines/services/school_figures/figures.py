"""Measure schools' lessons saved and lost, hours flown of hours booked, and response times over some local days."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from sqlalchemy import Engine

from flightsched_pipelines.database.queries.cases import school_figures as rows
from flightsched_pipelines.database.queries.cases.school_figures import Answers, Hours, Outcomes
from flightsched_pipelines.reporting.school_figures import DayFigures, SchoolFigures

UNKNOWN = "cause unknown"


def school_figures(engine: Engine, first: date, last: date) -> Sequence[SchoolFigures]:
    """Return each school's figures of the days ``first`` to ``last``, both included, on its base's clock."""
    with engine.connect() as connection:
        outcomes = rows.outcomes(connection, first, last)
        hours = rows.hours(connection, first, last)
        answers = rows.answers(connection, first, last)
        cancelled = rows.cancellations(connection, first, last)
        schools = rows.managers(connection)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [
        SchoolFigures(
            school_id,
            name,
            zone,
            [
                _day(day, outcomes.get((school_id, day), Outcomes()), hours.get((school_id, day), Hours()))
                for day in days
            ],
            any(hours[school_id, day].completed for day in days if (school_id, day) in hours),
            *_answers(answers.get(school_id, Answers())),
            cancelled=_causes(cancelled.get(school_id, {})),
        )
        for school_id, name, _, zone in schools
    ]


def _day(day: date, outcomes: Outcomes, hours: Hours) -> DayFigures:
    return DayFigures(day, outcomes.threatened, outcomes.saved, outcomes.lost, hours.booked, hours.flown)


def _answers(found: Answers) -> tuple[int, float | None, float | None]:
    return found.count, found.median_minutes, found.p90_minutes


def _causes(counts: Mapping[str | None, int]) -> Sequence[tuple[str, int]]:
    named = [(UNKNOWN if cause is None else cause.replace("_", " "), count) for cause, count in counts.items()]
    return sorted(named, key=lambda one: (one[0] == UNKNOWN, -one[1], one[0]))
