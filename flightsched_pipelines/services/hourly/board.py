"""Read the schedule of the days ahead with the newest hour's verdicts: for ``flightsched board``."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from flightsched_pipelines.database.frames import newest_partition, read_partition
from flightsched_pipelines.database.queries.schedule.board_rows import board_rows
from flightsched_pipelines.database.schema import PIPELINE_TABLES
from flightsched_pipelines.durations import DAY


@dataclass(frozen=True, slots=True)
class BoardLesson:
    """A lesson on the board; ``verdict`` is ``None`` where the newest hour did not assess it. Names are personal."""

    booking_id: int
    reference: str
    school: str
    starts_at_utc: datetime
    ends_at_utc: datetime
    time_zone: str
    status: str
    aircraft: str
    instructor: str | None
    verdict: str | None


def lessons_on_board(engine: Engine, from_utc: datetime, days: int, school: str | None) -> list[BoardLesson]:
    """Return the lessons that overlap the days from a moment on, in order of time."""
    hour = newest_partition(engine, PIPELINE_TABLES["lesson_verdicts"])
    verdicts: dict[int, str] = {}
    if hour is not None:
        stored = read_partition(engine, PIPELINE_TABLES["lesson_verdicts"], [hour], names=["booking_id", "verdict"])
        verdicts = dict(zip(stored["booking_id"].tolist(), stored["verdict"].tolist(), strict=True))
    rows = board_rows(engine, from_utc, from_utc + days * DAY, school)
    return [BoardLesson(*row, verdict=verdicts.get(int(row[0]))) for row in rows]
