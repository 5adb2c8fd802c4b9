"""Solve linear programs in arrays with OR-Tools' GLOP; rows may be added between solutions."""

# pyright: reportUnknownMemberType=false, reportMissingTypeStubs=false
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from ortools.linear_solver import linear_solver_pb2, pywraplp

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LpRow:
    """A bound: the weighted sum of the amounts at these places is between ``least`` and ``most``."""

    places: Sequence[int]
    weights: Sequence[float]
    most: float
    least: float = -np.inf


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

    def __init__(self, costs: Numbers, rows: Iterable[LpRow]) -> None:
        # As one message: to state it call by call takes longer than to solve it.
        model: Any = linear_solver_pb2.MPModelProto()
        for cost in costs.tolist():
            model.variable.add(lower_bound=0.0, upper_bound=np.inf, objective_coefficient=cost)
        for row in rows:
            model.constraint.add(
                lower_bound=row.least,
                upper_bound=row.most,
                var_index=row.places,
                coefficient=row.weights,
            )
        self._solver: Any = pywraplp.Solver.CreateSolver("GLOP")
        self._solver.LoadModelFromProto(model)
        # starts from the last optimum: added rows leave it dual feasible
        self._solver.SetSolverSpecificParametersAsString(
            "use_preprocessing: false use_dual_simplex: true use_scaling: false"
        )

    def add(self, row: LpRow) -> None:
        """Add a row to a program that was solved."""
        bound: Any = self._solver.Constraint(row.least, row.most)
        for place, weight in zip(row.places, row.weights, strict=True):
            bound.SetCoefficient(self._solver.variable(place), weight)

    def solve(self) -> LpOptimum | None:
        """Return the optimum, starting from the last one; ``None`` if none was found."""
        if self._solver.Solve() != pywraplp.Solver.OPTIMAL:
            return None
        found: Any = linear_solver_pb2.MPSolutionResponse()
        self._solver.FillSolutionResponseProto(found)
        return LpOptimum(
            float(found.objective_value),
            np.array(found.variable_value),
            np.array(found.reduced_cost),
            int(self._solver.iterations()),
            int(self._solver.NumConstraints()),
        )
