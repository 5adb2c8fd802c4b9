"""Notify each student and instructor of tomorrow's lessons, once, on the evening before.

How a lesson stands is read from the newest hour. An hour that is too old to dispatch can say that a lesson is below the
minimums, never that it is not.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import ValidationError
from sqlalchemy import Connection, Engine

from flightsched_pipelines.database.queries.cases import cases
from flightsched_pipelines.database.queries.cases.cases import LiveBooking
from flightsched_pipelines.database.queries.notifications import contacts, evenings, outbox
from flightsched_pipelines.database.queries.notifications.contacts import Person
from flightsched_pipelines.database.queries.notifications.outbox import Queued
from flightsched_pipelines.database.queries.schedule.assessed_lessons import changed_since
from flightsched_pipelines.database.queries.schedule.person_lessons import uncertain_verdicts
from flightsched_pipelines.domain.cases.evening_before import (
    LessonStanding,
    NextDay,
    day_after,
    local_day,
    reached_by,
    standing_of,
)
from flightsched_pipelines.durations import hour_of
from flightsched_pipelines.messages.models import Contact, Digest, EveningBefore, EveningLine
from flightsched_pipelines.messages.quiet_hours import not_before
from flightsched_pipelines.services.hourly.unknown_lessons import beyond_reach
from flightsched_pipelines.services.notifications.directory import Directory
from flightsched_pipelines.services.notifications.findings import Findings, findings_of
from flightsched_pipelines.services.notifications.links import person_url
from flightsched_pipelines.settings import Settings

NEVER_WAKES = timedelta.min


@dataclass(frozen=True, slots=True)
class Evening:
    """A person to be notified, when, of which day, and that day's lessons in time."""

    person: Person
    told_utc: datetime
    day: NextDay
    lessons: Sequence[LiveBooking]

    @property
    def key(self) -> str:
        """Return the key of the message."""
        return evenings.key_of(self.day.day, self.person.role, self.person.person_id)


def due(engine: Engine, now_utc: datetime, settings: Settings) -> int:
    """Return the number of people to be notified of tomorrow's lessons."""
    with engine.connect() as connection:
        return len(_evenings(connection, now_utc, settings))


def tell_people(engine: Engine, now_utc: datetime, settings: Settings) -> int:
    """Queue their messages, each once, also if several processes do so; returns the number of people."""
    with engine.begin() as connection:
        evenings = _evenings(connection, now_utc, settings)
        if evenings:
            lines = _Lines(connection, [lesson for one in evenings for lesson in one.lessons], now_utc, settings)
            outbox.queue(connection, [lines.message(evening) for evening in evenings], now_utc)
    return len(evenings)


def bring_up_to_date(engine: Engine, now_utc: datetime, settings: Settings) -> None:
    """Make the messages anew that waited for a later hour, of the lessons as they are now."""
    with engine.begin() as connection:
        waiting = [
            (one, digest, digest.evening, local_day(digest.evening.day, digest.time_zone))
            for one in evenings.waiting_since_before(connection, hour_of(now_utc), now_utc)
            if (digest := _read(one)) is not None and digest.evening is not None
        ]
        if not waiting:
            return
        bounds = min(day.begins_utc for *_, day in waiting), max(day.ends_utc for *_, day in waiting)
        lessons = evenings.lessons_of(connection, {(one.role, one.person_id) for one, *_ in waiting}, *bounds)
        lines = _Lines(connection, lessons, now_utc, settings)
        for one, digest, evening, day in waiting:
            theirs = [lesson for lesson in lessons if _concerns(lesson, one) and day.has(lesson.slot.starts_at_utc)]
            if not theirs:
                evenings.suppress(connection, one.message_id, "no lesson is left on that day", now_utc)
                continue
            told = evening.model_copy(update={"lines": lines.of(theirs)})
            anew = digest.model_copy(update={"evening": told, "hour_utc": now_utc, "sent_at_utc": now_utc})
            outbox.replace_payload(connection, one.message_id, anew.model_dump(mode="json"))


def _read(waiting: evenings.WaitingEvening) -> Digest | None:
    """Return what a message says; ``None`` if it cannot be read, of which its delivery complains."""
    try:
        return Digest.model_validate(waiting.payload)
    except ValidationError:
        return None


def _concerns(lesson: LiveBooking, waiting: evenings.WaitingEvening) -> bool:
    whose = lesson.student_id if waiting.role == "student" else lesson.slot.instructor_id
    return whose == waiting.person_id


