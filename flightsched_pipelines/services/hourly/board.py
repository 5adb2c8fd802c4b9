"""Read the schedule of some days with the newest hour's verdicts: for the dispatch board and ``flightsched board``."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine

from flightsched_pipelines.database.queries.schedule.board_rows import board_rows
from flightsched_pipelines.database.queries.schedule.person_lessons import stored_verdicts, uncertain_verdicts
from flightsched_pipelines.durations import DAY
from flightsched_pipelines.messages.models import Form


@dataclass(frozen=True, slots=True)
class BoardLesson:
    """A lesson on the board, or a slot held for one (status ``held``). Names are personal.

    ``verdict`` is ``None`` where the newest hour did not assess the lesson as it is now. ``case_id`` is its open case.
    ``uncertainty`` says where guidance would give another verdict.
    """

    booking_id: int
    reference: str
    school: str
    starts_at_utc: datetime
    ends_at_utc: datetime
    time_zone: str
    status: str
    form: Form
    aircraft: str | None
    instructor: str | None
    verdict: str | None
    student: str
    case_id: int | None
    uncertainty: str | None = None


def lessons_on_board(engine: Engine, from_utc: datetime, days: int, school: str | None) -> list[BoardLesson]:
    """Return the lessons that overlap the days from a moment on, in order of time."""
    with engine.connect() as connection:
        return read_lessons(connection, from_utc, from_utc + days * DAY, school)[0]


def read_lessons(
    connection: Connection, from_utc: datetime, to_utc: datetime, school: str | int | None
) -> tuple[list[BoardLesson], datetime | None]:
    """Return the lessons that overlap a period, of one school by name or id, and the hour of their verdicts."""
    rows = board_rows(connection, from_utc, to_utc, school)
    ids = [row[0] for row in rows]
    hour, verdicts = stored_verdicts(connection, ids)
    uncertain: Mapping[int, str] = {} if hour is None else uncertain_verdicts(connection, hour, ids)
    lessons: list[BoardLesson] = []
    for *shown, student, case_id in rows:
        verdict = verdicts.get(shown[0])
        why = None if verdict is None else uncertain.get(shown[0])
        lessons.append(BoardLesson(*shown, verdict=verdict, student=student, case_id=case_id, uncertainty=why))
    return lessons, hour
