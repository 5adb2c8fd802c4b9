"""One file of the school's, taken as a whole or not at all, beside responses and hours that go on.

The order of locks: the imports' turn, then all cases at once, as a dispatch does. So no response decides between the
comparison and the change, and what follows from a changed lesson (its case ends, its people hear of it) is what follows
from any change that a school makes: the next hour, or the clock, sees it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from psycopg.errors import (
    CheckViolation,
    DeadlockDetected,
    ExclusionViolation,
    ForeignKeyViolation,
    SerializationFailure,
    UniqueViolation,
)
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from flightsched_pipelines.database.queries.cases.cases import lock_cases_exclusive
from flightsched_pipelines.database.queries.imports import stored_references as stored
from flightsched_pipelines.database.queries.imports.filed_changes import changes_filed, changes_of
from flightsched_pipelines.database.queries.imports.schedule_after import still_needed, taken_after
from flightsched_pipelines.database.queries.imports.staging import Staging
from flightsched_pipelines.database.queries.imports.targets import PERIODS, TARGETS, tables_of
from flightsched_pipelines.database.queries.schedule.changes import settle_changes
from flightsched_pipelines.database.queries.schedule.refused_changes import is_of_tables
from flightsched_pipelines.domain.imports.faults import Fault, FileError, in_order
from flightsched_pipelines.domain.imports.kinds.catalogue import KINDS, FileKind
from flightsched_pipelines.domain.imports.known import Known
from flightsched_pipelines.domain.imports.overlaps import Overlap, overlaps
from flightsched_pipelines.domain.imports.reading import ReadFile, ReadRow, read_rows
from flightsched_pipelines.domain.imports.references import resolve
from flightsched_pipelines.domain.imports.times import Times
from flightsched_pipelines.domain.schedule_changes.lifecycle import ChangeState, settle
from flightsched_pipelines.formatting import plural
from flightsched_pipelines.services.imports import airports, lost_holds, schools_and_airports, student_limits
from flightsched_pipelines.services.imports.files import read_table
from flightsched_pipelines.services.imports.loosened_notes import Notes, loosened_notes
from flightsched_pipelines.services.imports.reports import Change, ImportRefusedError, ImportReport, NeedsYesError
from flightsched_pipelines.settings import Settings

MOST_GONE = 0.2
"""A complete file that has fewer of the stored rows than this needs a confirmation: it may be half a file."""

ALWAYS_GIVEN: Mapping[str, Sequence[str]] = {
    "bookings": ("instructor", "aircraft", "solo", "departure", "route", "status"),
    "requirements": ("training_level", "solo", "lesson_kind", "equipment"),
    "credentials": ("student", "instructor", "aircraft_type", "valid_from", "valid_until"),
    "inspections": ("due_on", "due_tach_hours", "tach_hours", "tach_read_on"),
    "squawks": ("grounding", "closed_on"),
}
"""Columns that a kind has a value for, also where the file does not have them."""

MEANWHILE = (ExclusionViolation, UniqueViolation, ForeignKeyViolation)
"""The database's errors of the file's own tables when somebody else has changed the schedule."""

COLLISIONS = (DeadlockDetected, SerializationFailure)
"""Its errors when somebody else changes the schedule at the same time."""

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """Options of an import; ``complete``: rows that the file does not have are ended."""

    times: Times = Times.OFFSET
    complete: bool = False
    dry_run: bool = False
    yes: bool = False


def import_file(
    engine: Engine, kind_name: str, data: bytes, options: ImportOptions, now_utc: datetime, settings: Settings,
    progress: Progress = lambda _: None,
) -> ImportReport:  # fmt: skip
    """Import a file's bytes.

    Returns:
        What was done; of a dry run, what would be.

    Raises:
        FileError: it is not a table of this kind.
        ImportRefusedError: some of it cannot be imported; nothing was changed.
        NeedsYesError: much would be gone, or rows entered by hand would change; nothing was changed yet.
    """
    kind = KINDS[kind_name]
    if options.complete and not kind.may_be_complete:
        raise FileError(f"{kind.name} are not ended by a file; leave --complete out")
    file = read_rows(kind, read_table(data))
    progress(f"{plural(len(file.rows), 'row')} read")
    try:
        with engine.connect() as connection, connection.begin() as transaction:
            stored.take_turn(connection)
            importing = _Importing(connection, kind, file, options, now_utc, settings, progress)
            report = importing.do()
            stored.record_import(
                connection, kind=kind.name, imported_at=now_utc, digest=sha256(data).hexdigest(),
                complete=options.complete, added=report.added, changed=report.changed, unchanged=report.unchanged,
                gone=report.gone,
            )  # fmt: skip
            if options.dry_run:
                transaction.rollback()
    except DBAPIError as error:
        if is_of_tables(error, tables_of(kind), CheckViolation):
            raise FileError(
                f"the database refuses a row of the {kind.name} or their change ({error.orig}); a row from before that "
                "condition is named by the check rows_can_be_read: correct it first; nothing was imported"
            ) from None
        meanwhile = isinstance(error.orig, COLLISIONS) or is_of_tables(error, tables_of(kind), *MEANWHILE)
        if not meanwhile:
            raise
        raise FileError(
            f"somebody else changed the schedule while the {kind.name} were imported ({error.orig}); nothing was "
            "imported, do it again"
        ) from None
    return replace(report, notes=[*report.notes, *importing.notes_afterwards()])


class _Importing:
    """One file within its transaction."""

    def __init__(
        self, connection: Connection, kind: FileKind, file: ReadFile, options: ImportOptions, now_utc: datetime,
        settings: Settings, progress: Progress,
    ) -> None:  # fmt: skip
        self._connection = connection
        self._kind = kind
        self._file = file
        self._options = options
        self._now = now_utc
        self._settings = settings
        self._progress = progress
        self._faults = list(file.faults)
        self._notes: list[str] = []
        self.notes_afterwards: Notes = lambda: iter(())
        """The notes that are made when the transaction is over."""

    def do(self) -> ImportReport:
        """Resolve, compare, and change what differs."""
        self._resolve()
        lock_cases_exclusive(self._connection)
        if self._kind.name in TARGETS:
            return self._set_by_set()
        return self._schools_or_airports()

    def _schools_or_airports(self) -> ImportReport:
        if self._kind.name == "airports":
            self._faults += schools_and_airports.airport_faults(self._file.rows)
        rows = [row for row in self._file.rows if row.is_sound]
        if self._kind.name == "airports":
            changes, by_hand = schools_and_airports.compare_airports(self._connection, rows)
        else:
            changes, by_hand = schools_and_airports.compare_schools(self._connection, rows)
        added = sum(change.action == "added" for change in changes)
        report = self._report(
            added=added, changed=len(changes) - added, unchanged=len(rows) - len(changes), changes=changes
        )  # fmt: skip
        self._refuse_faults(report)
        self._ask(report, by_hand, 0)
        apply = (
            schools_and_airports.apply_airports if self._kind.name == "airports" else schools_and_airports.apply_schools
        )
        return replace(report, notes=[*report.notes, *apply(self._connection, rows)])

    def _resolve(self) -> None:
        named = airports.named_in(self._kind, self._file)
        found, wrong, new = airports.look_up(self._connection, named)
        if self._kind.name == "airports":
            schools_and_airports.accept_whole_rows(self._file.rows, found, wrong)
        else:
            airports.add(self._connection, new)
            if new:
                self._notes.append(airports.added_note(new))
        schools, bases = stored.schools_known(self._connection)
        known = Known(
            schools, bases, stored.things_known(self._connection), found, wrong, stored.zones_known(self._connection),
            stored.simulators_known(self._connection), stored.aircraft_types_known(self._connection),
        )  # fmt: skip
        self._faults += resolve(self._kind, self._file, known, self._options.times)
        if self._kind.name == "limits":
            self._faults += student_limits.looser_limits(self._connection, self._file.rows)
        if note := airports.runway_note(stored.without_runways(self._connection, self._places(found, bases))):
            self._notes.append(note)
        self._progress("people, aircraft and airports are looked up")

    def _places(self, found: Mapping[str, str], bases: Mapping[int, str]) -> set[str]:
        """Return the airports that the file's lessons use: what it names, and the bases where it names none."""
        return {*found.values(), *(bases.values() if "departure" in self._kind.by_name else ())}

    def _set_by_set(self) -> ImportReport:
        columns = [*self._file.columns, *ALWAYS_GIVEN.get(self._kind.name, ())]
        staging = Staging(self._connection, self._kind.name, columns, self._now)
        sound = [row for row in self._file.rows if row.is_sound]
        staging.fill(_stored_rows(self._kind.name, sound, staging.target.columns))
        filed = changes_filed(self._connection, staging) if self._kind.name == "bookings" else []
        outcomes = {one.stored.change_id: settle(one.stored.change, one.filed) for one in filed}
        waits = [one for one in filed if outcomes[one.stored.change_id] is ChangeState.WAITING]
        staging.compare(stay=[one.stored.booking_id for one in waits])
        self._progress("the file is compared with what is stored")
        gone, alive = staging.gone(self._schools(sound)) if self._options.complete else ([], 0)
        if self._options.complete and (left := staging.left_alone(self._schools(sound))):
            self._notes.append(_left_alone(self._kind.name, staging.names_of(left)))
        names = {row.line: _name_of(self._kind, row) for row in sound}
        differences = staging.differences()
        changes = [
            Change(line, names[line], "added" if columns is None else "changed", columns or ())
            for line, columns in differences
        ]
        changes += [Change(0, name, "gone") for name in (staging.names_of(gone) if gone else ())]
        held: list[int] = []
        self._faults += self._conflicts(staging, gone, held, bool(differences))
        counts = staging.counts()
        settled = {
            state: [names[one.line] for one in filed if outcomes[one.stored.change_id] is state]
            for state in (ChangeState.ENTERED, ChangeState.OVERRULED)
        }
        report = self._report(
            added=counts["added"], changed=counts["changed"], unchanged=counts["unchanged"], gone=len(gone),
            not_entered=[names[line] for line in staging.kept_lines()], entered=settled[ChangeState.ENTERED],
            overruled=settled[ChangeState.OVERRULED], released=staging.names_of(held) if held else (), changes=changes,
        )  # fmt: skip
        self._refuse_faults(report)
        self._ask(report, staging.by_hand(), alive)
        lost = lost_holds.release(self._connection, held) if held else []
        staging.apply(gone)
        if self._kind.name == "bookings":
            cancelled = changes_of(self._connection, gone)
            outcomes |= {one.stored.change_id: settle(one.stored.change, one.filed) for one in cancelled}
            settle_changes(self._connection, outcomes, self._now)
        lost_holds.offer_others(self._connection, lost, self._now, self._settings)
        self._progress("all of it is stored")
        if self._kind.name == "minimums":
            self.notes_afterwards = loosened_notes(self._connection, sound, self._now.date())
        return report

    def _schools(self, rows: Sequence[ReadRow]) -> list[int]:
        return sorted({row.values["school_id"] for row in rows})

    def _report(self, **found: Any) -> ImportReport:  # noqa: ANN401, of the report's own
        return ImportReport(
            kind=self._kind.name, dry_run=self._options.dry_run, complete=self._options.complete,
            rows=len(self._file.rows), faults=in_order(self._faults), notes=self._notes, **found,
        )  # fmt: skip

    def _refuse_faults(self, report: ImportReport) -> None:
        if report.faults:
            raise ImportRefusedError(report)

    def _ask(self, report: ImportReport, by_hand: Sequence[int], alive: int) -> None:
        if self._options.yes or self._options.dry_run:
            return
        reasons: list[str] = []
        if report.gone > MOST_GONE * alive:
            reasons.append(
                f"the file lacks {report.gone:,} of {alive:,} {self._kind.name}, more than a fifth: they would be "
                f"{'cancelled' if self._kind.name == 'bookings' else 'ended'}"
            )
        if by_hand:
            lines = ", ".join(map(str, by_hand[:10]))
            reasons.append(
                f"{plural(len(by_hand), 'row')} of {self._kind.name} that people entered would be changed (line {lines}"
                f"{', ...' if len(by_hand) > 10 else ''})"
            )
        if reasons:
            raise NeedsYesError(reasons, report)

    def _conflicts(
        self, staging: Staging, gone: Sequence[int], held: list[int], differs: bool
    ) -> Iterator[Fault]:  # fmt: skip
        """Yield what excludes each other; a slot that is only held gives way, and its lesson is added to ``held``."""
        cells = {row.line: row for row in self._file.rows}
        for name, reason in still_needed(self._connection, self._kind.name, gone, self._now):
            yield Fault(0, self._kind.one, name, reason)
        for column in ("tail_number", "reference"):
            if self._kind.name in {"aircraft", "bookings"}:
                for line, _ in staging.names_taken(column):
                    yield cells[line].fault(column, f"another {self._kind.one} has it, which the file does not")
        if self._kind.name == "bookings" and (differs or gone):
            taken = list(taken_after(self._connection, staging, gone))
            while lost := {found.other.lesson for found in overlaps(taken) if found.other.is_hold}:
                held += lost
                taken = [one for one in taken if not (one.is_hold and one.lesson in lost)]
            for found in overlaps(taken):
                yield cells[found.one.line].fault(found.what, _booked_twice(found))


