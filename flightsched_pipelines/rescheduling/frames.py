"""Frames with their declared columns."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd


def typed(rows: pd.DataFrame | Sequence[Mapping[str, Any]], columns: Mapping[str, str]) -> pd.DataFrame:
    """Rows as a frame of exactly these columns and types, numbered from 0."""
    frame = rows[list(columns)] if isinstance(rows, pd.DataFrame) else pd.DataFrame(list(rows), columns=list(columns))
    return frame.astype(dict(columns)).reset_index(drop=True)
