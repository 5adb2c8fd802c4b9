"""Settings that people change themselves: channels and quiet hours, and students' preferences; each is on record."""

from dataclasses import asdict, dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import Connection, Engine

from flightsched_pipelines.database.queries.notifications import contacts, settings_changes
from flightsched_pipelines.database.queries.notifications.contacts import Person
from flightsched_pipelines.database.queries.schedule.preferences import save_preferences
from flightsched_pipelines.domain.rescheduling.preferred_times import (
    DAYS,
    MAX_NOTE_CHARACTERS,
    MAX_NOTICE_HOURS,
    PARTS_OF_DAY,
)
from flightsched_pipelines.errors import PlainError
from flightsched_pipelines.services.notifications.links import PersonLink
from flightsched_pipelines.text import accept

FIRST_DATE, LAST_DATE = date(2000, 1, 1), date(2100, 12, 31)


class SettingError(PlainError, ValueError):
    """A setting that cannot be stored; the message says which, and why. Nothing was changed."""


@dataclass(frozen=True, slots=True)
class ContactSettings:
    """A person's contact preferences; quiet hours are local, and ``None`` for none."""

    email: bool
    sms: bool
    digest: bool
    quiet_from: time | None
    quiet_to: time | None


@dataclass(frozen=True, slots=True)
class Preferences:
    """A student's preferences: days and parts of the day (empty for any), last useful day, notice in hours, a note."""

    days: tuple[str, ...] = ()
    parts_of_day: tuple[str, ...] = ()
    latest_date: date | None = None
    notice_hours: int | None = None
    note: str | None = None


def contact_of(person: Person) -> ContactSettings:
    """Return how a person is notified now."""
    quiet_from, quiet_to = person.quiet or (None, None)
    return ContactSettings(person.wants_email, person.wants_sms, person.wants_digest, quiet_from, quiet_to)


def preferences_of(connection: Connection, student_id: int) -> Preferences:
    """Return a student's preferences."""
    stored = settings_changes.preferences_of(connection, student_id) or {}
    return Preferences(
        tuple(stored.get("days") or ()), tuple(stored.get("parts_of_day") or ()), stored.get("latest_date"),
        stored.get("notice_hours"), stored.get("note"),
    )  # fmt: skip


def change_contact(engine: Engine, link: PersonLink, wanted: ContactSettings, now_utc: datetime) -> None:
    """Store how the person of a link wants to be notified.

    Raises:
        SettingError: it cannot be stored.
    """
    if (wanted.quiet_from is None) is not (wanted.quiet_to is None):
        raise SettingError("quiet hours have only one end; give both, or neither")
    if wanted.quiet_from is not None and wanted.quiet_from == wanted.quiet_to:
        raise SettingError("quiet hours begin and end at the same time; leave both empty for none")
    with engine.begin() as connection:
        settings_changes.lock_person(connection, link.role, link.person_id)
        person = _person(connection, link)
        if wanted.sms and not person.phone:
            raise SettingError("there is no phone number on record for text messages; tell your dispatcher yours")
        before = contact_of(person)
        if wanted == before:
            return
        settings_changes.save_contact(connection, link.role, link.person_id, asdict(wanted))
        _record(connection, link, "contact", before, wanted, now_utc)


def change_preferences(engine: Engine, link: PersonLink, wanted: Preferences, now_utc: datetime) -> None:
    """Store the preferences of the student of a link; the preferred instructor stays as it is.

    Raises:
        SettingError: they cannot be stored, or the person is not a student.
        TextError: the note cannot be stored.
    """
    if link.role != "student":
        raise SettingError("only students have preferences")
    _require_sound(wanted)
    with engine.begin() as connection:
        settings_changes.lock_person(connection, link.role, link.person_id)
        before = preferences_of(connection, link.person_id)
        if wanted == before:
            return
        lists = {"days": list(wanted.days), "parts_of_day": list(wanted.parts_of_day)}
        save_preferences(connection, [{"student_id": link.person_id, **asdict(wanted), **lists}])
        _record(connection, link, "preferences", before, wanted, now_utc)


def _require_sound(wanted: Preferences) -> None:
    if not set(wanted.days) <= set(DAYS) or not set(wanted.parts_of_day) <= set(PARTS_OF_DAY):
        raise SettingError("a day or part of the day is unknown; use the boxes of the form")
    if wanted.latest_date is not None and not FIRST_DATE <= wanted.latest_date <= LAST_DATE:
        raise SettingError(f"the last useful day is not between {FIRST_DATE} and {LAST_DATE}")
    if wanted.notice_hours is not None and not 0 <= wanted.notice_hours <= MAX_NOTICE_HOURS:
        raise SettingError(f"notice must be between 0 and {MAX_NOTICE_HOURS} hours; got {wanted.notice_hours}")
    accept(wanted.note or "", "the note", MAX_NOTE_CHARACTERS)


def _person(connection: Connection, link: PersonLink) -> Person:
    people = contacts.students if link.role == "student" else contacts.instructors
    found = people(connection, {link.person_id}).get(link.person_id)
    if found is None or contacts.has_left(connection, link.role, link.person_id):
        raise SettingError("there is no such person any more")
    return found


def _record(
    connection: Connection,
    link: PersonLink,
    kind: settings_changes.Kind,
    before: ContactSettings | Preferences,
    after: ContactSettings | Preferences,
    now_utc: datetime,
) -> None:
    plain = [{name: _plain(value) for name, value in asdict(one).items()} for one in (before, after)]
    settings_changes.insert_change(connection, link.role, link.person_id, kind, plain[0], plain[1], now_utc)


def _plain(value: Any) -> Any:  # noqa: ANN401, a field
    return value.isoformat() if isinstance(value, date | time) else value
