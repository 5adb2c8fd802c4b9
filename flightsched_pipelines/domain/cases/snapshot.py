"""What a response is judged by, and the judgement: the case as it stands, the rules, and the decision."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from flightsched_pipelines.domain.cases.lifecycle import CaseState, ResponseEvent, Slot


@dataclass(frozen=True, slots=True)
class Hold:
    """A slot that is held for a lesson: which alternative it was, since when and until when."""

    slot: Slot
    number: int
    since_utc: datetime
    until_utc: datetime


@dataclass(frozen=True, slots=True)
class CaseSnapshot:
    """A case as it stands when an answer comes.

    ``lesson`` is the booking as people were told of it, ``booked`` as it stands, ``None`` when it is not on weather
    hold any more. ``offers`` are the alternatives held out, by number; ``earlier`` those of every round, by round and
    number. ``releasers`` are the instructors who may release the student for a solo flight. ``new_rounds`` counts how
    often new alternatives were made because none suited. A ``standby`` case offers a slot that came free; its lesson
    may stand in the schedule as booked, and then that is what ``booked`` says.
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
    """How long things last, and how often: a school's settings."""

    hold: timedelta = timedelta(hours=2)
    withdraw_within: timedelta = timedelta(minutes=5)
    closes_before: timedelta = timedelta(minutes=30)
    remind_before: timedelta = timedelta(minutes=60)
    new_rounds: int = 2


@dataclass(frozen=True, slots=True)
class ResponseContext:
    """When an answer comes, under which rules, and when the instructor may first be asked: a hold counts from then."""

    now_utc: datetime
    asked_from_utc: datetime
    rules: ResponseRules


@dataclass(frozen=True, slots=True)
class Decision:
    """What an answer does: the event, the state after it, and why in words without personal data.

    ``slot`` and ``number`` are the alternative that it is about; ``until_utc`` is when a new hold ends.
    """

    event: ResponseEvent
    state: CaseState
    why: str
    slot: Slot | None = None
    number: int | None = None
    until_utc: datetime | None = None
