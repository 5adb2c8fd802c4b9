"""The input and the result of a decision: the case, the rules, and what the response does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from flightsched_pipelines.domain.cases.lifecycle import CaseState, ResponseEvent, Slot
from flightsched_pipelines.domain.cases.rules import ResponseRules


@dataclass(frozen=True, slots=True)
class Offer:
    """An alternative as it is stored: its slot, the reason in words, and who ranked it."""

    slot: Slot
    reason: str
    ranked_by: str


@dataclass(frozen=True, slots=True)
class Hold:
    """A slot that is held for a lesson: the number of the alternative, since when and until when."""

    slot: Slot
    number: int
    since_utc: datetime
    until_utc: datetime


@dataclass(frozen=True, slots=True)
class CaseSnapshot:
    """A case with its booking, at the time of a response.

    ``lesson`` is the booking as people were notified of it, ``booked`` as it is now, ``None`` if it is no longer on
    weather hold. ``offers`` are the alternatives on offer, by number; ``earlier`` those of every round, by round and
    number. ``releasers`` are the instructors who may release the student for a solo flight. ``new_rounds`` counts the
    rounds made because no alternative suited. A ``standby`` case offers a freed slot; its lesson may be scheduled, and
    then ``booked`` is that. ``usual_instructor_id`` is whom the
    student flies with as a rule; ``offered`` every slot that was ever held out, with the hour that first did.
    ``student_id`` is who was asked; ``given_away``: the school has given the lesson to another student since, and
    ``booked`` is ``None``. ``on_hold``: its lesson is on weather hold, whoever set that.
    """

    case_id: int
    booking_id: int
    school_id: int
    solo: bool
    time_zone: str
    state: CaseState
    lesson: Slot
    booked: Slot | None
    student_id: int
    round: int
    offers: Mapping[int, Offer]
    earlier: Mapping[tuple[int, int], Slot]
    deadline_utc: datetime
    hold: Hold | None
    releasers: frozenset[int]
    new_rounds: int
    usual_instructor_id: int | None = None
    offered: Mapping[Slot, datetime] = field(default_factory=dict[Slot, datetime])
    standby: bool = False
    given_away: bool = False
    on_hold: bool = True

    @property
    def releaser_id(self) -> int | None:
        """The instructor who is asked to release a solo flight: the usual one, or else one who may."""
        usual = self.usual_instructor_id
        return usual if usual in self.releasers else min(self.releasers, default=None)

    def confirmer_of(self, slot: Slot) -> int | None:
        """Return the instructor who is asked to confirm a slot."""
        return slot.instructor_id or self.releaser_id


@dataclass(frozen=True, slots=True)
class ResponseContext:
    """The time and the rules of a response; a hold counts from when the instructor may be asked, ``asked_from_utc``."""

    now_utc: datetime
    asked_from_utc: datetime
    rules: ResponseRules


@dataclass(frozen=True, slots=True)
class Revalidated:
    """A revalidated slot: the objections to it, and the newest hour's verdict on it.

    The verdict is ``ok``, ``watch``, ``unforecast`` (no forecast reaches it yet), ``missing`` (data needed to judge it
    are missing: ``why`` says which), ``at_risk``, which is among the objections, or ``not_flown`` (the lesson keeps its
    slot without flying). Lessons never move where it is ``missing``. ``lesson`` is its row in the schedule, if there is
    one: `slot_description` reads it.
    """

    objections: Sequence[str]
    verdict: str
    why: str
    lesson: Mapping[str, Any] | None = field(default=None, repr=False, compare=False)


Effect = Literal["hold", "prolong", "release", "lose", "move", "look_for_others", "remind", "keep", "end"]
"""The effect of a decision.

hold: the slot is held; prolong: it is held for longer; release: it is no longer held, and the alternatives are open
again; lose: it is no longer available, and the student is offered the remaining times; move: the booking moves to it;
look_for_others: the student gets other alternatives; remind: who is to answer is reminded; keep: the lesson is kept as
booked; end: the case ends.
"""


@dataclass(frozen=True, slots=True)
class Decision:
    """The result of a response: its effect, the event, the state after it, and the reason without personal data.

    ``slot`` and ``number`` are those of the alternative; ``until_utc`` is the end of a new or prolonged hold.
    """

    effect: Effect
    event: ResponseEvent
    state: CaseState
    why: str
    slot: Slot | None = None
    number: int | None = None
    until_utc: datetime | None = None
