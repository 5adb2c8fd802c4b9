"""Windows: the hours of a booking at each of its places, and the worst of them, found in two lookups."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]


class Windows:
    """Stretches of columns of rows, over each of which the worst cell is wanted.

    Level ``k`` of a sparse table holds the worst of ``2**k`` columns from each on; two of them that overlap cover any
    stretch.
    """

    def __init__(self, shape: tuple[int, int], row: Indices, first: Indices, last: Indices) -> None:
        """Stretches of the rows of cells of a shape, from column ``first`` to ``last``, both included."""
        length = last - first + 1
        longest = int(length.max(initial=1))
        power = np.log2(np.arange(1, longest + 1)).astype(np.int64)[length - 1]
        self._shape = shape
        self._levels = longest.bit_length()
        self._first = (power * shape[0] + row) * shape[1] + first
        self._second = self._first + length - (1 << power)

    def worst(self, cells: NDArray[Any], worse: np.ufunc) -> NDArray[Any]:
        """The worst cell of each stretch by a ufunc for which seeing a cell twice changes nothing."""
        table = np.empty((self._levels, *self._shape), dtype=cells.dtype)
        table[0] = cells.reshape(self._shape)
        for level in range(1, self._levels):
            half, before = 1 << (level - 1), table[level - 1]
            table[level] = before
            worse(before[:, :-half], before[:, half:], out=table[level, :, :-half])
        flat = table.reshape(-1)
        return worse(flat[self._first], flat[self._second])
