"""A file's rows beside the stored ones, in a temporary table: matched, compared and applied by whole sets.

The temporary table lives as long as the transaction. A column that the file does not have is left as it is.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Integer,
    MetaData,
    Table,
    Text,
    and_,
    any_,
    case,
    cast,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.sql.dml import Insert

from flightsched_pipelines.database.queries.imports.targets import PERIODS, TARGETS, TERMINALS_ID, Target
from flightsched_pipelines.database.schema import ACTIVE_STATUSES, bookings

ENDED = "ended"
"""Stands among a row's changes where it had ended, and counts again."""


class Staging:
    """The rows of one file within a transaction, and what they are to those of the table."""

    def __init__(self, connection: Connection, kind: str, columns: Iterable[str], now_utc: datetime) -> None:
        self._connection = connection
        self._now = now_utc
        self.target: Target = TARGETS[kind]
        self._table = self.target.table
        self._own = self._table.c[self.target.own]
        given = set(columns)
        self._files = {name: stored for name, stored in self.target.columns.items() if name in given}
        if kind in PERIODS:
            self._files["time"] = "period"
        stored = [*dict.fromkeys((*self._files.values(), *self.target.key, *self.target.noted))]
        self.staged = Table(
            "staged",
            MetaData(),
            Column("line", Integer, nullable=False),
            Column("school_id", BigInteger, nullable=False),
            *(Column(name, self._table.c[name].type) for name in stored),
            Column("target_id", BigInteger),
            Column("changed", ARRAY(Text)),
            Column("kept", Boolean),
            prefixes=["TEMPORARY"],
            postgresql_on_commit="DROP",
        )
        self._stored = stored

    def fill(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Copy the rows, each with its line, its school, and values by the table's columns; find their stored rows."""
        self.staged.create(self._connection)
        names = ["line", "school_id", *self._stored]
        cursor = self._connection.connection.cursor()
        columns = ", ".join(f'"{name}"' for name in names)  # of our own schema: COPY takes no parameters
        with cursor.copy(f"COPY pg_temp.staged ({columns}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row([row.get(name) for name in names])
        self._match()
        self._connection.execute(text("ANALYZE pg_temp.staged"))

    def compare(self, *, stay: Collection[int] = ()) -> None:
        """Compare the rows with the stored ones.

        Args:
            stay: bookings that the platform moved and that the file has where they were before; they stay moved.
        """
        if self._table is bookings:
            self._leave_what_the_file_does_not_say(stay)
        self._compare()

    def counts(self) -> dict[str, int]:
        """Return how many rows are added, changed and unchanged, and how many keep what the platform made of them."""
        s = self.staged.c
        numbers = {
            "added": s.target_id.is_(None),
            "changed": func.cardinality(s.changed) > 0,
            "unchanged": func.cardinality(s.changed) == 0,
            "kept": s.kept,
        }
        query = select(*(func.count().filter(which).label(name) for name, which in numbers.items()))
        return dict(self._connection.execute(query).mappings().one())

    def differences(self) -> list[tuple[int, Sequence[str] | None]]:
        """Return line and changed columns of what is not as it was, ``None`` for what is new."""
        s = self.staged.c
        query = select(s.line, s.changed).where(or_(s.target_id.is_(None), func.cardinality(s.changed) > 0))
        return [(line, changed) for line, changed in self._connection.execute(query.order_by(s.line))]

    def kept_lines(self) -> list[int]:
        """Return the lines of lessons that the platform has moved, and that the file has where they were."""
        s = self.staged.c
        return list(self._connection.execute(select(s.line).where(s.kept).order_by(s.line)).scalars())

    def by_hand(self) -> list[int]:
        """Return the lines that would change a row which no import has made."""
        s, t = self.staged.c, self._table.c
        if self.target.asks:
            by_hand = literal(True)
        elif "imported" in t:
            by_hand = ~t.imported
        else:
            by_hand = and_(t.external_id.is_(None), s.changed != ["id"])
        query = (
            select(s.line).join(self._table, self._own == s.target_id).where(by_hand, func.cardinality(s.changed) > 0)
        )
        return list(self._connection.execute(query.order_by(s.line)).scalars())

    def names_taken(self, column: str) -> list[tuple[int, str]]:
        """Return line and name of rows whose name is that of another row, which the file does not have."""
        s, t = self.staged.alias(), self._table
        if column not in self.staged.c:
            return []
        rest = self.staged.alias()
        query = (
            select(s.c.line, s.c[column])
            .join(t, t.c[column] == s.c[column])
            .where(
                t.c.id.is_distinct_from(s.c.target_id), ~exists().where(rest.c.target_id == t.c.id)
            )
        )  # fmt: skip
        return [(line, name) for line, name in self._connection.execute(query.order_by(s.c.line))]

    def gone(self, school_ids: Sequence[int]) -> tuple[list[int], int]:
        """Return the imported rows of these schools that the file does not have, and how many of them count."""
        ours = self._counting(school_ids) & self._is_imported()
        count = self._connection.execute(select(func.count()).select_from(self._table).where(ours)).scalar_one()
        return self._missing(ours), count

    def left_alone(self, school_ids: Sequence[int]) -> list[int]:
        """Return the rows of these schools that count, that the file does not have, and that no import has made."""
        return self._missing(self._counting(school_ids) & ~self._is_imported())

    def _missing(self, which: ColumnElement[bool]) -> list[int]:
        t = self._table.c
        missing = which & ~exists().where(self.staged.c.target_id == t.id)
        return list(self._connection.execute(select(t.id).where(missing).order_by(t.id)).scalars())

    def _is_imported(self) -> ColumnElement[bool]:
        """Only what a file has made can be missing from the next one."""
        t = self._table.c
        if "imported" in t:
            return t.imported
        return func.coalesce(~t.external_id.startswith(TERMINALS_ID), False)

    def _counting(self, school_ids: Sequence[int]) -> ColumnElement[bool]:
        t = self._table
        return and_(
            self.target.school == any_(literal(list(school_ids), ARRAY(BigInteger))),
            self.target.alive(self._now),
            *(t.c[name] == value for name, value in self.target.fixed.items()),
            self._within_its_span(),
        )

    def _within_its_span(self) -> ColumnElement[bool]:
        """A file of lessons says nothing of those before its first and after its last, where the school had them."""
        if self._table is not bookings:
            return literal(True)
        s, t = self.staged.c, bookings.c
        span = func.tstzrange(
            select(func.min(func.lower(s.imported_period))).scalar_subquery(),
            select(func.max(func.upper(s.imported_period))).scalar_subquery(),
        )
        return func.coalesce(t.imported_period, t.period).op("&&")(span)

    def names_of(self, ids: Sequence[int]) -> list[str]:
        """Return the names of stored rows as the school knows them: its ids, else what people use, else ours."""
        t = self._table.c
        known: list[ColumnElement[str]] = [
            t[name] for name in ("external_id", self.target.natural) if name is not None and name in t
        ]
        if self.target.called is not None:
            known.append(self.target.called)
        named = select(func.coalesce(*known, cast(t.id, Text))).where(
            t.id == any_(literal(list(ids), ARRAY(BigInteger)))
        )
        return list(self._connection.execute(named.order_by(t.id)).scalars())

    def apply(self, gone: Sequence[int]) -> None:
        """End what is gone, change what differs, add what is new.

        Raises:
            sqlalchemy.exc.IntegrityError: somebody has changed the schedule meanwhile.
        """
        t, s = self._table, self.staged.c
        self._connection.execute(text("SET CONSTRAINTS ALL DEFERRED"))  # two lessons may take each other's places
        if gone:
            missing = t.c.id == any_(literal(list(gone), ARRAY(BigInteger)))
            self._connection.execute(update(t).where(missing).values(dict(self.target.ends(self._now))))
        values: dict[str, Any] = {name: s[name] for name in self._stored}
        if t is bookings:
            values["weather_hold_by"] = case((s.status == "weather_hold", t.c.weather_hold_by))
            values["ground"] = s.aircraft_id.is_(None)
            values["cancellation_cause"] = self._cause()
            if "reference" in values:
                values["reference"] = func.coalesce(s.reference, t.c.reference)
        if "ended_at" in t.c:
            values["ended_at"] = None
        if "updated_at" in t.c:
            values["updated_at"] = self._now
        noted = [t.c[name].is_distinct_from(s[name]) for name in self.target.noted]
        if "imported" in t.c:
            values["imported"] = True
            noted.append(~t.c.imported)
        differs = or_(func.cardinality(s.changed) > 0, *noted)
        self._connection.execute(update(t).where(self._own == s.target_id, differs).values(values))
        self._connection.execute(self._insertion())
        self._connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))

    def _insertion(self) -> Insert:
        s, t = self.staged.c, self._table
        chosen: dict[str, ColumnElement[Any]] = {name: s[name] for name in self._stored}
        chosen |= {name: literal(value) for name, value in self.target.fixed.items()}
        if "school_id" in t.c:
            chosen["school_id"] = s.school_id
        if "imported" in t.c:
            chosen["imported"] = literal(True)
        if t is bookings:
            chosen["reference"] = self._new_reference()
            chosen["ground"] = s.aircraft_id.is_(None)
        query = select(*chosen.values()).where(s.target_id.is_(None)).order_by(s.line)
        return insert(t).from_select(list(chosen), query)

    def _cause(self) -> ColumnElement[str]:
        """The cause that the file gives for a cancelled lesson, else the stored one; none once it is back."""
        s = self.staged.c
        given = s.cancellation_cause if "cancellation_cause" in s else literal(None, Text)
        return case((s.status == "cancelled", func.coalesce(given, bookings.c.cancellation_cause)))

    def _new_reference(self) -> ColumnElement[str]:
        """The reference that the file gives, else the school's id, with the school's number where that is taken."""
        s, other = self.staged.c, bookings.alias()
        taken = exists().where(other.c.reference == s.external_id)
        plain = case((taken, cast(s.school_id, Text) + "-" + s.external_id), else_=s.external_id)
        return func.coalesce(s.reference, plain) if "reference" in s else plain

    def _match(self) -> None:
        """Find the stored row of each: by the school's id, else by the name of a row that no import has made."""
        s, t, target = self.staged.c, self._table.c, self.target
        same = [_comparable(s[name]) == _comparable(t[name]) for name in target.key]
        same += [t[name] == value for name, value in target.fixed.items()]
        self._connection.execute(
            update(self.staged).where(target.school == s.school_id, *same).values(target_id=self._own)
        )  # fmt: skip
        if target.natural is None:
            return
        named = s[target.natural] if target.natural in s else literal(None, Text)
        if self._table is bookings:
            named = func.coalesce(named, s.external_id)
        candidates = (
            select(
                s.line, t.id,
                func.count().over(partition_by=s.line).label("of_line"),
                func.count().over(partition_by=t.id).label("of_row"),
            )
            .join(self._table, and_(t.school_id == s.school_id, func.lower(t[target.natural]) == func.lower(named)))
            .where(s.target_id.is_(None), t.external_id.is_(None))
            .subquery()
        )  # fmt: skip
        alone = (candidates.c.of_line == 1) & (candidates.c.of_row == 1)
        self._connection.execute(
            update(self.staged).where(s.line == candidates.c.line, alone).values(target_id=candidates.c.id)
        )

    def _leave_what_the_file_does_not_say(self, stay: Collection[int]) -> None:
        """Keep a lesson that was moved here where it is, while the file has it where it last had it; and its hold.

        ``scheduled`` is all that a school's file says of a lesson that is on weather hold here, or was flown.
        """
        s, t = self.staged.c, bookings.c
        place = ("period", "instructor_id", "aircraft_id")
        as_before = and_(*(s[name].is_not_distinct_from(t[f"imported_{name}"]) for name in place))
        elsewhere = or_(*(s[name].is_distinct_from(t[name]) for name in place))
        among = s.target_id == any_(literal(sorted(stay), ARRAY(BigInteger)))
        moved = (t.id == s.target_id) & (as_before | among) & elsewhere & t.status.in_(ACTIVE_STATUSES)
        self._connection.execute(
            update(self.staged).where(moved).values({name: t[name] for name in place} | {"kept": True})
        )
        stands = (t.id == s.target_id) & (s.status == "scheduled") & t.status.in_(("weather_hold", "completed"))
        self._connection.execute(update(self.staged).where(stands).values(status=t.status))

    def _compare(self) -> None:
        s, t = self.staged.c, self._table.c
        flags = [
            case((t[stored].is_distinct_from(s[stored]) & _is_given(stored, s), name), else_=literal(None, Text))
            for name, stored in self._files.items()
        ]
        if "ended_at" in t:
            flags.append(case((t.ended_at.is_not(None), ENDED), else_=literal(None, Text)))
        changed = func.array_remove(array(flags), None)
        self._connection.execute(update(self.staged).where(self._own == s.target_id).values(changed=changed))


def _is_given(stored: str, staged: Any) -> ColumnElement[bool]:  # noqa: ANN401, columns
    """A reference or a cause that a file leaves empty is the one that the booking has."""
    return staged[stored].is_not(None) if stored in {"reference", "cancellation_cause"} else literal(True)


def _comparable(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """A key that may be missing, as one that hashes."""
    return func.coalesce(column, 0) if isinstance(column.type, BigInteger) else column
