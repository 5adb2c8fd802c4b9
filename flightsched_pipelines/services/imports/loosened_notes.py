"""Say which minimums of a file are looser than the defaults."""

from collections.abc import Iterator, Sequence
from datetime import date

from sqlalchemy import Connection

from flightsched_pipelines.database.queries.schedule.minimums import ids_of
from flightsched_pipelines.domain.imports.reading import ReadRow
from flightsched_pipelines.services.loosened_minimums import looser_than_default


def loosened_notes(connection: Connection, rows: Sequence[ReadRow], on: date) -> Iterator[str]:
    """Yield a note for each stored row of a file that loosens a default on a day or later."""
    schools = {row.values["school_id"] for row in rows}
    looser = looser_than_default(connection, on, schools)
    ids = ids_of(connection, schools)
    for row in rows:
        if sentence := looser.get(ids[row.values["school_id"], row.values["id"]]):
            yield f"line {row.line}: looser than the default, and counts: {sentence}"
