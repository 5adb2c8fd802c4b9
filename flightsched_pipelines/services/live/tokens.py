"""Make, list and revoke tokens, and find whose events a token reads. A token is stored as its digest alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from secrets import token_urlsafe

from sqlalchemy import Engine

from flightsched_pipelines.database.queries.live import api_tokens
from flightsched_pipelines.database.queries.live.api_tokens import ApiToken
from flightsched_pipelines.database.queries.live.live_events import Audience
from flightsched_pipelines.database.queries.notifications import contacts
from flightsched_pipelines.errors import PlainError
from flightsched_pipelines.text import MAX_NAME_CHARACTERS, accept

PREFIX = "flightsched_"
"""The beginning of every token, by which scanners of source code know one."""

MAX_TOKEN_CHARACTERS = 100
MAX_ID = 2**63 - 1


class TokenRefusedError(PlainError, ValueError):
    """A token that cannot be made or revoked; the message contains the reason."""


@dataclass(frozen=True, slots=True)
class Listener:
    """A valid token, and the audience whose events it reads."""

    token_id: int
    audience: Audience


def make_token(engine: Engine, name: str, school: str, address: str | None, now_utc: datetime) -> tuple[int, str]:
    """Make a token, of a school's application or of the person with an address; return its id and itself.

    Raises:
        TokenRefusedError: there is no such school or person, or more than one.
        TextError: the name cannot be stored.
    """
    name = accept(name, "the name", MAX_NAME_CHARACTERS).strip()
    if not name:
        raise TokenRefusedError("the name is missing; say what the token is for")
    token = PREFIX + token_urlsafe(32)
    with engine.begin() as connection:
        schools = contacts.schools(connection)
        named = [one.school_id for one in schools.values() if one.name.lower() == school.lower()]
        if len(named) != 1:
            known = ", ".join(one.name for one in schools.values()) or "none"
            raise TokenRefusedError(f"there is no school named '{school}'; the schools are: {known}")
        role, person_id = None, None
        if address is not None:
            people = api_tokens.people_with_address(connection, named[0], address)
            if len(people) != 1:
                found = "nobody" if not people else f"{len(people)} people"
                raise TokenRefusedError(f"{found} of {school} has the address '{address}'; give that of one person")
            [(role, person_id)] = people
        token_id = api_tokens.insert_token(connection, _digest(token), name, named[0], role, person_id, now_utc)
    return token_id, token


def list_tokens(engine: Engine) -> Sequence[ApiToken]:
    """Return every token, also those that were revoked."""
    with engine.connect() as connection:
        return api_tokens.list_tokens(connection)


def revoke_token(engine: Engine, token_id: int, now_utc: datetime) -> None:
    """Revoke a token: nobody can listen with it any more.

    Raises:
        TokenRefusedError: there is no such token, or it was revoked before.
    """
    with engine.begin() as connection:
        if abs(token_id) > MAX_ID or not api_tokens.revoke_token(connection, token_id, now_utc):
            raise TokenRefusedError(f"there is no valid token {token_id}; `flightsched token list` shows them")


def listener_of(engine: Engine, token: str) -> Listener | None:
    """Return whose events a token reads; ``None`` if it is not valid."""
    if not token.startswith(PREFIX) or len(token) > MAX_TOKEN_CHARACTERS:
        return None
    with engine.connect() as connection:
        found = api_tokens.valid_token(connection, _digest(token))
    if found is None:
        return None
    person = f"{found.role}-{found.person_id}" if found.role else None
    return Listener(found.token_id, Audience(found.school_id, person))


def _digest(token: str) -> str:
    return sha256(token.encode(errors="replace")).hexdigest()
