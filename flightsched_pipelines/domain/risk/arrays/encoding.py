"""Encode columns of frames as numbers for array arithmetic."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Micros = NDArray[np.int64]
"""Microseconds since 1970, UTC."""

MICROS_PER_MINUTE = 60_000_000
MICROS_PER_HOUR = 60 * MICROS_PER_MINUTE


def micros(times: pd.Series) -> Micros:
    """Return aware times as microseconds since 1970, UTC."""
    return times.to_numpy(dtype="datetime64[us]").view(np.int64)


def micros_of(time: datetime) -> int:
    """Return an aware time as microseconds since 1970, UTC."""
    return round(time.timestamp() * 1_000_000)


def encoded(column: pd.Series) -> tuple[NDArray[np.integer], list[Any]]:
    """Return a column as codes, and the values that they encode; -1 encodes null."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.codes.to_numpy(), column.cat.categories.tolist()
    text = isinstance(column.dtype, pd.StringDtype)
    # As plain objects, text is read in half the time that pandas takes for its own kind.
    codes, values = pd.factorize(pd.Series(column.to_numpy(dtype=object), dtype=object) if text else column)
    return codes, values.tolist()


def category_codes(words: Sequence[object], column: pd.Series, other: int) -> NDArray[np.int64]:
    """Return the position among ``words`` of each value of a column; ``other`` for any other value."""
    codes, values = encoded(column)
    place_of = {word: place for place, word in enumerate(words)}
    places = [place_of.get(value, other) for value in values]
    return np.array([*places, other], dtype=np.int64)[codes]
