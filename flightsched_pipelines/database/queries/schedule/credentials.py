"""Read the requirements of schools, and the periods in which people and aircraft meet them.

Only what a school requires is read, and only ends within the time that is asked for: of a document that counts beyond
it, nobody learns until when.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ARRAY, BigInteger, ColumnElement, Connection, Select, any_, func, literal, or_, select, true

from flightsched_pipelines.database import schema
from flightsched_pipelines.database.readable_columns import day, words
from flightsched_pipelines.domain.rescheduling.availability import AvailabilityException, Resource
from flightsched_pipelines.domain.rescheduling.requirements import (
    INSPECTIONS,
    CredentialPeriod,
    Credentials,
    SchoolRequirement,
)
from flightsched_pipelines.durations import DAY, MINUTE
from flightsched_pipelines.time_zones import is_time_zone, zone_of

_R, _C, _I, _S = schema.requirements.c, schema.credentials.c, schema.inspections.c, schema.squawks.c
_A, _B = schema.aircraft.c, schema.bookings.c


def requirements(connection: Connection, school_ids: Collection[int] | None = None) -> list[SchoolRequirement]:
    """Return what schools, or some of them, require."""
    query = requirements_of(true() if school_ids is None else _among(_R.school_id, school_ids))
    return [SchoolRequirement(*row) for row in connection.execute(query)]


def requirements_of(which: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """Return the query for what schools require."""
    columns = (_R.school_id, _R.requirement, _R.effect, _R.training_level, _R.solo, _R.lesson_kind, _R.equipment)
    return select(*columns).where(_R.ended_at.is_(None), which).order_by(_R.id)


def credentials(
    connection: Connection,
    from_utc: datetime,
    to_utc: datetime,
    *,
    school_ids: Collection[int] | None = None,
    only: Collection[Resource] | None = None,
    leaving: Sequence[int] = (),
) -> Credentials:
    """Return what schools require, and when people and aircraft meet it within ``[from_utc, to_utc)``.

    Args:
        connection: the database.
        from_utc: bookings of aircraft that start before it count as flown.
        to_utc: the end of what is looked at.
        school_ids: of these schools; of all by default.
        only: of these people and aircraft; of all by default.
        leaving: bookings that leave their places: neither they nor what is held for them counts as flown.
    """
    required = requirements(connection, school_ids)
    if not required:
        return Credentials()
    window = _Window(from_utc, to_utc)
    schools = {one.school_id for one in required}
    named = {one.requirement for one in required}
    periods = [
        *_of_people(connection, window, schools, named, only),
        *_of_aircraft(connection, window, schools, named, only, leaving),
    ]
    needed = {(one.school_id, one.requirement) for one in required}
    return Credentials(required, [period for school_id, period in periods if (school_id, period.requirement) in needed])


def grounding_squawks(which: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """Return the query for the open squawks that ground an aircraft; `grounded` reads its rows."""
    return _with_zone(
        select(_S.aircraft_id, day(_S.closed_on), _zone_of_school())
        .select_from(schema.squawks.join(schema.aircraft, _A.id == _S.aircraft_id))
        .where(_S.grounding, _S.ended_at.is_(None), which),
        _A.school_id,
    )


def grounded(rows: Iterable[Any], from_utc: datetime, to_utc: datetime) -> Iterator[AvailabilityException]:
    """Yield when aircraft may not fly as an open squawk grounds them; no school has to require it."""
    for aircraft_id, closed_on, zone in rows:
        ends = to_utc
        if closed_on is not None and is_time_zone(zone):
            ends = min(_midnight(closed_on, zone), to_utc)
        if from_utc < ends:
            yield AvailabilityException(("aircraft", aircraft_id), (from_utc, ends), available=False)


class _Window:
    """A time that is looked at: what begins before it or ends after it has no such end."""

    def __init__(self, from_utc: datetime, to_utc: datetime) -> None:
        self.from_utc = from_utc
        self.to_utc = to_utc

    def cut(self, starts: datetime | None, ends: datetime | None) -> tuple[datetime | None, datetime | None] | None:
        """Return a period's ends within the window; ``None`` if it is outside."""
        if (starts is not None and starts >= self.to_utc) or (ends is not None and ends <= self.from_utc):
            return None
        return (
            None if starts is None or starts <= self.from_utc else starts,
            None if ends is None or ends >= self.to_utc else ends,
        )


_Found = Iterator[tuple[int, CredentialPeriod]]
"""A school, and a period of somebody or something there."""


def _of_people(
    connection: Connection, window: _Window, schools: Collection[int], named: Set[str],
    only: Collection[Resource] | None,
) -> _Found:  # fmt: skip
    persons = [("student", _C.student_id), ("instructor", _C.instructor_id)]
    whose = true() if only is None else or_(*(_among(key, _ids(kind, only)) for kind, key in persons))
    query = _with_zone(
        select(
            _C.school_id, _C.student_id, _C.instructor_id, _C.credential, _C.aircraft_type, day(_C.valid_from),
            day(_C.valid_until), _C.valid_until.is_not(None), _zone_of_school(),
        )
        .where(_C.ended_at.is_(None), _C.credential.in_(named), _among(_C.school_id, schools), whose)
        .order_by(_C.id),
        _C.school_id,
    )  # fmt: skip
    for school_id, student_id, instructor_id, name, type_, first, last, has_end, zone in connection.execute(query):
        if (has_end and last is None) or not is_time_zone(zone):  # nobody knows until when: as if there were none
            continue
        within = window.cut(first and _midnight(first, zone), last and _midnight(last + DAY, zone))
        if within is not None:
            who = ("instructor", instructor_id) if student_id is None else ("student", student_id)
            yield school_id, CredentialPeriod(*who, name, type_, None, *within)


