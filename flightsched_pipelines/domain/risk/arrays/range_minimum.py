"""Find the worst hour of each booking at each of its places with two lookups (a sparse table)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from flightsched_pipelines.domain.risk.arrays.booking_arrays import BookingArrays


class RangeMinimum:
    """The hours of each booking, a range of columns, at each of its places.

    Level ``k`` of a sparse table contains the worst of ``2**k`` columns from each on; two of them that overlap cover
    any range.
    """

    def __init__(self, trips: BookingArrays, shape: tuple[int, int]) -> None:
        """Prepare the lookups for bookings in a grid of a shape: airports and columns."""
        length = trips.last - trips.first + 1
        longest = int(length.max(initial=1))
        power = np.log2(np.arange(1, longest + 1)).astype(np.int64)[length - 1]
        start = power * (shape[0] * shape[1]) + trips.first
        self._shape = shape
        self._levels = longest.bit_length()
        self._first = trips.at_places(start) + trips.place_airport * shape[1]
        self._second = self._first + trips.at_places(length - (1 << power))

    def worst(self, cells: NDArray[Any], worse: np.ufunc) -> NDArray[Any]:
        """Return the worst cell at each place, by an idempotent ufunc such as minimum."""
        table = np.empty((self._levels, *self._shape), dtype=cells.dtype)
        table[0] = cells.reshape(self._shape)
        for level in range(1, self._levels):
            half, before = 1 << (level - 1), table[level - 1]
            table[level] = before
            worse(before[:, :-half], before[:, half:], out=table[level, :, :-half])
        flat = table.reshape(-1)
        return worse(flat[self._first], flat[self._second])
