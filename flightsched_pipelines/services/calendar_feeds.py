"""Make, revoke and read calendar feeds: the lessons of a person, an aircraft or a school, by a secret address."""

import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from email.utils import parseaddr
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any, Literal, cast

from sqlalchemy import Connection, Engine

from flightsched_pipelines.database.queries.schedule import calendar_feeds as rows
from flightsched_pipelines.database.queries.schedule.calendar_feeds import FeedOwner, FeedRow
from flightsched_pipelines.errors import PlainError
from flightsched_pipelines.messages.calendar_feed import FeedEntry, calendar_feed
from flightsched_pipelines.services.names import school_named, thing_named
from flightsched_pipelines.services.notifications.directory import Directory
from flightsched_pipelines.services.notifications.links import PersonLink
from flightsched_pipelines.services.signing import signing_keys
from flightsched_pipelines.settings import Settings

BACK, AHEAD = timedelta(days=14), timedelta(days=90)
"""A feed has the lessons that ended within the one and begin within the other."""

MAX_SECRET_CHARACTERS = 100
MAX_ID = 2**63 - 1


class FeedError(PlainError, ValueError):
    """A feed that is not there or cannot be made; the message contains the reason."""


def owner_named(
    engine: Engine, school: str | None, student: str | None, instructor: str | None, aircraft: str | None
) -> FeedOwner:
    """Return the owner that options name: one person, one aircraft, or else the school.

    Raises:
        FeedError: they name more than one.
        UnknownNameError: they name nothing.
    """
    if sum(name is not None for name in (student, instructor, aircraft)) > 1:
        raise FeedError("a feed is of one student, one instructor, one aircraft, or the school; give one of them")
    with engine.connect() as connection:
        if student is not None:
            school_id, key = thing_named(connection, "student", student, school)
            return FeedOwner(school_id, student_id=key)
        if instructor is not None:
            school_id, key = thing_named(connection, "instructor", instructor, school)
            return FeedOwner(school_id, instructor_id=key)
        if aircraft is not None:
            school_id, key = thing_named(connection, "aircraft", aircraft, school)
            return FeedOwner(school_id, aircraft_id=key)
        return FeedOwner(school_named(connection, school))


def make_feed(engine: Engine, owner: FeedOwner, now_utc: datetime, settings: Settings) -> str:
    """Store a new feed and return its address, which is shown once: only a digest of its secret is stored.

    Raises:
        FeedError: there is no portal that could serve it.
    """
    if settings.portal_url is None:
        raise FeedError(
            "there is no portal to serve a calendar; set BASE_URL, or write a file by `flightsched ics write`"
        )
    secret = token_urlsafe(32)
    with engine.begin() as connection:
        rows.insert_feed(connection, _digest(secret), owner, now_utc)
    return _address(secret, settings)


def replace_own_feed(engine: Engine, link: PersonLink, key: str, now_utc: datetime, settings: Settings) -> str | None:
    """Make the one address of a person's own calendar; earlier addresses stop working.

    Args:
        engine: the database.
        link: the person.
        key: of the press of the button; the same press gives the same address.
        now_utc: the time.
        settings: with the key that signs.

    Returns:
        The address, or ``None`` if a later press has replaced it.
    """
    signed = hmac.new(signing_keys(settings)[-1].encode(), f"calendar {key}".encode(), sha256)
    secret = signed.hexdigest()
    with engine.begin() as connection:
        school_id = rows.school_of_person(connection, link.role, link.person_id)
        owner = FeedOwner(school_id, **{f"{link.role}_id": link.person_id})
        if not rows.insert_feed(connection, _digest(secret), owner, now_utc):
            return None
        rows.revoke_feeds(connection, owner, now_utc, but=_digest(secret))
    return _address(secret, settings)


def revoke_feed(engine: Engine, feed_id: int, now_utc: datetime) -> bool:
    """Revoke a feed; return whether its address worked until now.

    Raises:
        FeedError: there is no such feed.
    """
    with engine.begin() as connection:
        if not 0 < feed_id <= MAX_ID or not rows.feed_exists(connection, feed_id):
            raise FeedError(f"there is no feed {feed_id}; `flightsched ics list` has their ids")
        return rows.revoke_feeds(connection, feed_id, now_utc) > 0


def list_feeds(engine: Engine) -> Sequence[Mapping[str, Any]]:
    """Return all feeds, without their addresses."""
    with engine.connect() as connection:
        return [dict(row) for row in rows.feeds(connection)]


def read_feed(engine: Engine, secret: str, now_utc: datetime, settings: Settings) -> bytes | None:
    """Return the calendar at an address; ``None`` if there is none, or not any more."""
    if len(secret) > MAX_SECRET_CHARACTERS:
        return None
    with engine.connect() as connection:
        owner = rows.owner_of(connection, _digest(secret))
        return None if owner is None else _calendar(connection, owner, now_utc, settings)


def write_feed(engine: Engine, owner: FeedOwner, now_utc: datetime, settings: Settings) -> bytes:
    """Return the calendar of an owner."""
    with engine.connect() as connection:
        return _calendar(connection, owner, now_utc, settings)


def _calendar(connection: Connection, owner: FeedOwner, now_utc: datetime, settings: Settings) -> bytes:
    found = rows.rows_of(connection, owner, now_utc - BACK, now_utc + AHEAD)
    directory = Directory.read(connection, sorted({row.booking_id for row in found}))
    is_of_person = owner.student_id is not None or owner.instructor_id is not None
    return calendar_feed(
        "Flight lessons" if is_of_person else rows.owner_name(connection, owner),
        [_entry(directory, row) for row in found],
        base_uid_domain=parseaddr(settings.mail_from)[1].rpartition("@")[2],
        with_people=owner.aircraft_id is None,
    )


def _entry(directory: Directory, row: FeedRow) -> FeedEntry:
    return FeedEntry(
        directory.lesson(row.booking_id, row.slot),
        cast(Literal["scheduled", "weather_hold", "held"], row.status),
        row.sequence,
        row.changed_utc,
        directory.contact(row.booking_id).phone,
    )


def _address(secret: str, settings: Settings) -> str:
    return f"{settings.portal_url or ''}/calendar/{secret}.ics"


def _digest(secret: str) -> str:
    return sha256(secret.encode(errors="replace")).hexdigest()