def _of_aircraft(
    connection: Connection, window: _Window, schools: Collection[int], named: Set[str],
    only: Collection[Resource] | None, leaving: Sequence[int],
) -> _Found:  # fmt: skip
    ids = None if only is None else _ids("aircraft", only)
    which = _A.ended_at.is_(None) & _among(_A.school_id, schools) & (true() if ids is None else _among(_A.id, ids))
    if named & {*INSPECTIONS}:
        yield from _inspected(connection, window, which, leaving)
    if "equipment" in named:
        aboard = select(_A.school_id, _A.id, words(_A.equipment)).where(which).order_by(_A.id)
        for school_id, key, equipment in connection.execute(aboard):
            for one in sorted(set(equipment)):
                yield school_id, CredentialPeriod("aircraft", key, "equipment", None, one)
    if "squawk" in named:
        yield from _without_squawks(connection, window, which)


def _inspected(connection: Connection, window: _Window, which: ColumnElement[bool], leaving: Sequence[int]) -> _Found:
    query = _with_zone(
        select(
            _A.school_id, _A.id, _I.inspection, day(_I.due_on), _I.due_on.is_not(None),
            (_I.due_tach_hours - _I.tach_hours).label("left"), day(_I.tach_read_on), _zone_of_school(),
        )
        .select_from(schema.aircraft.join(schema.inspections, _I.aircraft_id == _A.id))
        .where(_I.ended_at.is_(None), which)
        .order_by(_I.id),
        _A.school_id,
    )  # fmt: skip
    rows = [row for row in connection.execute(query) if is_time_zone(row[-1])]
    read_at = {row.id: _midnight(row[6], row[-1]) for row in rows if row[6] is not None and row.left is not None}
    flown = _flown(connection, read_at, window.from_utc, leaving)
    for school_id, key, name, due_on, has_day, left, read_on, zone in rows:
        if has_day and due_on is None:
            continue
        within = window.cut(None, due_on and _midnight(due_on + DAY, zone))
        if within is None:
            continue
        minutes = None
        if name == "hundred_hour":
            if left is None or read_on is None:
                continue
            minutes = (timedelta(hours=left) - flown.get(key, timedelta())) // MINUTE
        counted_from = None if minutes is None else max(window.from_utc, _midnight(read_on, zone))
        yield school_id, CredentialPeriod("aircraft", key, name, None, None, *within, minutes, counted_from)


def _flown(
    connection: Connection, read_at: Mapping[int, datetime], until_utc: datetime, leaving: Sequence[int]
) -> dict[int, timedelta]:
    """Return how long each aircraft was booked since its tachometer was read, in bookings that start before a time."""
    if not read_at:
        return {}
    query = (
        select(_B.aircraft_id, func.lower(_B.period), func.upper(_B.period))
        .where(
            _among(_B.aircraft_id, read_at),
            _B.status != "cancelled",
            func.lower(_B.period) >= min(read_at.values()),
            func.lower(_B.period) < until_utc,
            _B.id.not_in(list(leaving)),
            func.coalesce(_B.holds_for, 0).not_in(list(leaving)),
        )
    )  # fmt: skip
    flown: dict[int, timedelta] = {}
    for key, starts, ends in connection.execute(query):
        if starts >= read_at[key]:
            flown[key] = flown.get(key, timedelta()) + (ends - starts)
    return flown


def _without_squawks(connection: Connection, window: _Window, which: ColumnElement[bool]) -> _Found:
    query = _with_zone(
        select(_A.school_id, _A.id, _S.id.is_not(None), day(_S.closed_on), _zone_of_school())
        .select_from(
            schema.aircraft.outerjoin(schema.squawks, (_S.aircraft_id == _A.id) & _S.ended_at.is_(None))
        )
        .where(which)
        .order_by(_A.id),
        _A.school_id,
    )  # fmt: skip
    mended: dict[tuple[int, int], list[datetime | None]] = {}
    for school_id, key, has_squawk, closed_on, zone in connection.execute(query):
        ends = mended.setdefault((school_id, key), [])
        if has_squawk:
            ends.append(_midnight(closed_on, zone) if closed_on is not None and is_time_zone(zone) else None)
    for (school_id, key), ends in mended.items():
        known = [end for end in ends if end is not None]
        within = window.cut(max(known, default=None), None) if len(known) == len(ends) else None
        if within is not None:
            yield school_id, CredentialPeriod("aircraft", key, "squawk", None, None, *within)


def _with_zone(query: Select[*tuple[Any, ...]], school_id: ColumnElement[int]) -> Select[*tuple[Any, ...]]:
    return query.join(schema.schools, schema.schools.c.id == school_id).join(
        schema.airports, schema.airports.c.ident == schema.schools.c.base_airport
    )


def _zone_of_school() -> ColumnElement[str]:
    return schema.airports.c.time_zone


def _midnight(at: date, zone: str) -> datetime:
    return datetime.combine(at, time(), zone_of(zone)).astimezone(UTC)


def _ids(kind: str, only: Iterable[Resource]) -> list[int]:
    return [key for resource, key in only if resource == kind]


def _among(column: ColumnElement[Any], values: Iterable[int]) -> ColumnElement[bool]:
    return column == any_(literal(list(values), ARRAY(BigInteger)))
