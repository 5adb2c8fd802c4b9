"""Double bookings of a student, an instructor or an aircraft, found by going through each one's lessons in order."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

Resource = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Taken:
    """A time that a lesson takes, or that is held for one.

    ``line`` is the file's, 0 for what the file leaves as it is; ``lesson`` is the same for a lesson and its hold, which
    may overlap each other.
    """

    starts: datetime
    ends: datetime
    lesson: int
    line: int
    name: str
    student: int
    instructor: int | None
    aircraft: int | None
    is_hold: bool = False


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two that take one thing at one time, the later line first."""

    what: str
    one: Taken
    other: Taken


def overlaps(taken: Iterable[Taken]) -> Iterator[Overlap]:
    """Yield, for each lesson of the file that overlaps another, who or what is booked twice, and one such other."""
    by_resource: defaultdict[Resource, list[Taken]] = defaultdict(list)
    for one in taken:
        by_resource["student", one.student].append(one)
        if one.aircraft is not None:
            by_resource["aircraft", one.aircraft].append(one)
        if one.instructor is not None:
            by_resource["instructor", one.instructor].append(one)
    for (what, _), of_one in by_resource.items():
        of_one.sort(key=lambda one: (one.starts, one.lesson))
        yield from (Overlap(what, *pair) for pair in _in_order(of_one))


def _in_order(taken: list[Taken]) -> Iterator[tuple[Taken, Taken]]:
    """Yield each with the one before it that ends last: where that is over, all before are.

    A lesson's own hold does not count, so the two that end last of different lessons are kept.
    """
    last: list[Taken] = []
    for one in taken:
        other = next((before for before in last if before.lesson != one.lesson and before.ends > one.starts), None)
        if other is not None and (one.line or other.line):
            yield (one, other) if one.line >= other.line else (other, one)
        rest = [before for before in last if before.lesson != one.lesson]
        own = max((before for before in (*last, one) if before.lesson == one.lesson), key=lambda each: each.ends)
        last = sorted([*rest, own], key=lambda each: each.ends, reverse=True)[:2]
