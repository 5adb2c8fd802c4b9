"""The input and the result of a decision: the case, the rules, and what the response does."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from flightsched_pipelines.domain.cases.lifecycle import CaseState, ResponseEvent, Slot


@dataclass(frozen=True, slots=True)
class Hold:
    """A slot that is held for a lesson: the number of the alternative, since when and until when."""

    slot: Slot
    number: int
    since_utc: datetime
    until_utc: datetime


@dataclass(frozen=True, slots=True)
class CaseSnapshot:
    """A case at the time of a response.

    ``lesson`` is the booking as people were notified of it, ``booked`` as it is now, ``None`` if it is no longer on
    weather hold. ``offers`` are the alternatives on offer, by number; ``earlier`` those of every round, by round and
    number. ``releasers`` are the instructors who may release the student for a solo flight. ``new_rounds`` counts the
    rounds made because no alternative suited. A ``standby`` case offers a freed slot; its lesson may be scheduled, and
    then ``booked`` is that.
    """

    case_id: int
    state: CaseState
    lesson: Slot
    booked: Slot | None
    student_id: int
    round: int
    offers: Mapping[int, Slot]
    earlier: Mapping[tuple[int, int], Slot]
    deadline_utc: datetime
    hold: Hold | None
    releasers: frozenset[int]
    new_rounds: int
    standby: bool = False


@dataclass(frozen=True, slots=True)
class ResponseRules:
    """Durations and counts that apply to responses: a school's settings."""

    hold: timedelta = timedelta(hours=2)
    withdraw_within: timedelta = timedelta(minutes=5)
    closes_before: timedelta = timedelta(minutes=30)
    remind_before: timedelta = timedelta(minutes=60)
    new_rounds: int = 2


@dataclass(frozen=True, slots=True)
class ResponseContext:
    """The time and the rules of a response; a hold counts from when the instructor may be asked, ``asked_from_utc``."""

    now_utc: datetime
    asked_from_utc: datetime
    rules: ResponseRules


@dataclass(frozen=True, slots=True)
class Decision:
    """The result of a response: the event, the state after it, and the reason in words without personal data.

    ``slot`` and ``number`` are those of the alternative; ``until_utc`` is the end of a new hold.
    """

    event: ResponseEvent
    state: CaseState
    why: str
    slot: Slot | None = None
    number: int | None = None
    until_utc: datetime | None = None
