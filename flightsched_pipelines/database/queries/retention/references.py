"""Decide for each column that points to a student or an instructor whose row it is, and what an erasure does to it."""

from collections.abc import Iterator, Mapping
from enum import Enum

from sqlalchemy import Column

from flightsched_pipelines.database.schema import metadata


class Fate(Enum):
    """The end of a reference to an erased person: its row goes, or only the reference does, or both stay."""

    ROW_GOES = "the row is the person's alone"
    REFERENCE_GOES = "the row is somebody else's, who named the person"
    STAYS = "the row is a lesson, which stays, of a person whom nothing names any more"


FATES: Mapping[str, Fate] = {
    "school.api_tokens.instructor_id": Fate.ROW_GOES,
    "school.api_tokens.student_id": Fate.ROW_GOES,
    "school.availability.instructor_id": Fate.ROW_GOES,
    "school.availability.student_id": Fate.ROW_GOES,
    "school.availability_exceptions.instructor_id": Fate.ROW_GOES,
    "school.availability_exceptions.student_id": Fate.ROW_GOES,
    "school.bookings.instructor_id": Fate.STAYS,
    "school.bookings.student_id": Fate.STAYS,
    "school.calendar_feeds.instructor_id": Fate.ROW_GOES,
    "school.calendar_feeds.student_id": Fate.ROW_GOES,
    "school.contact_preferences.instructor_id": Fate.ROW_GOES,
    "school.contact_preferences.student_id": Fate.ROW_GOES,
    "school.credentials.instructor_id": Fate.ROW_GOES,
    "school.credentials.student_id": Fate.ROW_GOES,
    "school.settings_changes.instructor_id": Fate.ROW_GOES,
    "school.settings_changes.student_id": Fate.ROW_GOES,
    "school.student_preferences.instructor_id": Fate.REFERENCE_GOES,
    "school.student_preferences.student_id": Fate.ROW_GOES,
    "school.students.primary_instructor_id": Fate.REFERENCE_GOES,
    "school.weather_minimums.student_id": Fate.ROW_GOES,
}


def references_to(people: str) -> Iterator[tuple[Column[int], Fate]]:
    """Yield every column that points to a table of people, such as ``school.students``, and its fate.

    Raises:
        KeyError: nobody has decided about a column.
    """
    for table in metadata.sorted_tables:
        for column in table.columns:
            if any(key.target_fullname == f"{people}.id" for key in column.foreign_keys):
                yield column, FATES[f"{table.fullname}.{column.name}"]
