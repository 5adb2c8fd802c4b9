"""Faults of a file: of the whole, or of a line and column."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass

from flightsched_pipelines.errors import PlainError

SHOWN_CHARACTERS = 60


class FileError(PlainError, ValueError):
    """A file that cannot be read as a table at all; the message says why and what to do."""


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One cell that cannot be imported. ``line`` counts from 1, the header's; 0 for what no line of the file says."""

    line: int
    column: str
    value: str
    reason: str

    def __str__(self) -> str:
        """Return the fault as people read it."""
        shown = self.value if len(self.value) <= SHOWN_CHARACTERS else f"{self.value[: SHOWN_CHARACTERS - 1]}…"
        said = f" is '{shown}'" if shown else ""
        place = f"line {self.line}: " if self.line else ""
        return f"{place}{self.column}{said}; {self.reason}"

    def as_record(self) -> dict[str, object]:
        """Return its parts, for JSON."""
        return asdict(self)


def in_order(faults: Iterable[Fault]) -> list[Fault]:
    """Return the faults by line and column, each once."""
    return sorted(set(faults))
