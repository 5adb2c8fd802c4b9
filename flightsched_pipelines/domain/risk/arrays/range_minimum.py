"""Windows: the hours of a booking at each of its places, and the worst of them, found in two lookups."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from flightsched_pipelines.domain.risk.arrays.booking_arrays import BookingArrays


class RangeMinimum:
    """The hours of each booking, a stretch of columns, at each of its places.

    Level ``k`` of a sparse table holds the worst of ``2**k`` columns from each on; two of them that overlap cover any
    stretch.
    """

    def __init__(self, trips: BookingArrays, shape: tuple[int, int]) -> None:
        """The hours of trips in cells of a shape: airports and columns."""
        length = trips.last - trips.first + 1
        longest = int(length.max(initial=1))
        power = np.log2(np.arange(1, longest + 1)).astype(np.int64)[length - 1]
        start = power * (shape[0] * shape[1]) + trips.first
        self._shape = shape
        self._levels = longest.bit_length()
        self._first = trips.at_places(start) + trips.place_airport * shape[1]
        self._second = self._first + trips.at_places(length - (1 << power))

    def worst(self, cells: NDArray[Any], worse: np.ufunc) -> NDArray[Any]:
        """The worst cell at each place, by a ufunc for which seeing a cell twice changes nothing."""
        table = np.empty((self._levels, *self._shape), dtype=cells.dtype)
        table[0] = cells.reshape(self._shape)
        for level in range(1, self._levels):
            half, before = 1 << (level - 1), table[level - 1]
            table[level] = before
            worse(before[:, :-half], before[:, half:], out=table[level, :, :-half])
        flat = table.reshape(-1)
        return worse(flat[self._first], flat[self._second])
