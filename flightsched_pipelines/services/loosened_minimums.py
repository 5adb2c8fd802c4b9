"""Name the stored minimums of schools that are looser than the defaults."""

from collections.abc import Collection, Mapping
from datetime import date

import pandas as pd

from flightsched_pipelines.database.engine import Source
from flightsched_pipelines.database.queries.schedule.bookings import minimums
from flightsched_pipelines.domain.risk.limits.loosened_limits import loosening_rows
from flightsched_pipelines.domain.risk.limits.minimums import in_force


def looser_than_default(source: Source, on: date, school_ids: Collection[int] | None = None) -> Mapping[int, str]:
    """Return the sentences about each stored row of these schools, or of all, that loosens a default (`looser_in`)."""
    return looser_in(minimums(source), on, school_ids)


def looser_in(stated: pd.DataFrame, on: date, school_ids: Collection[int] | None = None) -> Mapping[int, str]:
    """Return the sentences about each row of these schools, or of all, that loosens a default on a day or later.

    They are by the row's id; a row that begins later is compared with those in force on its first day.
    """
    everybodys, begins = stated["school_id"].isna(), stated["effective_from"]
    ours = ~everybodys if school_ids is None else stated["school_id"].isin(school_ids)
    stated = stated[stated["fault"].isna() & stated["student_id"].isna() & (everybodys | ours)]
    found: dict[int, str] = {}
    for day in sorted({on, *(first for first in begins[stated.index] if first > on)}):
        concerned = stated.loc[begins == day, "school_id"].dropna() if day > on else stated["school_id"]
        rows = stated[stated["school_id"].isna() | stated["school_id"].isin(concerned)]
        found = {**loosening_rows(in_force(rows, day)), **found}
    return found
