"""Slots in frames of candidates and proposals, as records."""

import pandas as pd

from flightsched_pipelines.domain.cases.lifecycle import Slot


def slots_of(frame: pd.DataFrame) -> list[Slot]:
    """Return the slot of each row (starts_at_utc, ends_at_utc, instructor_id, aircraft_id), in the rows' order."""
    starts, ends = (frame[name].dt.to_pydatetime() for name in ("starts_at_utc", "ends_at_utc"))
    instructors = [None if pd.isna(key) else int(key) for key in frame["instructor_id"]]
    rows = zip(starts, ends, instructors, frame["aircraft_id"], strict=True)
    return [Slot(start, end, instructor, int(aircraft)) for start, end, instructor, aircraft in rows]
