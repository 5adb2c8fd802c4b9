"""The bookings that need another time, as the search reads them."""

from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from flightsched_pipelines.domain.rescheduling.preferences import with_preferences
from flightsched_pipelines.domain.rescheduling.search.time_grid import CELL


@dataclass(frozen=True, slots=True)
class LessonToMove:
    """A booking that needs another time. ``instructor_id`` is ``None`` for a solo flight."""

    booking_id: int
    school_id: int | None
    student_id: int | None
    instructor_id: int | None
    aircraft_id: int | None
    aircraft_type: str | None
    training_level: str
    solo: bool
    lesson_kind: str
    starts_at_utc: datetime
    ends_at_utc: datetime
    time_zone: str
    notice_hours: int | None = None
    preferred_instructor_id: int | None = None

    @property
    def cells(self) -> int:
        """Return the number of quarter hours that it occupies when it starts on one."""
        return -(-(self.ends_at_utc - self.starts_at_utc) // CELL)


def lessons_to_move(threatened: pd.DataFrame) -> list[LessonToMove]:
    """Return the lessons of a frame of bookings, one a row."""
    columns = list(LessonToMove.__dataclass_fields__)
    rows = with_preferences(threatened)[columns].astype(object)
    return [LessonToMove(**row) for row in rows.where(rows.notna(), None).to_dict("records")]  # pyright: ignore
