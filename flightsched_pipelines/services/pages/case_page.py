"""Read a case as one person may see it: its lesson, the weather, the alternatives, and what the person can respond."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Connection, Engine

from flightsched_pipelines.database.queries.cases import case_queries, responses
from flightsched_pipelines.database.queries.cases.responses import Response
from flightsched_pipelines.database.queries.notifications.contacts import Person, has_left
from flightsched_pipelines.database.queries.schedule.booking_moves import Move
from flightsched_pipelines.database.queries.schedule.current_lessons import current_lesson, taken_by_others
from flightsched_pipelines.domain.cases.actions import Action
from flightsched_pipelines.domain.cases.decisions import slot_of_response
from flightsched_pipelines.domain.cases.lifecycle import OPEN_STATES, CaseState, Slot
from flightsched_pipelines.domain.cases.possible_responses import PossibleResponses, possible_responses, refusal_of
from flightsched_pipelines.domain.cases.responses import CaseResponse, ResponseRefusedError
from flightsched_pipelines.domain.cases.snapshot import CaseSnapshot, Offer, ResponseContext
from flightsched_pipelines.messages import models
from flightsched_pipelines.services.credentials import slot_warnings
from flightsched_pipelines.services.notifications.directory import Directory
from flightsched_pipelines.services.notifications.links import ResponseLink
from flightsched_pipelines.services.pages.lesson_weather import (
    AlternativeForecast,
    LessonWeather,
    forecasts_of_alternatives,
    lesson_weather,
)
from flightsched_pipelines.services.pages.school_weather import AssessedHour, newest_assessed
from flightsched_pipelines.services.rules import response_rules
from flightsched_pipelines.settings import Settings

TAKEN = ResponseRefusedError("taken", "somebody else has it now")


@dataclass(frozen=True, slots=True)
class Alternative:
    """An alternative held out: how the newest hour judges it (``None``: not at all), and why it cannot be taken.

    ``is_chosen``: the link that opened the page was made to take it.
    """

    offer: models.Offer
    forecast: AlternativeForecast | None
    refusal: ResponseRefusedError | None
    is_held: bool
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class HeldSlot:
    """The alternative that is held, until when, and until when the student can withdraw it."""

    number: int
    until_utc: datetime
    withdraw_until_utc: datetime


@dataclass(frozen=True, slots=True)
class CasePage:
    """A case as its page shows it to ``reader``.

    ``lesson`` is the booking as people were notified of it, or as it is now once the case has ended.
    ``stays_on_hold``: it is on a weather hold now that the platform did not set. ``unavailable`` is why the alternative
    that the link chose cannot be had; ``answered`` is the response that the page is to report.
    """

    case_id: int
    round: int
    state: CaseState
    standby: bool
    solo: bool
    stays_on_hold: bool
    reader: Person
    lesson: models.Lesson
    deadline_utc: datetime
    possible: PossibleResponses
    alternatives: Sequence[Alternative] = ()
    held: HeldSlot | None = None
    weather: LessonWeather = field(default_factory=lambda: LessonWeather([], None))
    unavailable: ResponseRefusedError | None = None
    answered: Response | None = None

    @property
    def is_open(self) -> bool:
        """Return whether the case still waits for something."""
        return self.state in OPEN_STATES


def is_of_the_school(engine: Engine, link: ResponseLink) -> bool:
    """Return whether the person of a link has not left: what they could do before, they can do no more."""
    with engine.connect() as connection:
        return not has_left(connection, link.role, link.person_id)


def is_given_away(engine: Engine, link: ResponseLink) -> bool:
    """Return whether the school has given the lesson of a student's link to another student since."""
    with engine.connect() as connection:
        case = case_queries.load_case(connection, link.case_id)
    return case is not None and case.given_away and (link.role, link.person_id) == ("student", case.student_id)


def case_page(
    engine: Engine, link: ResponseLink, now_utc: datetime, settings: Settings, response_key: str | None = None
) -> CasePage | None:
    """Return the page of a link; ``None`` if case or person does not exist or has left, or the case is not theirs.

    Args:
        engine: the database.
        link: the content of the link, whose signature has been verified.
        now_utc: now.
        settings: the rules of responses.
        response_key: key of a response that this person gave on this page, to be reported.
    """
    with engine.connect() as connection:
        case = case_queries.load_case(connection, link.case_id)
        if case is None:
            return None
        directory = Directory.read(connection, [case.booking_id])
        reader = directory.people(link.role).get(link.person_id)
        if link.role == "student" and (case.given_away or link.person_id != case.student_id):
            return None
        if reader is None or has_left(connection, link.role, link.person_id):
            return None
        read = _read(connection, case, directory, reader, link, now_utc, settings, response_key)
    return _with_choices(engine, read, settings) if read.page.is_open else read.page


