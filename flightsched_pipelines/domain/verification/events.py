"""The events that forecasts are verified by: an element below, or a wind above, a threshold.

Values are oriented as in the forecast grid: less is worse, and an event occurs where the value is below its threshold.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from flightsched_pipelines.domain.risk.arrays.forecast_grid import (
    PRESENT,
    QUANTITIES,
    ForecastGrid,
    element_bits,
)
from flightsched_pipelines.domain.risk.limits.effective_limits import threshold_of

NO, MISSING, YES = 0, 1, 2
"""The state of an event in a report. Of several reports the greatest counts: one that has the event is enough, and
without one every report must have the element for the event to be absent."""

States = NDArray[np.uint8]

THUNDERSTORM_CODES = frozenset({"TS", "VCTS"})
"""A thunderstorm at the airport or in its vicinity; cloud alone (CB, TCU) is not yet one."""

CEILINGS_FT = (500.0, 1_000.0, 3_000.0)
VISIBILITIES_SM = (1.0, 3.0, 5.0)
LIMITED_WINDS = ("wind", "crosswind")


@dataclass(frozen=True, slots=True)
class Event:
    """One element and threshold: ``below`` is the oriented value under which the event occurs."""

    element: str
    threshold: float
    below: float


def events(minimums: pd.DataFrame) -> list[Event]:
    """Return the events of an hour; the limits of wind and crosswind are the strictest that block at that time.

    Args:
        minimums: ``MINIMUM_COLUMNS``, the rows in force; a student's own limits do not count.
    """
    fixed = [Event("ceiling", limit, limit) for limit in CEILINGS_FT]
    fixed += [Event("visibility", limit, limit) for limit in VISIBILITIES_SM]
    limited = [limit for rule in LIMITED_WINDS for limit in _strictest(minimums, rule)]
    return [*fixed, *limited, Event("thunderstorm", 0.0, 0.0)]


def states(grid: ForecastGrid, of: Sequence[Event]) -> States:
    """Return whether each event is in each row of the grid, shape (events, rows)."""
    codes = grid.forecasts["hazards"].to_numpy(dtype=object)[grid.row]
    thunder = np.array([not THUNDERSTORM_CODES.isdisjoint(said) for said in codes], dtype=bool)
    lacking = {element: (grid.missing & element_bits(*_NEEDS[element])) != 0 for element in _NEEDS}
    found = np.zeros((len(of), len(grid.row)), dtype=np.uint8)
    for number, event in enumerate(of):
        found[number, lacking[event.element]] = MISSING
        value = np.where(thunder, PRESENT, 0.0) if event.element == "thunderstorm" else _value(grid, event)
        found[number, value < event.below] = YES
    return found


_NEEDS = {
    "ceiling": ("ceiling",),
    "visibility": ("visibility",),
    "wind": ("wind",),
    "crosswind": ("wind",),
    "thunderstorm": ("weather", "thunderstorm"),
}
"""The elements without which a report says nothing of an event."""


def _value(grid: ForecastGrid, event: Event) -> NDArray[np.float64]:
    return grid.values[QUANTITIES.index(event.element)]


def _strictest(minimums: pd.DataFrame, rule: str) -> list[Event]:
    """Return the event of the strictest blocking limit of a rule; none without one."""
    which = (minimums["rule"] == rule) & (minimums["effect"] == "block") & (minimums["authority"] != "student")
    rows = minimums[which & minimums["fault"].isna() & (minimums["comparison"] != "any")].to_dict("records")
    found = [Event(rule, float(row["limit_value"]), threshold_of(row)) for row in rows]
    return [max(found, key=lambda event: event.below)] if found else []
