"""The facts of a message. They are stored with the message in the outbox, and rendered when it is sent.

All instants are UTC; a message shows them in ``time_zone``, the airport's, with the zone's name.
"""

from datetime import date, datetime
from typing import Annotated, Literal, get_args

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from flightsched_pipelines.domain.cases.actions import PersonRole
from flightsched_pipelines.domain.cases.evening_before import LessonStanding
from flightsched_pipelines.domain.cases.lifecycle import StepEvent
from flightsched_pipelines.domain.risk.breach_text import Breach
from flightsched_pipelines.domain.verification.track_record import TrackRecord

ResponseNews = Literal["accepted", "withdrawn", "hold_released", "reminded", "moved", "handed_over", "kept", "declined"]
Event = StepEvent | ResponseNews
"""Events of a case.

``opened`` to ``begun`` follow from an hour or the clock: the case was opened; its alternatives or its lesson changed;
the forecast is above the minimums again; its deadline passed without an answer; the booking is no longer in the
schedule; the school changed it; its time has come, of which only dispatchers and other systems are notified.

The others follow from responses: the student accepted an alternative, or withdrew that; the hold was released; a person
is reminded; the lesson moved; another instructor has it now; an instructor keeps it as booked; a dispatcher takes over.
"""

RESPONSE_EVENTS: frozenset[Event] = frozenset(get_args(ResponseNews))
"""The events that follow from responses and their deadlines."""

DISPATCHER_EVENTS: frozenset[Event] = frozenset({*get_args(StepEvent), "moved", "kept", "declined"})
"""The events that a school's dispatchers are notified of."""

Role = PersonRole

Form = Literal["flight", "simulator", "ground"]
"""The form of a lesson: what does not fly keeps its time whatever the weather."""

Breaches = Annotated[list[Breach], Field(validation_alias=AliasChoices("breaches", "shortfalls"))]
"""The gravest breaches, the gravest first; messages that were queued by an older version have them as shortfalls."""


class _MessageModel(BaseModel):
    model_config = ConfigDict(frozen=True)


class Contact(_MessageModel):
    """Contact data for questions: the school's phone number, and the address for replies."""

    phone: str | None = None
    reply_to: str | None = None


class Offer(_MessageModel):
    """One alternative. ``accept_url`` is the page that accepts it; null without a base URL.

    ``aircraft`` names the aircraft or simulator, and is "ground lesson" without one. ``warnings`` are sentences about
    what it does not meet of the school's requirements, where that only warns.
    """

    number: int
    starts_at_utc: datetime
    ends_at_utc: datetime
    instructor: str | None
    aircraft: str
    reason: str
    form: Form = "flight"
    warnings: list[str] = []
    accept_url: str | None = None


class Lesson(_MessageModel):
    """The booking a message is about. ``instructor`` is null for a solo flight; only dispatchers get phone numbers.

    ``aircraft`` names the aircraft or simulator, and is "ground lesson" without one.
    """

    booking_id: int
    reference: str
    school: str
    airport: str
    airport_name: str | None = None
    time_zone: str
    starts_at_utc: datetime
    ends_at_utc: datetime
    student: str
    instructor: str | None
    aircraft: str
    form: Form = "flight"
    student_phone: str | None = None
    instructor_phone: str | None = None


class Notice(_MessageModel):
    """The content of a message to one person about one case.

    ``breaches`` and ``offers`` may be empty: in a cleared case, or if no slot is available (``no_offer_because`` is
    then the reason). ``changes`` lists in short sentences the differences from the message before. ``chosen`` is the
    alternative that the student accepted, until ``confirm_by_utc``; ``confirm_url`` is the page where its instructor
    confirms it. ``standby`` is true for a case that offers a freed slot. ``stays_on_hold`` is true if the lesson stays
    on hold after its case ended, because a dispatcher put it on hold. ``sequence`` numbers the versions of the case's
    calendar entry (RFC 5546 SEQUENCE). ``person_url`` is the reader's own page. ``moved_from_utc`` is the start and end
    that a moved or changed lesson had before. ``track_record`` is how often forecasts like this came true, null for too
    few. ``uncertainty`` is a sentence where guidance would give another verdict than the TAF that governs.
    ``given_away``: the school has given the lesson, which was the reader's, to another student. ``forecast_hour_utc``
    is the hour of the forecast that alternatives are described by.
    """

    event: Event
    case_id: int
    role: Role
    name: str
    lesson: Lesson
    breaches: Breaches = []
    track_record: TrackRecord | None = None
    uncertainty: str | None = None
    offers: list[Offer] = []
    no_offer_because: str | None = None
    changes: list[str] = []
    chosen: Offer | None = None
    moved_from_utc: tuple[datetime, datetime] | None = None
    confirm_by_utc: datetime | None = None
    confirm_url: str | None = None
    deadline_utc: datetime | None = None
    case_url: str | None = None
    person_url: str | None = None
    standby: bool = False
    stays_on_hold: bool = False
    given_away: bool = False
    contact: Contact = Contact()
    sequence: int = 0
    forecast_hour_utc: datetime | None = None
    sent_at_utc: datetime


