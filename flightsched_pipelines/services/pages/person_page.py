"""Read what one person sees of the platform: open cases, what waits for them, and lessons with their verdict."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine

from flightsched_pipelines.database.queries.cases import case_queries
from flightsched_pipelines.database.queries.notifications import contacts
from flightsched_pipelines.database.queries.notifications.contacts import Person
from flightsched_pipelines.database.queries.schedule import person_lessons
from flightsched_pipelines.domain.cases.actions import Action
from flightsched_pipelines.domain.cases.possible_responses import possible_responses
from flightsched_pipelines.domain.cases.snapshot import CaseSnapshot, ResponseContext
from flightsched_pipelines.domain.risk.verdict_trend import VerdictTrend, verdict_trend
from flightsched_pipelines.messages import models
from flightsched_pipelines.services.notifications.directory import Directory
from flightsched_pipelines.services.notifications.links import PersonLink, response_url
from flightsched_pipelines.services.notifications.own_settings import (
    ContactSettings,
    Preferences,
    contact_of,
    preferences_of,
)
from flightsched_pipelines.services.rules import response_rules
from flightsched_pipelines.settings import Settings

SHOWN_AHEAD = timedelta(days=30)
TREND = timedelta(hours=6)
"""The newest hour and those before it whose verdicts are compared."""


@dataclass(frozen=True, slots=True)
class UpcomingLesson:
    """A lesson in the schedule, and the newest hour's verdict on it; ``None`` if that hour did not assess it there.

    ``trend`` is that of the last hours' verdicts on the lesson as it is now.
    """

    lesson: models.Lesson
    on_hold: bool
    verdict: str | None
    trend: VerdictTrend | None


@dataclass(frozen=True, slots=True)
class OpenCase:
    """An open case that concerns a person: ``waits`` if it is for them to respond, by ``until_utc``."""

    case_id: int
    lesson: models.Lesson
    chosen: models.Lesson | None
    waits: bool
    until_utc: datetime
    standby: bool
    url: str | None


@dataclass(frozen=True, slots=True)
class PersonPage:
    """A person's page; ``assessed_utc`` is the hour of the verdicts. Students have preferences."""

    reader: Person
    cases: Sequence[OpenCase]
    lessons: Sequence[UpcomingLesson]
    assessed_utc: datetime | None
    contact: ContactSettings
    preferences: Preferences | None


def person_page(engine: Engine, link: PersonLink, now_utc: datetime, settings: Settings) -> PersonPage | None:
    """Return the page of a person; ``None`` if there is no such person, or not any more."""
    with engine.connect() as connection:
        people = contacts.students if link.role == "student" else contacts.instructors
        reader = people(connection, {link.person_id}).get(link.person_id)
        if reader is None or contacts.has_left(connection, link.role, link.person_id):
            return None
        ahead = person_lessons.lessons_ahead(connection, link.role, link.person_id, now_utc, now_utc + SHOWN_AHEAD)
        hour, verdicts = person_lessons.stored_verdicts(connection, list(ahead))
        recent = hour is not None and now_utc - hour <= timedelta(hours=settings.dispatch_max_age_hours)
        directory = Directory.read(connection, list(ahead))
        now = {key: verdicts.get(key) if recent else None for key in ahead}
        trends: Mapping[int, VerdictTrend | None] = {} if hour is None else _trends(connection, now, hour)
        lessons = [
            UpcomingLesson(
                directory.lesson(booking_id, lesson.slot), lesson.status == "weather_hold", now[booking_id],
                trends.get(booking_id),
            )
            for booking_id, lesson in ahead.items()
        ]  # fmt: skip
        cases = _cases(connection, link, reader, now_utc, settings)
        preferences = preferences_of(connection, link.person_id) if link.role == "student" else None
    return PersonPage(reader, cases, lessons, hour if recent else None, contact_of(reader), preferences)


def _trends(connection: Connection, now: Mapping[int, str | None], hour: datetime) -> Mapping[int, VerdictTrend | None]:
    """Return the trend of each lesson that has a verdict now, of the hours that had it as it is."""
    known = {booking_id: [(hour, verdict)] for booking_id, verdict in now.items() if verdict is not None}
    for booking_id, at, verdict in person_lessons.earlier_verdicts(connection, known, hour - TREND, hour):
        known[booking_id].append((at, verdict))
    return {booking_id: verdict_trend(hours) for booking_id, hours in known.items()}


def _cases(
    connection: Connection, link: PersonLink, reader: Person, now_utc: datetime, settings: Settings
) -> list[OpenCase]:
    found = [
        case
        for case_id in person_lessons.open_cases_of(connection, link.role, link.person_id)
        if (case := case_queries.load_case(connection, case_id)) is not None and _concerns(case, link)
    ]
    directory = Directory.read(connection, [case.booking_id for case in found])
    at = ResponseContext(now_utc, now_utc, response_rules(settings))
    primary = Action.NONE_SUIT if link.role == "student" else Action.CONFIRM
    return [
        OpenCase(
            case.case_id,
            directory.lesson(case.booking_id, case.lesson),
            case.hold and directory.lesson(case.booking_id, case.hold.slot),
            possible_responses(case, link.role, link.person_id, at).allows(primary),
            case.hold.until_utc if case.hold else case.deadline_utc,
            case.standby,
            response_url(settings, case.case_id, case.round, reader, now_utc),
        )
        for case in found
    ]


def _concerns(case: CaseSnapshot, link: PersonLink) -> bool:
    """Return whether a case is shown to a person; a release only to the instructor who is asked for it."""
    if link.role == "student" or case.lesson.instructor_id == link.person_id:
        return True
    return case.hold is not None and case.confirmer_of(case.hold.slot) == link.person_id
