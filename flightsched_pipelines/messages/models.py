"""The facts a message is made of. They are kept with the message in the outbox, and rendered when it is sent.

All instants are UTC; a message shows them in ``time_zone``, the airport's, with the zone's name.
"""

from datetime import datetime
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict

from flightsched_pipelines.domain.cases.actions import PersonRole
from flightsched_pipelines.domain.cases.lifecycle import StepEvent

ResponseNews = Literal["accepted", "withdrawn", "hold_released", "reminded", "moved", "handed_over", "kept", "declined"]
Event = StepEvent | ResponseNews
"""What happened to a case: it was opened; its alternatives or its lesson changed; the forecast is above the minimums
again; its deadline passed without an answer; the booking is no longer in the schedule; the school changed it; its time
has come, of which only dispatchers and other systems hear.

Then what answers do: the student took an alternative, or took that back; the slot is held no more; somebody is
reminded; the lesson moved; another instructor has it now; an instructor keeps it as booked; a dispatcher takes over."""

RESPONSE_EVENTS: frozenset[Event] = frozenset(get_args(ResponseNews))
"""The events that follow from answers and their deadlines."""

DISPATCHER_EVENTS: frozenset[Event] = frozenset({*get_args(StepEvent), "moved", "kept", "declined"})
"""The events that a school's dispatchers are told of."""

Role = PersonRole


class _MessageModel(BaseModel):
    model_config = ConfigDict(frozen=True)


class Shortfall(_MessageModel):
    """One rule that the forecast breaks, at its worst hour.

    ``rule`` is visibility, ceiling, wind, gust, crosswind, gust_spread, convection, icing, daylight, ...; ``value``,
    ``limit`` and ``by`` (how far beyond the limit, positive) are in ``unit`` (SM, ft, kt, min), null for hazards, which
    ``hazard`` names by code. ``temporary`` is of a TEMPO or PROB group.
    """

    rule: str
    value: float | None
    limit: float | None
    by: float | None
    unit: str | None
    hazard: str | None
    airport: str
    from_utc: datetime
    to_utc: datetime
    temporary: bool


class Offer(_MessageModel):
    """One alternative. ``accept_url`` is where an answer is given; null without a base URL."""

    number: int
    starts_at_utc: datetime
    ends_at_utc: datetime
    instructor: str | None
    aircraft: str
    reason: str
    accept_url: str | None = None


class Lesson(_MessageModel):
    """The booking a message is about. ``instructor`` is null for a solo flight."""

    booking_id: int
    reference: str
    school: str
    airport: str
    time_zone: str
    starts_at_utc: datetime
    ends_at_utc: datetime
    student: str
    instructor: str | None
    aircraft: str


class Notice(_MessageModel):
    """What one person is told about one case.

    ``shortfalls`` and ``offers`` may be empty: of a cleared case, or where nothing else is free (``no_offer_because``
    then says why). ``changes`` tells in short sentences what differs from the message before. ``chosen`` is the
    alternative that the student took, until ``confirm_by_utc``; ``confirm_url`` is where its instructor confirms it.
    ``standby`` is of a case that offers a slot that came free. ``stays_on_hold`` says that the lesson does, though its
    case has ended: a dispatcher put it on hold. ``sequence`` numbers the versions of the case's calendar
    entry (RFC 5546 SEQUENCE).
    """

    event: Event
    case_id: int
    role: Role
    name: str
    lesson: Lesson
    shortfalls: list[Shortfall] = []
    offers: list[Offer] = []
    no_offer_because: str | None = None
    changes: list[str] = []
    chosen: Offer | None = None
    confirm_by_utc: datetime | None = None
    confirm_url: str | None = None
    deadline_utc: datetime | None = None
    case_url: str | None = None
    standby: bool = False
    stays_on_hold: bool = False
    sequence: int = 0
    sent_at_utc: datetime


class DigestLine(_MessageModel):
    """One case in a digest: its event, its lesson, what is below the minimums, and how many alternatives it has."""

    event: Event
    case_id: int
    lesson: Lesson
    shortfalls: list[Shortfall] = []
    offers: list[Offer] = []
    no_offer_because: str | None = None
    deadline_utc: datetime | None = None
    case_url: str | None = None


class MissingWeather(_MessageModel):
    """Lessons that cannot be judged as their weather is missing: since when, and why in a sentence; or its end."""

    since_utc: datetime
    why: str
    lessons: list[Lesson]
    over: bool = False


class Digest(_MessageModel):
    """What one dispatch changed, for a school's dispatcher or for a person who asked for digests.

    ``too_late`` are threatened lessons that start too soon for a case; ``unknown`` counts lessons whose weather cannot
    be known. ``missing`` tells of nothing else: weather that is missing for hours, or is back.
    """

    name: str
    school: str
    time_zone: str
    hour_utc: datetime
    lines: list[DigestLine]
    too_late: list[Lesson] = []
    unknown: int = 0
    missing: MissingWeather | None = None
    sent_at_utc: datetime