class DigestLine(_MessageModel):
    """One case in a digest: its event, its lesson, its breaches, and its alternatives.

    ``changes`` says of a moved lesson when it was before, which the school's scheduler may still have;
    ``moved_from_utc`` is that start and end, also of a lesson that the school changed.
    ``stays_on_hold`` is true if the lesson stays on a dispatcher's hold after its case ended. ``given_away``: the
    school has given the lesson, which was the reader's, to another student.
    """

    event: Event
    case_id: int
    lesson: Lesson
    breaches: Breaches = []
    track_record: TrackRecord | None = None
    uncertainty: str | None = None
    offers: list[Offer] = []
    no_offer_because: str | None = None
    changes: list[str] = []
    moved_from_utc: tuple[datetime, datetime] | None = None
    deadline_utc: datetime | None = None
    case_url: str | None = None
    stays_on_hold: bool = False
    given_away: bool = False


class MissingWeather(_MessageModel):
    """Lessons that cannot be assessed because their weather is missing: since when, and the reason; or its end."""

    since_utc: datetime
    why: str
    lessons: list[Lesson]
    over: bool = False
    airports: list[str] = []


class EveningLine(_MessageModel):
    """A lesson of tomorrow, and how it stands; ``known_by_utc`` is when a forecast will reach it that does not yet.

    ``uncertainty`` is a sentence where guidance would give another verdict than the TAF that governs.
    """

    lesson: Lesson
    standing: LessonStanding
    breaches: Breaches = []
    uncertainty: str | None = None
    known_by_utc: datetime | None = None


class EveningBefore(_MessageModel):
    """A person's lessons of tomorrow. ``person_url`` is the reader's own page."""

    day: date
    lines: list[EveningLine]
    person_url: str | None = None


class SchoolDay(_MessageModel):
    """A school's lessons and hours of one local day; ``hours_flown`` is null for unknown."""

    day: date
    threatened: int
    saved: int
    lost: int
    hours_booked: float
    hours_flown: float | None


class SchoolWeek(_MessageModel):
    """A school's week, for its manager; ``cancelled`` has causes in words, with their counts."""

    days: list[SchoolDay]
    answers: int
    median_answer_minutes: float | None
    p90_answer_minutes: float | None
    cancelled: list[tuple[str, int]] = []


class Digest(_MessageModel):
    """The changes of one dispatch, for a school's dispatcher or for a person who asked for digests.

    ``too_late`` are threatened lessons that start too soon for a case; ``unknown`` counts lessons whose
    forecast is missing or cannot be read, ``beyond_reach`` those whose forecast ends before them.
    ``missing`` is about nothing else: weather that is missing for hours, or is back. So is ``evening``: a person's
    lessons of tomorrow; and ``week``: a school's figures, for its manager. ``forecast_hour_utc`` is the hour of the
    forecast that alternatives are described by.
    """

    name: str
    school: str
    time_zone: str
    hour_utc: datetime
    lines: list[DigestLine]
    too_late: list[Lesson] = []
    unknown: int = 0
    beyond_reach: int = 0
    contact: Contact = Contact()
    missing: MissingWeather | None = None
    evening: EveningBefore | None = None
    week: SchoolWeek | None = None
    forecast_hour_utc: datetime | None = None
    sent_at_utc: datetime


class SignIn(_MessageModel):
    """A one-time link by which a dispatcher signs in: its row, whose page is made when the mail is sent."""

    link_id: int
    school: str
    time_zone: str
    expires_utc: datetime
    valid_minutes: int
    sent_at_utc: datetime
