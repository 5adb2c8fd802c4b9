"""The schedule as an import would leave it: what is taken then, and who would still be needed that is gone."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import ARRAY, BigInteger, Connection, any_, exists, func, literal, select

from flightsched_pipelines.database.queries.imports.staging import Staging
from flightsched_pipelines.database.schema import (
    ACTIVE_STATUSES,
    TAKING_STATUSES,
    aircraft,
    bookings,
    instructors,
    students,
)
from flightsched_pipelines.domain.imports.overlaps import Taken


def taken_after(connection: Connection, staging: Staging, gone: Sequence[int]) -> Iterator[Taken]:
    """Yield the file's lessons where they are to be, and all else that is taken at their times."""
    s, b = staging.staged.c, bookings.c
    of_file = select(
        s.line, func.coalesce(s.target_id, -s.line), func.lower(s.period), func.upper(s.period), s.external_id,
        s.student_id, s.instructor_id, s.aircraft_id,
    ).where(s.status.in_(ACTIVE_STATUSES))  # fmt: skip
    for line, lesson, starts, ends, name, student, instructor, craft in connection.execute(of_file):
        yield Taken(starts, ends, lesson, line, name, student, instructor, craft)
    span = func.tstzrange(
        select(func.min(func.lower(s.period))).scalar_subquery(),
        select(func.max(func.upper(s.period))).scalar_subquery(),
    )
    others = select(
        func.coalesce(b.holds_for, b.id), func.lower(b.period), func.upper(b.period), b.reference, b.student_id,
        b.instructor_id, b.aircraft_id, b.status == "held",
    ).where(
        b.status.in_(TAKING_STATUSES),
        b.period.op("&&")(span),
        ~exists().where(s.target_id == b.id),
        b.id != func.all(literal(list(gone), ARRAY(BigInteger))),
    )  # fmt: skip
    for lesson, starts, ends, name, student, instructor, craft, is_hold in connection.execute(others):
        yield Taken(starts, ends, lesson, 0, name, student, instructor, craft, is_hold)


def still_needed(
    connection: Connection, kind: str, gone: Sequence[int], now_utc: datetime
) -> Iterator[tuple[str, str]]:
    """Yield name and reason of people and aircraft that are gone and have lessons ahead, or students."""
    tables = {"students": students, "instructors": instructors, "aircraft": aircraft}
    if kind not in tables or not gone:
        return
    table, b = tables[kind], bookings.c
    key = {"students": b.student_id, "instructors": b.instructor_id, "aircraft": b.aircraft_id}[kind]
    among = any_(literal(list(gone), ARRAY(BigInteger)))
    ahead = (
        select(func.coalesce(table.c.external_id, table.c.tail_number if kind == "aircraft" else table.c.email),
               func.count())
        .join(bookings, key == table.c.id)
        .where(table.c.id == among, b.status.in_(TAKING_STATUSES), func.upper(b.period) > now_utc)
        .group_by(table.c.id)
        .order_by(table.c.id)
    )  # fmt: skip
    for name, count in connection.execute(ahead):
        lessons = "a lesson" if count == 1 else f"{count} lessons"
        yield name, f"the file no longer has it, and it has {lessons} ahead; import the bookings first"
    if kind == "instructors":
        s = students.c
        teaches = (
            select(func.coalesce(instructors.c.external_id, instructors.c.email), func.count())
            .join(students, s.primary_instructor_id == instructors.c.id)
            .where(instructors.c.id == among, s.ended_at.is_(None))
            .group_by(instructors.c.id)
            .order_by(instructors.c.id)
        )
        for name, count in connection.execute(teaches):
            whose = "a student" if count == 1 else f"{count} students"
            yield name, f"the file no longer has it, and {whose} usually fly with it; import the students first"