def _evenings(connection: Connection, now_utc: datetime, settings: Settings) -> list[Evening]:
    begins = settings.evening_message_at
    if begins is None or settings.mail_via == "off":
        return []
    # Asked twice a minute, so the schedule is read only where it is evening, and only of those who have heard nothing.
    zones = evenings.zones_of_people(connection)
    days = {day for zone in zones if (day := day_after(now_utc, zone, begins)) is not None}
    if not days:
        return []
    bounds = min(day.begins_utc for day in days), max(day.ends_utc for day in days)
    ahead = evenings.lessons_untold(connection, *bounds, {day.day for day in days})
    of_person: defaultdict[tuple[str, int], list[LiveBooking]] = defaultdict(list)
    for lesson in sorted(ahead, key=lambda one: (one.slot.starts_at_utc, one.booking_id)):
        of_person["student", lesson.student_id].append(lesson)
        if lesson.slot.instructor_id is not None:
            of_person["instructor", lesson.slot.instructor_id].append(lesson)
    found: list[Evening] = []
    for role, read in (("student", contacts.students), ("instructor", contacts.instructors)):
        for person in read(connection, {key for at, key in of_person if at == role}).values():
            day = day_after(now_utc, person.time_zone, begins) if person.wants_email else None
            if day is None:
                continue
            tomorrow = [one for one in of_person[role, person.person_id] if day.has(one.slot.starts_at_utc)]
            told = not_before(now_utc, day.begins_utc, person.quiet, person.time_zone, NEVER_WAKES)
            if tomorrow and told < day.begins_utc:
                found.append(Evening(person, told, day, tomorrow))
    queued = outbox.are_queued(connection, [one.key for one in found])
    return [one for one in found if one.key not in queued]


class _Lines:
    """The messages of one moment, from the newest hour's findings."""

    def __init__(
        self, connection: Connection, lessons: Sequence[LiveBooking], now_utc: datetime, settings: Settings
    ) -> None:
        self._directory = Directory.read(connection, sorted({one.booking_id for one in lessons}))
        self._now_utc, self._settings = now_utc, settings
        hour = cases.newest_proven_hour(connection)
        limit = timedelta(hours=settings.dispatch_max_age_hours)
        self._is_recent = hour is not None and now_utc - hour <= limit
        self._findings, self._beyond = Findings({}, {}), frozenset[int]()
        self._uncertain: Mapping[int, str] = {}
        if hour is not None:
            self._findings = findings_of(connection, hour).but_for(changed_since(connection, hour))
            self._beyond = beyond_reach(connection, hour, hour).get(hour, frozenset[int]())
            assessed = {one.booking_id for one in lessons if self._findings.verdict(one.booking_id) is not None}
            self._uncertain = uncertain_verdicts(connection, hour, assessed)

    def message(self, evening: Evening) -> Queued:
        """Return the message of one person."""
        person, lessons = evening.person, evening.lessons
        school = self._directory.schools[self._directory.bookings[lessons[0].booking_id].school_id]
        digest = Digest(
            name=person.name,
            school=school.name,
            time_zone=person.time_zone,
            hour_utc=self._now_utc,
            lines=[],
            contact=Contact(phone=school.phone or None, reply_to=school.reply_to or None),
            evening=EveningBefore(
                day=evening.day.day,
                lines=self.of(lessons),
                person_url=person_url(self._settings, person, self._now_utc),
            ),
            sent_at_utc=self._now_utc,
        )
        return Queued(
            evening.key, "email", None, None, "digest", person.role, person.person_id, digest.model_dump(mode="json"),
            evening.told_utc, evening.day.begins_utc,
        )  # fmt: skip

    def of(self, lessons: Sequence[LiveBooking]) -> list[EveningLine]:
        """Return a line of each lesson."""
        return [self._line(lesson) for lesson in lessons]

    def _line(self, lesson: LiveBooking) -> EveningLine:
        finding = self._findings.by_booking.get(lesson.booking_id)
        standing = standing_of(
            self._findings.verdict(lesson.booking_id),
            flies=lesson.flies,
            on_hold=lesson.status == "weather_hold",
            beyond_reach=lesson.booking_id in self._beyond,
            may_be_cleared=self._is_recent,
        )
        is_beyond = standing is LessonStanding.BEYOND_REACH
        return EveningLine(
            lesson=self._directory.lesson(lesson.booking_id, lesson.slot),
            standing=standing,
            breaches=list(finding.breaches) if finding else [],
            uncertainty=self._uncertain.get(lesson.booking_id),
            known_by_utc=reached_by(lesson.slot.ends_at_utc) if is_beyond else None,
        )
