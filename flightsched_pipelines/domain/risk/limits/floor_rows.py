"""Read the regulation's rows of the shipped minimums without pandas, for the conditions of the database."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class FloorRow:
    """One limit of the regulation, in its rule's own unit; a null solo or night means any."""

    training_level: str
    solo: bool | None
    night: bool | None
    rule: str
    limit_value: float


def floor_rows() -> Sequence[FloorRow]:
    """Return the regulation's limits, in the order of the file."""
    with (files("flightsched_pipelines.domain.risk") / "default_minimums.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["authority"] == "regulation"]
    return [
        FloorRow(
            row["training_level"], _stated(row["solo"]), _stated(row["night"]), row["rule"], float(row["limit_value"])
        )
        for row in rows
    ]


def _stated(cell: str) -> bool | None:
    return None if not cell else cell == "true"
