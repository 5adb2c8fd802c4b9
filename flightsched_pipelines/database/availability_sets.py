"""Store the availability of hours: a school's is stored once under its digest, however many hours had it.

An hour names the sets of its schools, whenever and in whichever order hours are stored; a set that no hour names any
more is deleted. Who calls has the tables to itself (`frames.take_turns` on the view locks all of them).
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from itertools import pairwise
from typing import Any, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import ARRAY, Connection, LargeBinary, any_, delete, func, literal, select

from flightsched_pipelines.database.copying import array_literal, copy_rows
from flightsched_pipelines.database.schema import (
    availability_periods,
    availability_sets,
    availability_snapshot,
    school_availability,
)

_OF_RESOURCE = ["resource", "resource_id", "aircraft_type", "aircraft_crosswind_kt", "may_teach"]


@dataclass(frozen=True, slots=True)
class _Set:
    """A school's availability at an hour: the resources, each with its number of periods, and all their periods."""

    hour_utc: datetime
    school_id: int
    resources: Sequence[tuple[Any, ...]]
    counts: Sequence[int]
    starts: NDArray[np.datetime64]
    ends: NDArray[np.datetime64]

    @property
    def digest(self) -> bytes:
        """Return the same bytes for the same content."""
        told = repr((list(self.resources), list(self.counts))).encode()
        return sha256(told + self.starts.tobytes() + self.ends.tobytes()).digest()


def replace_hours(connection: Connection, stored: pd.DataFrame, hours: Collection[datetime]) -> None:
    """Store rows of `availability_snapshot` as those of some hours, in place of what was stored of them."""
    former = _clear(connection, hours)
    named = {(one.hour_utc, one.school_id): (one.digest, one) for one in _sets(stored)}
    known = _digests(connection, {digest for digest, _ in named.values()})
    fresh = {digest: one for digest, one in named.values() if digest not in known}
    copy_rows(connection, availability_sets, (row for digest, one in fresh.items() for row in _rows(digest, one)))
    copy_rows(connection, school_availability, ((*key, digest) for key, (digest, _) in named.items()))
    _delete_unnamed(connection, former)


def delete_hours(connection: Connection, hours: Collection[datetime]) -> int:
    """Delete the rows of some hours; returns their number."""
    v = availability_snapshot
    counted = select(func.count()).select_from(v).where(v.c.partition_hour.in_(list(hours)))
    rows = connection.execute(counted).scalar_one()
    _delete_unnamed(connection, _clear(connection, hours))
    return rows


def _clear(connection: Connection, hours: Collection[datetime]) -> set[bytes]:
    """Delete what some hours name; returns the digests."""
    rows, named = availability_periods, school_availability
    connection.execute(delete(rows).where(rows.c.partition_hour.in_(list(hours))))
    of_hours = delete(named).where(named.c.partition_hour.in_(list(hours))).returning(named.c.digest)
    return set(connection.execute(of_hours).scalars())


def _delete_unnamed(connection: Connection, digests: set[bytes]) -> None:
    """Delete those of some sets that no hour names."""
    s, named = availability_sets.c, school_availability.c
    names = select(named.digest).where(named.digest == s.digest)
    connection.execute(delete(availability_sets).where(_among(s.digest, digests), ~names.exists()))


def _digests(connection: Connection, digests: set[bytes]) -> set[bytes]:
    """Return which of some sets are stored."""
    s = availability_sets.c
    return set(connection.execute(select(s.digest).where(_among(s.digest, digests)).distinct()).scalars())


def _among(column: Any, digests: set[bytes]) -> Any:  # noqa: ANN401, SQLAlchemy's own types
    return column == any_(literal(list(digests), ARRAY(LargeBinary)))


def _sets(stored: pd.DataFrame) -> Iterator[_Set]:
    """Yield what each school had at each hour, its resources and their periods in one order for equal content."""
    if stored.empty:
        return
    names = ["partition_hour", "school_id", *_OF_RESOURCE]
    factors = [_factorized(stored[name]) for name in names]
    starts, ends = (stored[name].to_numpy("datetime64[us]") for name in ("starts_at_utc", "ends_at_utc"))
    order = np.lexsort((ends, starts, *(codes for codes, _ in reversed(factors))))
    codes = np.stack([codes[order] for codes, _ in factors])
    starts, ends = starts[order], ends[order]
    resources = _begin(codes)
    values: list[list[Any]] = [
        [None if code < 0 else known[code] for code in of_column[resources].tolist()]
        for of_column, (_, known) in zip(codes, factors, strict=True)
    ]
    hours, schools, *facts = values
    of_resource = list(zip(*facts, strict=True))
    bounds = [*resources.tolist(), len(stored)]
    counts = np.diff(bounds).tolist()
    sets = _begin(codes[:2, resources])
    for first, last in pairwise([*sets.tolist(), len(resources)]):
        rows = slice(bounds[first], bounds[last])
        yield _Set(hours[first], schools[first], of_resource[first:last], counts[first:last], starts[rows], ends[rows])


def _factorized(values: "pd.Series[Any]") -> tuple[NDArray[np.int64], Sequence[Any]]:
    """Return each value's place among the different ones in their order, -1 for an absent one, and these."""
    if values.name == "may_teach":
        values = pd.Series([None if items is None else array_literal(items) for items in values], dtype="str")
    places, known = cast("tuple[NDArray[np.int64], Any]", pd.factorize(values, sort=True))
    return places, known.to_pydatetime().tolist() if values.name == "partition_hour" else known.tolist()


def _begin(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the places at which a column differs from the one before; the first does."""
    differs = (codes[:, 1:] != codes[:, :-1]).any(axis=0)
    return np.flatnonzero(np.concatenate([[True], differs]))


def _rows(digest: bytes, one: _Set) -> Iterator[tuple[Any, ...]]:
    """Yield the set's rows of `availability_sets`."""
    starts, ends = (np.datetime_as_string(of, timezone="UTC").tolist() for of in (one.starts, one.ends))
    first = 0
    for resource, count in zip(one.resources, one.counts, strict=True):
        last = first + count
        yield digest, *resource, *("{" + ",".join(of[first:last]) + "}" for of in (starts, ends))
        first = last
