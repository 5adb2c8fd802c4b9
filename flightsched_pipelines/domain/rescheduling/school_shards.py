"""Divide schools into shards that have nobody and nothing in common, so that each can be worked on by itself."""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Protocol, TypeVar, TypeVarTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

NO_SCHOOL = -1
"""Stands for the school of a booking that has none."""

_KINDS = {"student": 0, "instructor": 1, "aircraft": 2, "simulator": 2}
"""Kinds of resources that schools might share; a simulator is booked in the place of an aircraft."""


Facts = TypeVarTuple("Facts")
Result = TypeVar("Result")


class ForEach(Protocol):
    """Does the same work on several pieces, in this process or in others."""

    def __call__(self, work: Callable[[*Facts], Result], pieces: Sequence[tuple[*Facts]], /) -> list[Result]:
        """Return the results, in the order of the pieces."""
        ...


def here(work: Callable[[*Facts], Result], pieces: Sequence[tuple[*Facts]]) -> list[Result]:
    """Do the work on each piece in this process, one after another."""
    return [work(*piece) for piece in pieces]


def divide_schools(lessons: pd.DataFrame, uses: Iterable[pd.DataFrame], count: int) -> list[frozenset[int]]:
    """Return the schools of each shard, with about as many lessons in each; the same for rows in any order.

    Schools that share a student, instructor or aircraft, even indirectly, are in one shard.

    Args:
        lessons: the rows whose work is divided, by ``school_id``.
        uses: who and what each school uses, from `uses_of_bookings` and `uses_of_availability`.
        count: maximum number of shards; there are fewer if fewer groups of schools have lessons.
    """
    schools, sizes = np.unique(_schools(lessons), return_counts=True)
    shards: list[set[int]] = [set() for _ in range(count)]
    loads = [0] * count
    heaviest_first = sorted(
        ((int(sizes[np.isin(schools, list(group))].sum()), min(group), group) for group in _groups(schools, uses)),
        key=lambda one: (-one[0], one[1]),
    )
    for size, _, group in heaviest_first:
        lightest = loads.index(min(loads))
        shards[lightest] |= group
        loads[lightest] += size
    return [frozenset(shard) for shard in shards if shard]


def of_schools(frame: pd.DataFrame, schools: Collection[int] | None) -> pd.DataFrame:
    """Return the rows of some schools; of all for ``None``."""
    return frame if schools is None else frame[np.isin(_schools(frame), list(schools))]


def uses_of_bookings(bookings: pd.DataFrame) -> pd.DataFrame:
    """Return who and what is booked by which school: a row a pair of school and resource."""
    schools = _schools(bookings)
    return _pairs(
        (schools, np.full(len(bookings), _KINDS[kind]), bookings[f"{kind}_id"].fillna(NO_SCHOOL).to_numpy(np.int64))
        for kind in ("student", "instructor", "aircraft")
        if f"{kind}_id" in bookings
    )


def uses_of_availability(availability: pd.DataFrame) -> pd.DataFrame:
    """Return who and what can be used by which school: a row a pair of school and resource."""
    shared = availability[availability["resource"] != "school"]
    kinds = np.array([_KINDS[kind] for kind in shared["resource"].tolist()], dtype=np.int64)
    return _pairs([(_schools(shared), kinds, shared["resource_id"].to_numpy(np.int64))])


def _schools(frame: pd.DataFrame) -> NDArray[np.int64]:
    return frame["school_id"].fillna(NO_SCHOOL).to_numpy(np.int64)


def _pairs(columns: Iterable[Sequence[NDArray[np.int64]]]) -> pd.DataFrame:
    found = [pd.DataFrame(dict(zip(("school", "kind", "resource"), each, strict=True))) for each in columns]
    pairs = pd.concat(found, ignore_index=True)
    return pairs[pairs["resource"] >= 0].drop_duplicates()


def _groups(schools: Iterable[int], uses: Iterable[pd.DataFrame]) -> Iterable[set[int]]:
    """Yield the groups of schools that share anything, of those groups that some schools are in."""
    group_of: dict[int, set[int]] = {}
    pairs = pd.concat([pd.DataFrame({"school": [], "kind": [], "resource": []}, dtype=np.int64), *uses])
    first = pairs.groupby(["kind", "resource"])["school"].transform("min")
    shared = pairs["school"] != first
    for one, other in zip(first[shared].tolist(), pairs.loc[shared, "school"].tolist(), strict=True):
        joined = group_of.get(one, {one}) | group_of.get(other, {other})
        group_of |= dict.fromkeys(joined, joined)
    mine = {int(school): group_of.get(int(school), {int(school)}) for school in schools}
    return {min(group): group for group in mine.values()}.values()
