"""Windows: the hours of a booking at each of its places, and the worst of them, found in two lookups."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]


class Windows:
    """The hours of bookings, a stretch of columns each, at every place that they go to, a row each.

    Level ``k`` of a sparse table holds the worst of ``2**k`` columns from each on; two of them that overlap cover any
    stretch.
    """

    def __init__(self, shape: tuple[int, int], first: Indices, last: Indices, owner: Indices, row: Indices) -> None:
        """Bookings from column ``first`` to ``last``, both included, and the ``row`` of each place of its ``owner``.

        Args:
            shape: rows and columns of the cells.
            first: shape (bookings,).
            last: likewise.
            owner: shape (places,), indices of bookings.
            row: likewise, of rows.
        """
        length = last - first + 1
        longest = int(length.max(initial=1))
        power = np.log2(np.arange(1, longest + 1)).astype(np.int64)[length - 1]
        start = power * (shape[0] * shape[1]) + first
        self._shape = shape
        self._levels = longest.bit_length()
        self._first = start[owner] + row * shape[1]
        self._second = self._first + (length - (1 << power))[owner]

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
