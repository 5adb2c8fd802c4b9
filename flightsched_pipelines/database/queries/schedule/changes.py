"""Changes that the platform made and the school's scheduler is still to enter, as rows.

Every function works within the caller's transaction: a change is stored with the step that makes it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Insert,
    Row,
    Select,
    Text,
    and_,
    bindparam,
    case,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import Range

from flightsched_pipelines.database.given_rows import among, given
from flightsched_pipelines.database.readable_columns import end_of, start_of
from flightsched_pipelines.database.schema import (
    aircraft,
    airports,
    bookings,
    case_events,
    instructors,
    reschedule_cases,
    schedule_changes,
    schools,
)
from flightsched_pipelines.database.schema.base import INSTANT
from flightsched_pipelines.database.together import Together
from flightsched_pipelines.domain.cases.lifecycle import Slot
from flightsched_pipelines.domain.schedule_changes.lifecycle import (
    ChangeKind,
    ChangeState,
    ScheduleChange,
    record,
)

OVERRULED = "the school's scheduler has it at another time, which counts"


@dataclass(frozen=True, slots=True)
class StoredChange:
    """A change that waits, as it is stored."""

    change_id: int
    booking_id: int
    change: ScheduleChange


@dataclass(frozen=True, slots=True)
class Placed:
    """A place as people write it: the school's ids where it has them, else registration and e-mail address."""

    starts_at_utc: datetime
    ends_at_utc: datetime
    instructor: str | None
    aircraft: str | None


@dataclass(frozen=True, slots=True)
class ListedChange:
    """A change for people and for the school's scheduler; ``booking`` is the school's id, or else the reference."""

    change_id: int
    school: str
    booking: str
    reference: str
    kind: str
    state: str
    made_at: datetime
    not_entered_at: datetime | None
    time_zone: str
    before: Placed
    after: Placed | None


@dataclass(frozen=True, slots=True)
class StandingLesson:
    """A lesson where it is now, where the school's file last had it, its newest case, and the change that waits.

    ``stays_on_hold``: it is on a weather hold that the platform did not set, and that no move lifts.
    """

    booking_id: int
    place: Slot
    filed: Slot | None
    case_id: int | None
    waiting: StoredChange | None
    stays_on_hold: bool = False


def standing_lessons(connection: Connection, booking_ids: Collection[int]) -> list[StandingLesson]:
    """Return these lessons as they are before the platform moves them; they are locked."""
    return read_standing(_standing().run(connection, {"bookings": list(booking_ids)}))


def read_standing(found: Mapping[str, Sequence[Any]]) -> list[StandingLesson]:
    """Return the lessons that `standing_queries` found."""
    waiting = {row.booking_id: stored_change(row) for row in found["waiting"]}
    return [
        StandingLesson(
            row.id, Slot(row.starts, row.ends, row.instructor_id, row.aircraft_id),
            _slot(row.imported_from, row.imported_to, row.imported_instructor_id, row.imported_aircraft_id),
            row.case_id, waiting.get(row.id), row.stays_on_hold,
        )
        for row in found["standing"]
    ]  # fmt: skip


def changes_of(
    lessons: Iterable[StandingLesson], kind: ChangeKind, going: Mapping[int, Slot | None], now_utc: datetime
) -> tuple[dict[int, ChangeState], list[dict[str, Any]]]:
    """Return what becomes of changes that wait, and the rows of those that wait from now on, for `insertion`.

    Args:
        lessons: the lessons that the platform puts elsewhere, or cancels.
        kind: what is done to them.
        going: where each goes, by its booking; ``None``: it is cancelled.
        now_utc: now.
    """
    ended: dict[int, ChangeState] = {}
    rows: list[dict[str, Any]] = []
    for one in lessons:
        recorded = record(one.waiting and one.waiting.change, one.place, one.filed, going[one.booking_id])
        if one.waiting is not None and recorded.ends is not None:
            ended[one.waiting.change_id] = recorded.ends
        if recorded.waits is not None:
            places = _columns("from", recorded.waits.before) | _columns("to", recorded.waits.after)
            about = {"booking_id": one.booking_id, "case_id": one.case_id, "kind": kind.value, "made_at": now_utc}
            rows.append(about | places)
    return ended, rows


