"""Changes of the platform's beside the file that may have them: what waits, and where the file has its lesson."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Connection, Row, any_, literal, select

from flightsched_pipelines.database.queries.imports.staging import Staging
from flightsched_pipelines.database.queries.schedule.changes import (
    StoredChange,
    select_waiting,
    slot_of,
    stored_change,
)
from flightsched_pipelines.database.schema import reschedule_cases, schedule_changes
from flightsched_pipelines.domain.cases.lifecycle import CaseState, Slot


@dataclass(frozen=True, slots=True)
class FiledChange:
    """A change that waits, the line that its lesson has in the file (0 for none), and where the file has it."""

    stored: StoredChange
    line: int
    filed: Slot | None


def changes_filed(connection: Connection, staging: Staging) -> list[FiledChange]:
    """Return the changes that wait for lessons of the file."""
    s = staging.staged.c
    query = select_waiting().add_columns(
        s.line, s.status, s.imported_period, s.imported_instructor_id, s.imported_aircraft_id
    )
    rows = connection.execute(query.join(staging.staged, s.target_id == schedule_changes.c.booking_id)).all()
    return [_filed(row) for row in rows]


def changes_of(connection: Connection, booking_ids: Sequence[int]) -> list[FiledChange]:
    """Return the changes that wait for lessons which the file no longer has."""
    among = any_(literal(list(booking_ids), ARRAY(BigInteger)))
    rows = connection.execute(select_waiting().where(schedule_changes.c.booking_id == among)).all()
    return [FiledChange(stored_change(row), 0, None) for row in rows]


def cases_holding(connection: Connection, booking_ids: Sequence[int]) -> list[int]:
    """Return the open cases of these lessons for which a slot is held."""
    c = reschedule_cases.c
    query = select(c.id).where(c.booking_id.in_(booking_ids), c.state == CaseState.STUDENT_ACCEPTED.value)
    return list(connection.execute(query.order_by(c.id)).scalars())


def _filed(row: Row[*tuple[Any, ...]]) -> FiledChange:
    place = slot_of(row.imported_period, row.imported_instructor_id, row.imported_aircraft_id)
    return FiledChange(stored_change(row), row.line, None if row.status == "cancelled" else place)
