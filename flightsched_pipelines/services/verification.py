"""Score the forecasts of a period from the record."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine

from flightsched_pipelines.database.queries import verification as record
from flightsched_pipelines.database.queries.schedule import bookings as schedule
from flightsched_pipelines.domain.verification.scores import (
    BinaryScores,
    Brier,
    Contingency,
    Firm,
    ProbabilityBin,
    binary_scores,
    brier,
    firm,
)

OUTCOMES = ("hits", "misses", "false_alarms", "correct_negatives", "missing")
"""The counts of a contingency table, in its order."""
MISSED_MOVE_COST = 2.0
"""The cost of a school at first, and of one that is not known any more."""
UNKNOWN_SCHOOL = "unknown"


@dataclass(frozen=True, slots=True)
class ForecastScores:
    """Scores of one source, event, part and lead; ``brier`` is of the prevailing part alone.

    ``month``, such as 2026-11, is that of the observed hours, UTC; null for the whole period.
    """

    source: str
    element: str
    threshold: float
    part: str
    lead_hours: int
    counts: Contingency
    scores: BinaryScores
    brier: Brier | None
    month: str | None = None


@dataclass(frozen=True, slots=True)
class VerdictScores:
    """Verdicts of a school on a level at a lead: FIRM, and how many of those below the minimums came true.

    ``missed_move_cost``: as many needless moves cost the school as much as a missed one.

    ``missing`` counts the lessons whose verdict or observation was unknown; they are in no other number.
    """

    school: str
    missed_move_cost: float
    training_level: str
    lead_hours: int
    at_risk: int
    came_true: int
    firm: Firm | None
    missing: int


def is_known_airport(engine: Engine, ident: str) -> bool:
    """Return whether an airport is among those that schools use."""
    return ident in set(schedule.airports(engine)["airport"])


Key = tuple[str, str, float, int]


def score_forecasts(
    engine: Engine, since_utc: datetime, until_utc: datetime, airport: str | None = None, *, by_month: bool = False
) -> list[ForecastScores]:
    """Return the scores of the hours observed in ``[since_utc, until_utc)``, at one airport or at all.

    With ``by_month`` those of each month are apart, the first one first.
    """
    rows = record.outcome_counts(engine, since_utc, until_utc, airport, by_month=by_month)
    bins = _bins(record.probability_counts(engine, since_utc, until_utc, airport, by_month=by_month))
    tables = [Contingency(*(row[name] for name in OUTCOMES)) for row in rows]
    return [
        ForecastScores(
            row["source"],
            row["element"],
            row["threshold"],
            row["part"],
            row["lead_hours"],
            counts,
            scores,
            brier(bins.get((row.get("month"), _key(row)), [])) if row["part"] == "prevailing" else None,
            row.get("month"),
        )
        for row, counts, scores in zip(rows, tables, binary_scores(tables), strict=True)
    ]


def reliability(
    engine: Engine, since_utc: datetime, until_utc: datetime, airport: str | None = None
) -> dict[Key, list[ProbabilityBin]]:
    """Return for each source, event and lead how often each probability came true."""
    bins = _bins(record.probability_counts(engine, since_utc, until_utc, airport))
    return {key: of for (_, key), of in bins.items()}


def _key(row: Mapping[str, Any]) -> Key:
    return row["source"], row["element"], row["threshold"], row["lead_hours"]


def _bins(rows: Sequence[Mapping[str, Any]]) -> dict[tuple[str | None, Key], list[ProbabilityBin]]:
    """Return the counts of each probability by month, where the rows have one, and by source, event and lead."""
    bins: defaultdict[tuple[str | None, Key], list[ProbabilityBin]] = defaultdict(list)
    for row in rows:
        bins[row.get("month"), _key(row)].append(ProbabilityBin(row["probability"], row["cases"], row["came_true"]))
    return dict(bins)


def score_verdicts(
    engine: Engine, since_utc: datetime, until_utc: datetime, missed_move_cost: float | None = None
) -> list[VerdictScores]:
    """Return the scores of the verdicts on lessons that ended in a period, by school, level and lead.

    ``missed_move_cost`` is to count for every school in place of its own.
    """
    tables: defaultdict[tuple[str, float, str, int], dict[tuple[str, str], int]] = defaultdict(dict)
    for row in record.verdict_counts(engine, since_utc, until_utc):
        cost = missed_move_cost or row["missed_move_cost"] or MISSED_MOVE_COST
        table = tables[row["school"] or UNKNOWN_SCHOOL, cost, row["training_level"], row["lead_hours"]]
        table[row["verdict"], row["observed"]] = row["lessons"]
    return [
        VerdictScores(
            school,
            cost,
            level,
            lead,
            sum(number for pair, number in counts.items() if pair[0] == "at_risk" and pair[1] != "unknown"),
            counts.get(("at_risk", "at_risk"), 0),
            firm(counts, cost),
            sum(number for pair, number in counts.items() if "unknown" in pair),
        )
        for (school, cost, level, lead), counts in tables.items()
    ]
