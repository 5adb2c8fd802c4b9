"""Encode each distinct threshold as one bit.

Few thresholds occur, however many bookings there are. An hour at an airport has the bits of the thresholds that its
weather is below; each profile has masks of those that cause at_risk and of those that only cause watch. A word contains
63 thresholds; each further word is one more pass over the bookings.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flightsched_pipelines.domain.risk.arrays.forecast_grid import LAYERS, PREVAILING, QUANTITIES, ForecastGrid
from flightsched_pipelines.domain.risk.limits.effective_limits import (
    AIRCRAFT_CROSSWIND,
    NO_ROW,
    Limits,
    Profiles,
    rule_of,
)
from flightsched_pipelines.domain.risk.rules import TRAINING_LEVELS

Words = NDArray[np.uint64]
Floats = NDArray[np.float64]

MARKS_A_WORD = 63
UNFORECAST = np.uint64(1 << MARKS_A_WORD)
"""The bit of an hour that has no complete forecast."""

INSTRUMENT_RATED = TRAINING_LEVELS.index("instrument_rated")
CROSSWIND = QUANTITIES.index("crosswind")


@dataclass(frozen=True, slots=True)
class Threshold:
    """A threshold of a quantity of the grid, the rule it belongs to, and the profiles it applies to."""

    rule: str
    quantity: int
    threshold: float | Floats
    """Oriented like the grid: a number, or one an airport."""
    held: NDArray[np.bool_]
    """Shape (effects, profiles)."""
    aircraft_crosswind_kt: float | None = None
    """The demonstrated crosswind of the aircraft that the threshold applies to, ``None`` if it applies to all."""


def thresholds_in(
    sky: ForecastGrid, limits: Limits, profiles: Profiles, aircraft_crosswinds_kt: Sequence[float]
) -> list[Threshold]:
    """Return every threshold, given the crosswinds that the aircraft have demonstrated."""
    marks: list[Threshold] = []
    for quantity, name in enumerate(QUANTITIES):
        thresholds = limits.thresholds[:, :, quantity]
        distinct = np.unique(thresholds[thresholds > -np.inf]).tolist()
        marks += [Threshold(rule_of(name), quantity, one, thresholds == one) for one in distinct]
    by_instruments = np.stack([profiles.level == INSTRUMENT_RATED, np.zeros_like(profiles.solo)])  # blocks
    marks += [Threshold(QUANTITIES[n], n, minima, by_instruments) for n, minima in enumerate(sky.approach)]
    ruled = limits.rows[:, :, AIRCRAFT_CROSSWIND] != NO_ROW
    if ruled.any():
        marks += [Threshold("aircraft_crosswind", CROSSWIND, -kt, ruled, kt) for kt in aircraft_crosswinds_kt]
    return marks


def as_words(marks: Sequence[Threshold]) -> Iterator[dict[np.uint64, Threshold]]:
    """Yield the thresholds by their bits, as many as fit into a word; at least one word."""
    for first in range(0, max(len(marks), 1), MARKS_A_WORD):
        yield {np.uint64(1 << n): mark for n, mark in enumerate(marks[first : first + MARKS_A_WORD])}


def breached_masks(word: dict[np.uint64, Threshold], sky: ForecastGrid) -> list[Words]:
    """Return for each layer the thresholds that each cell of the grid is below, and whether it lacks a forecast."""
    airport = sky.cell // sky.columns
    below = np.zeros(len(sky.cell), dtype=np.uint64)
    for bit, mark in word.items():
        threshold = mark.threshold[airport] if isinstance(mark.threshold, np.ndarray) else mark.threshold
        below[np.flatnonzero(sky.values[mark.quantity] < threshold)] |= bit
    cells = [np.zeros(sky.complete.size, dtype=np.uint64) for _ in LAYERS]
    for layer, rows in enumerate((sky.prevails, ~sky.prevails)):
        np.bitwise_or.at(cells[layer], sky.cell[rows], below[rows])
    cells[PREVAILING][~sky.complete.reshape(-1)] |= UNFORECAST
    return cells
