"""The lessons of cases as they are now, for messages about them that have waited; nothing is locked."""

from collections.abc import Collection

from sqlalchemy import Connection, exists, func, select

from flightsched_pipelines.database.queries.cases.cases import is_given_away
from flightsched_pipelines.database.schema import OPEN_STATES, bookings, reschedule_cases
from flightsched_pipelines.domain.cases.statements import LessonNow


def lessons_now(connection: Connection, case_ids: Collection[int]) -> dict[int, LessonNow]:
    """Return the lessons of these cases, by case; a later case that offers a freed slot does not count."""
    c, b, later = reschedule_cases.c, bookings.c, reschedule_cases.alias().c
    has_later_case = exists().where(
        later.booking_id == c.booking_id, later.id > c.id, later.freed_slot_id.is_(None), later.state.in_(OPEN_STATES)
    )
    query = (
        select(c.id, b.status, func.lower(b.period), c.state.in_(OPEN_STATES), has_later_case, is_given_away())
        .join(bookings, b.id == c.booking_id)
        .where(c.id.in_(sorted(case_ids)))
    )
    return {row[0]: LessonNow(*row[1:]) for row in connection.execute(query)}
