"""Solve linear programs in arrays with OR-Tools' GLOP; rows may be added between solutions."""

# pyright: reportUnknownMemberType=false, reportMissingTypeStubs=false
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from ortools.linear_solver import pywraplp

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LpOptimum:
    """LP optimum: cost, variable values, reduced costs.

    ``pivots`` is the number of simplex steps, each over ``rows`` rows.
    """

    cost: float
    amounts: Numbers
    reduced_costs: Numbers
    pivots: int
    rows: int


class LinearProgram:
    """Minimize the cost of non-negative amounts; each row bounds a weighted sum of some of them."""

    def __init__(self, costs: Numbers) -> None:
        self._solver: Any = pywraplp.Solver.CreateSolver("GLOP")
        # starts from the last optimum: added rows leave it dual feasible
        self._solver.SetSolverSpecificParametersAsString("use_preprocessing: false use_dual_simplex: true")
        self._objective: Any = self._solver.Objective()
        self._amounts: list[Any] = [self._solver.NumVar(0.0, np.inf, "") for _ in costs]
        for amount, cost in zip(self._amounts, costs.tolist(), strict=True):
            self._objective.SetCoefficient(amount, cost)

    def bound(self, places: NDArray[np.int64], weights: Numbers, most: float, least: float = -np.inf) -> None:
        """Add a row: the weighted sum of the amounts at these places is between ``least`` and ``most``."""
        row: Any = self._solver.Constraint(least, most)
        for place, weight in zip(places.tolist(), weights.tolist(), strict=True):
            row.SetCoefficient(self._amounts[place], weight)

    def solve(self) -> LpOptimum | None:
        """Return the optimum, starting from the last one; ``None`` if none was found."""
        if self._solver.Solve() != pywraplp.Solver.OPTIMAL:
            return None
        return LpOptimum(
            float(self._objective.Value()),
            np.array([amount.solution_value() for amount in self._amounts]),
            np.array([amount.reduced_cost() for amount in self._amounts]),
            int(self._solver.iterations()),
            int(self._solver.NumConstraints()),
        )
