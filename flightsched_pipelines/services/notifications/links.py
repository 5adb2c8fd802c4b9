"""Make and read the links in messages: signed against forgery, and bound to one person, case and round."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import get_args

from itsdangerous import BadData, URLSafeSerializer

from flightsched_pipelines.database.queries.notifications.contacts import Person
from flightsched_pipelines.domain.cases.actions import PersonRole
from flightsched_pipelines.services.signing import signing_keys
from flightsched_pipelines.settings import Settings

SALT = "flightsched.answer"
PERSON_SALT = "flightsched.person"
SIGN_IN_SALT = "flightsched.sign-in"
MAX_TOKEN_CHARACTERS = 500


class BadLinkError(ValueError):
    """A link that this platform did not make, or not for this purpose."""


class ExpiredLinkError(BadLinkError):
    """A link that was made here, longer ago than links are valid."""


@dataclass(frozen=True, slots=True)
class ResponseLink:
    """The content of a link: the case and round that it was sent for, to whom, and the alternative chosen by it."""

    case_id: int
    round: int
    role: PersonRole
    person_id: int
    number: int | None


@dataclass(frozen=True, slots=True)
class PersonLink:
    """The content of a link to a person's own page."""

    role: PersonRole
    person_id: int


def response_url(
    settings: Settings, case_id: int, round_: int, person: Person, now_utc: datetime, number: int | None = None
) -> str | None:
    """Return the page on which a person answers a case, with one alternative chosen or none.

    ``None`` where there is no such page: without a base URL.
    """
    if settings.portal_url is None:
        return None
    content = [case_id, round_, person.role, person.person_id, number, int(now_utc.timestamp())]
    return f"{settings.portal_url}/respond/{_serializer(settings, SALT).dumps(content)}"


def person_url(settings: Settings, person: Person, now_utc: datetime) -> str | None:
    """Return a person's own page; ``None`` without a base URL."""
    if settings.portal_url is None:
        return None
    content = [person.role, person.person_id, int(now_utc.timestamp())]
    return f"{settings.portal_url}/me/{_serializer(settings, PERSON_SALT).dumps(content)}"


def sign_in_url(settings: Settings, link_id: int) -> str | None:
    """Return the page on which a dispatcher signs in with a one-time link; ``None`` without a base URL."""
    if settings.portal_url is None:
        return None
    return f"{settings.portal_url}/board/sign-in/{_serializer(settings, SIGN_IN_SALT).dumps(link_id)}"


def read_response_link(token: str, now_utc: datetime, settings: Settings) -> ResponseLink:
    """Return the content of a link's token.

    Raises:
        ExpiredLinkError: it is older than LINK_DAYS. It may have no effect sooner: the case has its own deadline.
        BadLinkError: it was not signed here, or is not the token of such a link.
    """
    match _content(token, settings, SALT):
        case [int(case_id), int(round_), str(role), int(person_id), int() | None as number, int(at)]:
            link = ResponseLink(case_id, round_, _role(role), person_id, number)
        case _:
            raise BadLinkError("the token has another form")
    _require_recent(at, now_utc, settings)
    return link


def read_person_link(token: str, now_utc: datetime, settings: Settings) -> PersonLink:
    """Return the content of the token of a link to a person's page.

    Raises:
        ExpiredLinkError: it is older than LINK_DAYS.
        BadLinkError: it was not signed here, or is not the token of such a link.
    """
    match _content(token, settings, PERSON_SALT):
        case [str(role), int(person_id), int(at)]:
            link = PersonLink(_role(role), person_id)
        case _:
            raise BadLinkError("the token has another form")
    _require_recent(at, now_utc, settings)
    return link


def read_sign_in_link(token: str, settings: Settings) -> int:
    """Return the id of a one-time link; whether it still works is for its row to say.

    Raises:
        BadLinkError: it was not signed here, or is not the token of such a link.
    """
    match _content(token, settings, SIGN_IN_SALT):
        case int(link_id):
            return link_id
        case _:
            raise BadLinkError("the token has another form")


def _content(token: str, settings: Settings, salt: str) -> object:
    if len(token) > MAX_TOKEN_CHARACTERS:
        raise BadLinkError("the token is too long")
    try:
        return _serializer(settings, salt).loads(token)
    except BadData:
        raise BadLinkError("the token is not signed with this platform's key") from None


def _require_recent(at: int, now_utc: datetime, settings: Settings) -> None:
    if now_utc > datetime.fromtimestamp(at, UTC) + timedelta(days=settings.link_days):
        raise ExpiredLinkError("the link is too old")


def _role(role: str) -> PersonRole:
    for known in get_args(PersonRole):
        if role == known:
            return known
    raise BadLinkError("the token names an unknown role")


def _serializer(settings: Settings, salt: str) -> URLSafeSerializer:
    return URLSafeSerializer(signing_keys(settings), salt=salt)
