"""Decide what becomes of a change that the platform made, when it makes another and when the school's file comes.

    waiting ──► entered      the file has the lesson where the platform put it
        ├─────► overruled    the file has it at a third time, or no longer: the file counts
        ├─────► superseded   the platform has moved it again; one new change waits instead
        └─────► taken_back   the platform has put it back where the scheduler has it

A lesson has at most one change that waits. It leads from where the scheduler has the lesson to where the platform has
it, however many moves lie between. Pure functions; a ``None`` in the place of a slot is a cancelled lesson.
"""

from dataclasses import dataclass
from enum import StrEnum

from flightsched_pipelines.domain.cases.lifecycle import Slot


class ChangeState(StrEnum):
    """The state of a change; only the first is open."""

    WAITING = "waiting"
    ENTERED = "entered"
    OVERRULED = "overruled"
    SUPERSEDED = "superseded"
    TAKEN_BACK = "taken_back"


class ChangeKind(StrEnum):
    """The kinds of changes; ground: the slot is kept without its aircraft."""

    MOVE = "move"
    SWAP = "swap"
    CANCELLATION = "cancellation"
    GROUND = "ground"


@dataclass(frozen=True, slots=True)
class ScheduleChange:
    """A change that waits: ``before`` is where the scheduler has the lesson, ``after`` where the platform has it."""

    before: Slot
    after: Slot | None


@dataclass(frozen=True, slots=True)
class Recorded:
    """The end of the change that waited, if a step of the platform ends it, and the change that waits now."""

    ends: ChangeState | None
    waits: ScheduleChange | None


def record(waiting: ScheduleChange | None, place: Slot, filed: Slot | None, after: Slot | None) -> Recorded:
    """Return what a step of the platform does to the changes of a lesson.

    Args:
        waiting: the change that waits, if one does.
        place: where the lesson was until this step.
        filed: where the school's file last had it, ``None`` if no file ever did.
        after: where it goes.
    """
    before = waiting.before if waiting else filed or place
    if after == before:
        return Recorded(ChangeState.TAKEN_BACK if waiting else None, None)
    return Recorded(ChangeState.SUPERSEDED if waiting else None, ScheduleChange(before, after))


def settle(change: ScheduleChange, filed: Slot | None) -> ChangeState:
    """Return what becomes of a change that waits, when a file has its lesson at ``filed``.

    While it waits the lesson stays where the platform put it. Else it goes where the file has it.
    """
    if filed == change.after:
        return ChangeState.ENTERED
    return ChangeState.WAITING if filed == change.before else ChangeState.OVERRULED
