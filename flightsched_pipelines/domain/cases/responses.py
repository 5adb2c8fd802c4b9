"""Responses to a case, by a student, an instructor, a dispatcher or the clock."""

from dataclasses import dataclass, field
from datetime import date, datetime

from flightsched_pipelines.domain.cases.actions import Action, Role
from flightsched_pipelines.domain.rescheduling.preferred_times import DAYS, part_of_day
from flightsched_pipelines.text import MAX_KEY_CHARACTERS, MAX_REASON_CHARACTERS, accept


class ResponseRefusedError(ValueError):
    """A response that changes nothing.

    ``code`` names the kind. ``tells_left``: the sentence lists the offers that are left, without the one numbered
    ``gone``.
    """

    def __init__(self, code: str, sentence: str, *, tells_left: bool = False, gone: int | None = None) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.tells_left = tells_left
        self.gone = gone


def to_correct() -> ResponseRefusedError:
    """Return the refusal of a change to a booking that the database takes no change of (`unwritable_bookings`)."""
    return ResponseRefusedError(
        "to_correct", "the school has to correct an entry of this booking before it can change; nothing was changed"
    )


def no_such_booking(reference: str) -> str:
    """Return the sentence about a reference that no booking has."""
    return f"there is no booking '{reference}'; give its reference, such as PAO-1016"


@dataclass(frozen=True, slots=True)
class RequestedTimes:
    """The times that a student asks for: days (mon to sun), parts of the day, not before and not after a local day."""

    days: frozenset[str] = frozenset()
    parts_of_day: frozenset[str] = frozenset()
    earliest_date: date | None = None
    latest_date: date | None = None

    def suits(self, local: datetime) -> bool:
        """Return whether a start, on the local clock, is one of the requested times."""
        return (
            (not self.days or DAYS[local.weekday()] in self.days)
            and (not self.parts_of_day or part_of_day(local.hour) in self.parts_of_day)
            and (self.earliest_date is None or local.date() >= self.earliest_date)
            and (self.latest_date is None or local.date() <= self.latest_date)
        )


@dataclass(frozen=True, slots=True)
class CaseResponse:
    """One response to a case, with its sender's idempotency key; ``door`` is the entry point by which it arrived.

    ``person_id`` is ``None`` for dispatchers. Without one, the response is that of the student or instructor whom the
    case waits for; an entry point that strangers can reach must name the person. ``number`` is the alternative of
    ``round``; without a round, of those now on offer. ``on_behalf``: a dispatcher enters what the person of the role
    said, on the dispatch board with the ``dispatcher``'s name.
    """

    key: str
    case_id: int
    door: str
    action: Action
    role: Role
    person_id: int | None = None
    number: int | None = None
    round: int | None = None
    reason: str = ""
    wishes: RequestedTimes = field(default_factory=RequestedTimes)
    on_behalf: bool = False
    dispatcher: str | None = None

    @property
    def actor(self) -> Role:
        """Return the role of whoever entered the response."""
        return "dispatcher" if self.on_behalf else self.role

    @property
    def actor_id(self) -> int | None:
        """Return whoever entered the response; ``None`` for dispatchers."""
        return None if self.on_behalf else self.person_id

    def __post_init__(self) -> None:
        """Validate that the key and the reason can be stored and shown.

        Raises:
            TextError: one cannot.
        """
        accept(self.key, "the key", MAX_KEY_CHARACTERS)
        accept(self.reason, "the reason", MAX_REASON_CHARACTERS)
