"""Frames with declared columns, and the columns that many modules use."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import pandas as pd

PROPOSAL_COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "booking_id": "int64",
        "rank": "int64",
        "starts_at_utc": "datetime64[us, UTC]",
        "ends_at_utc": "datetime64[us, UTC]",
        "instructor_id": "Int64",
        "aircraft_id": "Int64",
        "verdict": "str",
        "margin": "float64",
        "same_instructor": "bool",
        "same_aircraft": "bool",
        "minutes_moved": "int64",
        "score": "float64",
        "ranked_by": "str",
        "reason": "str",
    }
)
"""Columns of the proposals: ``rank`` counts from 1, the best; ``ranked_by`` names the author of that order."""


def typed(rows: pd.DataFrame | Sequence[Mapping[str, Any]], columns: Mapping[str, str]) -> pd.DataFrame:
    """Return rows as a frame of exactly these columns and types, numbered from 0."""
    frame = rows[list(columns)] if isinstance(rows, pd.DataFrame) else pd.DataFrame(list(rows), columns=list(columns))
    return frame.astype(dict(columns)).reset_index(drop=True)
