"""Say which minimums of a file are looser than the defaults."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date

from sqlalchemy import Connection

from flightsched_pipelines.database.queries.schedule.bookings import minimums
from flightsched_pipelines.database.queries.schedule.minimums import ids_of
from flightsched_pipelines.domain.imports.reading import ReadRow
from flightsched_pipelines.services.loosened_minimums import looser_in

Notes = Callable[[], Iterator[str]]


def loosened_notes(connection: Connection, rows: Sequence[ReadRow], on: date) -> Notes:
    """Read the minimums of a file's schools; return what yields a note for each stored row that loosens a default.

    The comparison takes its time, and is not for a transaction in which others wait.
    """
    schools = {row.values["school_id"] for row in rows}
    stated, ids = minimums(connection), ids_of(connection, schools)

    def notes() -> Iterator[str]:
        looser = looser_in(stated, on, schools)
        for row in rows:
            if sentence := looser.get(ids[row.values["school_id"], row.values["id"]]):
                yield f"line {row.line}: this is looser than the default: {sentence}"

    return notes
