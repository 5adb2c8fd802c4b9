"""Slots in frames of candidates and proposals, as records."""

import pandas as pd

from flightsched_pipelines.domain.cases.lifecycle import Slot


def slots_of(frame: pd.DataFrame) -> list[Slot]:
    """Return the slot of each row (starts_at_utc, ends_at_utc, instructor_id, aircraft_id), in the rows' order."""
    starts, ends = (frame[name].dt.to_pydatetime() for name in ("starts_at_utc", "ends_at_utc"))
    instructors, aircraft = (
        [None if pd.isna(key) else int(key) for key in frame[name]] for name in ("instructor_id", "aircraft_id")
    )
    return [Slot(*row) for row in zip(starts, ends, instructors, aircraft, strict=True)]
