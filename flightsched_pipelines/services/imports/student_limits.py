"""Check students' limits of a file against the minimums of their schools."""

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection

from flightsched_pipelines.database.queries.imports.stored_references import training_levels
from flightsched_pipelines.database.queries.schedule.bookings import minimums
from flightsched_pipelines.domain.imports.faults import Fault
from flightsched_pipelines.domain.imports.minimum_rules import stricter
from flightsched_pipelines.domain.imports.reading import ReadRow
from flightsched_pipelines.domain.risk.limits.floors import Floor


def looser_limits(connection: Connection, rows: Sequence[ReadRow]) -> Iterator[Fault]:
    """Yield the limits that are looser than the regulation or the school's minimums; their rows are not sound."""
    sound = [row for row in rows if row.is_sound]
    if not sound:
        return
    floor = Floor(minimums(connection))
    levels = training_levels(connection, {row.values["student"] for row in sound})
    for row in sound:
        for column, reason in stricter(row, floor, levels[row.values["student"]]):
            yield row.fault(column, reason)