def insertion() -> Insert:
    """Return the insertion of the changes that are the parameter ``changes``."""
    ids = (
        "booking_id",
        "case_id",
        *(f"{side}_{who}_id" for side in ("from", "to") for who in ("instructor", "aircraft")),
    )
    instants = ("made_at", *(f"{side}_{end}" for side in ("from", "to") for end in ("starts", "ends")))
    new = given("changes", kind=Text, **dict.fromkeys(ids, BigInteger), **dict.fromkeys(instants, INSTANT)).c
    periods = (
        case((new[f"{side}_starts"].is_not(None), func.tstzrange(new[f"{side}_starts"], new[f"{side}_ends"])))
        for side in ("from", "to")
    )
    columns = ["kind", *ids, "made_at", "from_period", "to_period"]
    return insert(schedule_changes).from_select(columns, select(*(new[name] for name in columns[:-2]), *periods))


@cache
def _standing() -> Together:
    return Together(**standing_queries())


@cache
def standing_queries() -> Mapping[str, Select[*tuple[Any, ...]]]:
    """Return the queries for the lessons of the parameter ``bookings``; `read_standing` reads their rows."""
    b, c = bookings.c, reschedule_cases.c
    case_id = select(func.max(c.id)).where(c.booking_id == b.id).scalar_subquery()
    of_others = and_(b.status == "weather_hold", b.weather_hold_by.is_distinct_from("platform"))
    lessons = select(
        b.id, start_of(b.period).label("starts"), end_of(b.period).label("ends"), b.instructor_id, b.aircraft_id,
        start_of(b.imported_period).label("imported_from"), end_of(b.imported_period).label("imported_to"),
        b.imported_instructor_id, b.imported_aircraft_id, case_id.label("case_id"),
        of_others.label("stays_on_hold"),
    )  # fmt: skip
    return {
        "standing": lessons.where(among(b.id, "bookings")).order_by(b.id),
        "waiting": select_waiting().where(among(schedule_changes.c.booking_id, "bookings")),
    }


def settle_changes(connection: Connection, outcomes: Mapping[int, ChangeState], now_utc: datetime) -> None:
    """Store what became of changes; of one that still waits, that a file has the old time.

    A change that the school overrules is a line in the history of its case.
    """
    s = schedule_changes.c
    still = [key for key, state in outcomes.items() if state is ChangeState.WAITING]
    if still:
        connection.execute(update(schedule_changes).where(s.id.in_(still)).values(not_entered_at=now_utc))
    settled = [
        {"key": key, "becomes": state.value} for key, state in outcomes.items() if state is not ChangeState.WAITING
    ]
    if settled:
        change = update(schedule_changes).where(s.id == bindparam("key"), s.state == "waiting")
        connection.execute(change.values(state=bindparam("becomes"), settled_at=now_utc), settled)
    overruled = [key for key, state in outcomes.items() if state is ChangeState.OVERRULED]
    if overruled:
        c = reschedule_cases.c
        steps = (
            select(
                c.id, literal(now_utc), literal("dispatcher"), literal("overruled"), c.state, c.state,
                literal(OVERRULED),
            )
            .join(schedule_changes, s.case_id == c.id)
            .where(s.id.in_(overruled))
        )  # fmt: skip
        columns = ["case_id", "at", "actor", "event", "from_state", "to_state", "why"]
        connection.execute(insert(case_events).from_select(columns, steps))


