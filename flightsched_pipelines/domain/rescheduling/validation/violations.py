"""Violations that validation found, as a frame and as sentences."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import pandas as pd

VIOLATION_COLUMNS: Mapping[str, str] = MappingProxyType({"reference": "str", "rank": "Int64", "violation": "str"})


Violation = tuple[str | None, int | None, str]
"""The booking's reference, if there is such a booking, the rank, and a sentence about the violation."""


@dataclass(frozen=True, slots=True)
class Validation:
    """The number of proposals examined, the number of checks, and the violations (``VIOLATION_COLUMNS``)."""

    examined: int
    checks: int
    violations: pd.DataFrame

    def sentences(self) -> list[str]:
        """Return each violation with the alternative that it is of."""
        cells = self.violations.astype(object).where(self.violations.notna(), None).to_numpy().tolist()
        return [_sentence(*row) for row in cells]


def as_one(parts: Sequence[Validation]) -> Validation:
    """Return the validations of several parts of an hour as one; the violations are in the same order for any parts."""
    violations = pd.concat([part.violations for part in parts], ignore_index=True)
    return Validation(
        sum(part.examined for part in parts),
        sum(part.checks for part in parts),
        violations.sort_values(list(VIOLATION_COLUMNS), kind="stable", ignore_index=True),
    )


def _sentence(reference: str | None, rank: int | None, violation: str) -> str:
    return f"{reference or 'no booking'}, alternative {rank or 'without a rank'}: {violation}"
