"""The report of an import: what changed or would change, or every fault if nothing was imported."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from flightsched_pipelines.domain.imports.faults import Fault
from flightsched_pipelines.errors import PlainError
from flightsched_pipelines.formatting import plural

MOST_SHOWN = 1_000
"""Faults that a message names; a report has them all."""


@dataclass(frozen=True, slots=True)
class Change:
    """A row that differs: ``added``, ``changed`` (in which columns), or ``gone`` (line 0)."""

    line: int
    id: str
    action: str
    columns: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class ImportReport:
    """One file's import. Faults mean that nothing was done.

    ``not_entered``: lessons that the platform has moved and that the file has where they were before; they stay moved.
    ``entered``: those that the file has where the platform moved them. ``overruled``: those that it has elsewhere, or
    no longer; the file counts. ``released``: lessons for which a slot was held that the file has booked.
    """

    kind: str
    dry_run: bool
    complete: bool
    rows: int
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    gone: int = 0
    not_entered: Sequence[str] = ()
    entered: Sequence[str] = ()
    overruled: Sequence[str] = ()
    released: Sequence[str] = ()
    changes: Sequence[Change] = ()
    faults: Sequence[Fault] = ()
    notes: Sequence[str] = ()

    def as_record(self) -> Mapping[str, Any]:
        """Return it for JSON (docs/how-to/import.md has the shape)."""
        return asdict(self)


class ImportRefusedError(PlainError, ValueError):
    """A file that was not imported: nothing was changed. The message names every fault; the report has them, too."""

    def __init__(self, report: ImportReport) -> None:
        """State the faults by line."""
        shown = [str(fault) for fault in report.faults[:MOST_SHOWN]]
        if len(report.faults) > MOST_SHOWN:
            shown.append(f"... and {len(report.faults) - MOST_SHOWN:,} more; --json has them all")
        count = plural(len(report.faults), "fault")
        super().__init__(
            "\n".join([f"the file of {report.kind} was not imported, nothing was changed; {count}:", *shown])
        )
        self.report = report


class NeedsYesError(PlainError, ValueError):
    """An import that would take away or replace more than a file usually does: it waits for a yes."""

    def __init__(self, reasons: Sequence[str], report: ImportReport) -> None:
        """State what it would do."""
        super().__init__("; ".join(reasons))
        self.report = report