def _name_of(kind: FileKind, row: ReadRow) -> str:
    """Return what a row is known by, as the file has it."""
    return " ".join(filter(None, (row.cells.get(name, "").strip() for name in kind.key)))


def _left_alone(kind_name: str, names: Sequence[str]) -> str:
    listed = ", ".join(names[:10]) + (", ..." if len(names) > 10 else "")
    rows = f"{plural(len(names), 'row')} of {kind_name} that the file lacks"
    return f"what no import has made is not ended: {rows} ({listed})"


def _booked_twice(found: Overlap) -> str:
    other = found.other
    time = f"{other.starts:%Y-%m-%d %H:%M} to {other.ends:%Y-%m-%d %H:%M} UTC"
    by = f"line {other.line} ({other.name})" if other.line else f"{other.name}, which the file does not have"
    return f"booked from {time} by {by}"


def _stored_rows(
    kind_name: str, rows: Sequence[ReadRow], columns: Mapping[str, str]
) -> Iterator[Mapping[str, Any]]:  # fmt: skip
    """Yield values by the columns of the table; a period as PostgreSQL writes it."""
    pairs = [(name, stored_) for name, stored_ in columns.items()]
    for row in rows:
        values = row.values
        out: dict[str, Any] = {"line": row.line, "school_id": values["school_id"]}
        out |= {stored_: values.get(name) for name, stored_ in pairs}
        if kind_name in PERIODS:
            ends = values.get("ends_at")
            out["period"] = f"[{values['starts_at'].isoformat()},{ends.isoformat() if ends else ''})"
        if kind_name == "bookings":
            out["imported_period"] = out["period"]
            out["imported_instructor_id"], out["imported_aircraft_id"] = out["instructor_id"], out["aircraft_id"]
        yield out
