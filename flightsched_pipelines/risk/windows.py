"""Running worst values: the worst over any stretch of hours in two lookups (a sparse table)."""

import numpy as np
from numpy.typing import NDArray


class RunningWorst:
    """The worst over any stretch of columns of each row.

    Level ``k`` holds the worst of ``2**k`` columns from each on; two of them that overlap cover any stretch.
    """

    def __init__(self, cells: NDArray[np.generic], longest: int, worse: np.ufunc) -> None:
        """Prepare the rows of ``cells`` for stretches of up to ``longest`` columns; ``worse``: minimum or maximum."""
        levels = [cells]
        while (width := 1 << len(levels)) <= longest:
            before, half = levels[-1], width // 2
            level = before.copy()
            worse(before[:, :-half], before[:, half:], out=level[:, :-half])
            levels.append(level)
        self._rows, self._columns = cells.shape
        self._flat = np.stack(levels).reshape(-1)
        self._power = np.log2(np.arange(1, longest + 1)).astype(np.int64)
        self._worse = worse

    def over(self, row: NDArray[np.int64], first: NDArray[np.int64], last: NDArray[np.int64]) -> NDArray[np.generic]:
        """The worst of columns ``first`` to ``last``, both included, of each row."""
        power = self._power[last - first]
        start = (power * self._rows + row) * self._columns
        end = start + last + 1 - (1 << power)
        return self._worse(self._flat[start + first], self._flat[end])
