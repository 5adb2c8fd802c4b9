"""Minimums and students' limits as they are stored, to be listed and ended."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date

from sqlalchemy import Connection, RowMapping, or_, select, update

from flightsched_pipelines.database.schema import schools, students, weather_minimums

_M = weather_minimums.c
_STATED = (
    _M.id, _M.external_id.label("own_id"), schools.c.name.label("school"), students.c.name.label("student"),
    _M.authority, _M.training_level, _M.solo, _M.lesson_kind, _M.night, _M.aircraft_type, _M.rule, _M.comparison,
    _M.limit_value, _M.unit, _M.effect, _M.effective_from, _M.effective_to, _M.reference,
)  # fmt: skip


def minimums_from(
    connection: Connection, on: date, school_id: int | None, student_id: int | None
) -> Sequence[RowMapping]:
    """Return the minimums in force on a day or later: of a school and everybody's, and a student's own."""
    ours = or_(_M.school_id.is_(None), _M.school_id == school_id) if school_id is not None else _M.id.is_not(None)
    query = (
        select(*_STATED)
        .outerjoin(schools, schools.c.id == _M.school_id)
        .outerjoin(students, students.c.id == _M.student_id)
        .where(
            or_(_M.student_id == student_id, _M.student_id.is_(None) & ours),
            or_(_M.effective_to.is_(None), _M.effective_to >= on),
            _M.ended_at.is_(None),
        )
        .order_by(_M.authority, _M.school_id, _M.training_level, _M.rule, _M.effective_from, _M.id)
    )
    return connection.execute(query).mappings().all()


def ids_of(connection: Connection, school_ids: Collection[int]) -> Mapping[tuple[int, str], int]:
    """Return the ids of schools' own minimums that an import has made, by school and the school's id."""
    query = select(_M.school_id, _M.external_id, _M.id).where(
        _M.authority == "school", _M.external_id.is_not(None), _M.school_id.in_(school_ids)
    )
    return {(school_id, own_id): minimum_id for school_id, own_id, minimum_id in connection.execute(query)}


def lock_minimum(connection: Connection, minimum_id: int) -> RowMapping | None:
    """Return authority and days of a minimum that counts, locked until the transaction ends."""
    query = select(_M.authority, _M.effective_from, _M.effective_to).where(_M.id == minimum_id, _M.ended_at.is_(None))
    return connection.execute(query.with_for_update()).mappings().one_or_none()


def end_minimum(connection: Connection, minimum_id: int, last_day: date) -> None:
    """Set the last day of a minimum."""
    connection.execute(update(weather_minimums).where(_M.id == minimum_id).values(effective_to=last_day))