def case_page_for_dispatcher(engine: Engine, case: CaseSnapshot, now_utc: datetime, settings: Settings) -> CasePage:
    """Return the page of a case as its student can see it, for a dispatcher who enters what the student said."""
    link = ResponseLink(case.case_id, case.round, "student", case.student_id, None)
    with engine.connect() as connection:
        directory = Directory.read(connection, [case.booking_id])
        reader = replace(directory.student_of(case.booking_id), time_zone=case.time_zone)
        read = _read(connection, case, directory, reader, link, now_utc, settings)
    return _with_choices(engine, read, settings) if read.page.is_open else read.page


@dataclass(frozen=True, slots=True)
class _Read:
    """The first part of a page, read before its connection is given back; the weather may need others."""

    page: CasePage
    case: CaseSnapshot
    directory: Directory
    link: ResponseLink
    at: ResponseContext
    taken: Collection[Slot] = ()
    judged: Mapping[Slot, AlternativeForecast] = field(default_factory=dict[Slot, AlternativeForecast])
    assessed: AssessedHour | None = None
    lacking: Mapping[tuple[int, Slot], Sequence[str]] = field(default_factory=dict[tuple[int, Slot], Sequence[str]])


def _read(
    connection: Connection,
    case: CaseSnapshot,
    directory: Directory,
    reader: Person,
    link: ResponseLink,
    now_utc: datetime,
    settings: Settings,
    response_key: str | None = None,
) -> _Read:
    at = ResponseContext(now_utc, now_utc, response_rules(settings))
    now = current_lesson(connection, case.booking_id)
    slot = case.lesson if case.state in OPEN_STATES else now.slot
    page = CasePage(
        case_id=case.case_id, round=case.round, state=case.state, standby=case.standby, solo=case.solo,
        stays_on_hold=now.status == "weather_hold" and now.hold_by != "platform",
        reader=reader, lesson=directory.lesson(case.booking_id, slot), deadline_utc=case.deadline_utc,
        possible=possible_responses(case, link.role, link.person_id, at),
        answered=_answered(connection, link, response_key),
    )  # fmt: skip
    if not page.is_open:
        return _Read(page, case, directory, link, at)
    slots = [offer.slot for offer in case.offers.values()]
    taken = taken_by_others(connection, case.booking_id, case.student_id, slots)
    lacking = slot_warnings(connection, [Move(case.booking_id, slot) for slot in slots], now_utc)
    judged = forecasts_of_alternatives(connection, case.booking_id)
    return _Read(page, case, directory, link, at, taken, judged, newest_assessed(connection), lacking)


def _with_choices(engine: Engine, read: _Read, settings: Settings) -> CasePage:
    """Add to the page of an open case its alternatives and its weather."""
    page, case, link, at = read.page, read.case, read.link, read.at
    hold = case.hold
    chosen = CaseResponse("", case.case_id, "", Action.ACCEPT, link.role, link.person_id, link.number, link.round)
    alternatives = [
        Alternative(
            _offer(number, offer, read.directory, read.lacking.get((case.booking_id, offer.slot), ())),
            read.judged.get(offer.slot),
            TAKEN if offer.slot in read.taken else page.possible.alternatives.get(number),
            hold is not None and hold.slot == offer.slot,
            link.number is not None and slot_of_response(case, chosen) == offer.slot,
        )
        for number, offer in case.offers.items()
    ]
    held = hold and HeldSlot(hold.number, hold.until_utc, hold.since_utc + at.rules.withdraw_within)
    unavailable = refusal_of(case, chosen, at) if link.number is not None and link.role == "student" else None
    return replace(
        page,
        alternatives=alternatives,
        held=held,
        weather=lesson_weather(engine, read.assessed, case.school_id, case.booking_id, case.lesson, settings),
        unavailable=unavailable,
    )


def _answered(connection: Connection, link: ResponseLink, key: str | None) -> Response | None:
    """Return a response by its key, if this person gave it to this case."""
    if key is None:
        return None
    given = responses.responses_of_case(connection, link.case_id)
    mine = (one for one in given if (one.key, one.role, one.person_id) == (key, link.role, link.person_id))
    return next(mine, None)


def _offer(number: int, offer: Offer, directory: Directory, warnings: Sequence[str]) -> models.Offer:
    return models.Offer(
        number=number,
        starts_at_utc=offer.slot.starts_at_utc,
        ends_at_utc=offer.slot.ends_at_utc,
        instructor=directory.instructor(offer.slot),
        aircraft=directory.aircraft_of(offer.slot),
        form=directory.form(offer.slot),
        reason=offer.reason,
        warnings=list(warnings),
    )