def listed_changes(
    connection: Connection, now_utc: datetime, since_utc: datetime | None = None, school_id: int | None = None
) -> list[ListedChange]:
    """Return the changes that wait for lessons that are not over, or all that were made since a time; oldest first."""
    s, b = schedule_changes.c, bookings.c
    places = {side: (instructors.alias(f"{side}_i"), aircraft.alias(f"{side}_a")) for side in ("from", "to")}
    columns: list[Any] = []
    for side, (teacher, craft) in places.items():
        columns += [
            s[f"{side}_period"],
            func.coalesce(teacher.c.external_id, teacher.c.email).label(f"{side}_instructor"),
            func.coalesce(craft.c.external_id, craft.c.tail_number).label(f"{side}_aircraft"),
        ]
    query = (
        select(
            s.id, schools.c.name, func.coalesce(b.external_id, b.reference).label("booking"), b.reference, s.kind,
            s.state, s.made_at, s.not_entered_at, airports.c.time_zone, *columns,
        )
        .join(bookings, b.id == s.booking_id)
        .join(schools, schools.c.id == b.school_id)
        .join(airports, airports.c.ident == b.departure)
    )  # fmt: skip
    for side, (teacher, craft) in places.items():
        query = query.outerjoin(teacher, teacher.c.id == s[f"{side}_instructor_id"])
        query = query.outerjoin(craft, craft.c.id == s[f"{side}_aircraft_id"])
    if since_utc is None:
        query = query.where(s.state == ChangeState.WAITING, is_ahead(now_utc))
    else:
        query = query.where(s.made_at >= since_utc)
    if school_id is not None:
        query = query.where(b.school_id == school_id)
    return [_listed(row) for row in connection.execute(query.order_by(s.made_at, s.id))]


def is_ahead(now_utc: datetime) -> ColumnElement[bool]:
    """Return whether a change still matters to a scheduler: the lesson is not over, at the old time or the new."""
    s = schedule_changes.c
    return func.greatest(func.upper(s.from_period), func.upper(s.to_period)) > now_utc


def select_waiting() -> Select[*tuple[Any, ...]]:
    """Return a query for changes that wait; `stored_change` reads its rows."""
    s = schedule_changes.c
    return select(
        s.id, s.booking_id, start_of(s.from_period).label("from_starts"), end_of(s.from_period).label("from_ends"),
        s.from_instructor_id, s.from_aircraft_id, start_of(s.to_period).label("to_starts"),
        end_of(s.to_period).label("to_ends"), s.to_instructor_id, s.to_aircraft_id,
    ).where(s.state == ChangeState.WAITING)  # fmt: skip


def stored_change(row: Any) -> StoredChange:  # noqa: ANN401, a row of the query
    """Read a row of `select_waiting`."""
    before = _slot(row.from_starts, row.from_ends, row.from_instructor_id, row.from_aircraft_id)
    assert before is not None  # noqa: S101, the column is never null
    after = _slot(row.to_starts, row.to_ends, row.to_instructor_id, row.to_aircraft_id)
    return StoredChange(row.id, row.booking_id, ScheduleChange(before, after))


def slot_of(period: Range[datetime] | None, instructor_id: int | None, aircraft_id: int | None) -> Slot | None:
    """Return the slot of three columns; ``None`` where there is no time."""
    if period is None or period.lower is None or period.upper is None:
        return None
    return Slot(period.lower.astimezone(UTC), period.upper.astimezone(UTC), instructor_id, aircraft_id)


def _slot(
    starts: datetime | None, ends: datetime | None, instructor_id: int | None, aircraft_id: int | None
) -> Slot | None:
    if starts is None or ends is None:
        return None
    return Slot(starts, ends, instructor_id, aircraft_id)


def _columns(side: str, slot: Slot | None) -> dict[str, Any]:
    if slot is None:
        return {}
    return {
        f"{side}_starts": slot.starts_at_utc, f"{side}_ends": slot.ends_at_utc,
        f"{side}_instructor_id": slot.instructor_id, f"{side}_aircraft_id": slot.aircraft_id,
    }  # fmt: skip


def _listed(row: Row[*tuple[Any, ...]]) -> ListedChange:
    before = Placed(row.from_period.lower, row.from_period.upper, row.from_instructor, row.from_aircraft)
    after = row.to_period and Placed(row.to_period.lower, row.to_period.upper, row.to_instructor, row.to_aircraft)
    return ListedChange(
        row.id, row.name, row.booking, row.reference, row.kind, row.state, row.made_at, row.not_entered_at,
        row.time_zone, before, after,
    )  # fmt: skip
