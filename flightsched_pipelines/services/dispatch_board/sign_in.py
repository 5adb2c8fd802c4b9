"""Sign dispatchers in by a one-time link that is mailed to their school's address, and out again.

The database has neither link nor cookie: the link is the signed number of a row, the cookie is stored as its digest.
"""

from datetime import datetime, timedelta
from hashlib import sha256
from secrets import token_urlsafe

from sqlalchemy import Engine

from flightsched_pipelines.database.queries.dispatch_board import sign_ins
from flightsched_pipelines.database.queries.dispatch_board.sign_ins import Dispatcher
from flightsched_pipelines.database.queries.notifications import contacts, outbox
from flightsched_pipelines.database.queries.notifications.outbox import Queued
from flightsched_pipelines.messages.models import SignIn
from flightsched_pipelines.services.notifications.channels import configured_channels
from flightsched_pipelines.services.notifications.links import BadLinkError, read_sign_in_link
from flightsched_pipelines.settings import Settings
from flightsched_pipelines.text import MAX_NAME_CHARACTERS, TextError, accept, one_line

LINK_VALID = timedelta(minutes=15)
MAX_LINKS = 5
"""Links that a school is sent within that time, whoever asks for them."""

MAX_COOKIE_CHARACTERS = 100


def can_sign_in(settings: Settings) -> bool:
    """Return whether a link can be made and mailed at all."""
    return settings.portal_url is not None and "email" in configured_channels(settings)


def request_link(engine: Engine, address: str, now_utc: datetime) -> None:
    """Queue the mail with a one-time link, if the address is that of a school's dispatchers; else do nothing."""
    address = one_line(address).strip()
    if not address or len(address) > MAX_NAME_CHARACTERS:
        return
    with engine.begin() as connection:
        rows: list[Queued] = []
        found = contacts.schools(connection, sign_ins.schools_with_address(connection, address))
        for school in found.values():
            if sign_ins.links_since(connection, school.school_id, now_utc - LINK_VALID) >= MAX_LINKS:
                continue
            expires = now_utc + LINK_VALID
            link_id = sign_ins.insert_link(
                connection, school.school_id, (school.dispatch_email or "").strip(), now_utc, expires
            )
            mail = SignIn(
                link_id=link_id, school=school.name, time_zone=school.time_zone, expires_utc=expires,
                valid_minutes=int(LINK_VALID.total_seconds() // 60), sent_at_utc=now_utc,
            )  # fmt: skip
            rows.append(
                Queued(
                    f"sign-in-{link_id}/dispatcher-{school.school_id}/email", "email", None, None, "sign_in",
                    "dispatcher", school.school_id, mail.model_dump(mode="json"), now_utc, expires,
                )
            )  # fmt: skip
        outbox.queue(connection, rows, now_utc)


def school_of_link(engine: Engine, token: str, now_utc: datetime, settings: Settings) -> str | None:
    """Return the school that a link signs in to; ``None`` if it does not, or not any more. The link stays unused."""
    try:
        link_id = read_sign_in_link(token, settings)
    except BadLinkError:
        return None
    with engine.connect() as connection:
        return sign_ins.school_of_link(connection, link_id, now_utc)


def sign_in(engine: Engine, token: str, name: str, now_utc: datetime, settings: Settings) -> str | None:
    """Use up a link, and open a session; return its cookie, ``None`` if the link does not work any more.

    Raises:
        TextError: the name is missing, or cannot be stored; the link stays unused.
    """
    name = accept(name, "the name", MAX_NAME_CHARACTERS).strip()
    if not name:
        raise TextError("the name is missing; it is recorded with what you do")
    try:
        link_id = read_sign_in_link(token, settings)
    except BadLinkError:
        return None
    cookie = token_urlsafe(32)
    with engine.begin() as connection:
        used = sign_ins.use_link(connection, link_id, now_utc)
        if used is None:
            return None
        school_id, mailed_to = used
        expires = now_utc + timedelta(hours=settings.session_hours)
        sign_ins.insert_session(connection, _digest(cookie), school_id, one_line(name), mailed_to, now_utc, expires)
    return cookie


def dispatcher_of(engine: Engine, cookie: str, now_utc: datetime) -> Dispatcher | None:
    """Return who has signed in with a cookie; ``None`` if nobody has, or it has ended."""
    if not cookie or len(cookie) > MAX_COOKIE_CHARACTERS:
        return None
    with engine.connect() as connection:
        return sign_ins.open_session(connection, _digest(cookie), now_utc)


def sign_out(engine: Engine, cookie: str, now_utc: datetime) -> None:
    """End the session of a cookie."""
    with engine.begin() as connection:
        sign_ins.end_session(connection, _digest(cookie), now_utc)


def _digest(cookie: str) -> str:
    return sha256(cookie.encode(errors="replace")).hexdigest()
