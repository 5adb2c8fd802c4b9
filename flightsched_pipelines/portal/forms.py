"""Forms: read within bounds, and sealed, so that only a page of ours is answered, and a page once.

The seal of a form is signed, bound to the link that the page was opened with, and contains the response's idempotency
key: a form that is sent twice is applied once, and no other site can make one.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from urllib.parse import parse_qs
from uuid import uuid4

from itsdangerous import BadData, URLSafeSerializer
from starlette.exceptions import HTTPException
from starlette.requests import Request

from flightsched_pipelines.services.signing import signing_keys
from flightsched_pipelines.settings import Settings

SALT = "flightsched.form"
VALID_FOR = timedelta(hours=12)
MAX_BYTES = 16_384
MAX_FIELDS = 60
KEY = re.compile(r"page-[0-9a-f]{32}")

Fields = Mapping[str, Sequence[str]]


class StaleFormError(ValueError):
    """A form that was not made for this link, or too long ago."""


def seal(token: str, now_utc: datetime, settings: Settings) -> str:
    """Return a new seal for the form of a page that was opened with a link."""
    return _serializer(settings).dumps([_digest(token), f"page-{uuid4().hex}", int(now_utc.timestamp())])


def open_seal(value: str, token: str, now_utc: datetime, settings: Settings) -> str:
    """Return the idempotency key of a seal.

    Raises:
        StaleFormError: it is not one of ours, belongs to another link, or is too old.
    """
    try:
        content: object = _serializer(settings).loads(value)
    except BadData:
        raise StaleFormError("the seal is not signed here") from None
    match content:
        case [str(digest), str(key), int(at)] if digest == _digest(token):
            if now_utc <= datetime.fromtimestamp(at, UTC) + VALID_FOR:
                return key
            raise StaleFormError("the seal is too old")
        case _:
            raise StaleFormError("the seal belongs to another link")


async def read_fields(request: Request) -> Fields:
    """Return the fields of a form that this site's own page sent.

    Raises:
        HTTPException: it comes from another site, is too large, or is not a form.
    """
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise HTTPException(403, "This form was sent by another site, and nothing was changed.")
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise HTTPException(415, "This page takes its own form only.")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BYTES:
            raise HTTPException(413, f"The form has more than {MAX_BYTES:,} bytes; shorten it.")
    try:
        return parse_qs(body.decode(), keep_blank_values=True, strict_parsing=bool(body), max_num_fields=MAX_FIELDS)
    except ValueError:  # also of what is not UTF-8
        raise HTTPException(400, "The form cannot be read; open the page again.") from None


class BadFieldError(ValueError):
    """A field of a form with a value that it cannot have; the message is for its sender."""


def day_of(fields: Fields, name: str) -> date | None:
    """Return the day in a field; ``None`` if it is empty.

    Raises:
        BadFieldError: it is not a day.
    """
    given = first(fields, name)
    if not given:
        return None
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise BadFieldError(f"the {name} day is not a date; write it like 2026-11-30") from None


def first(fields: Fields, name: str) -> str:
    """Return the value of a field; empty if it was not sent."""
    return fields[name][0] if fields.get(name) else ""


def _digest(token: str) -> str:
    return sha256(token.encode(errors="replace")).hexdigest()[:32]


def _serializer(settings: Settings) -> URLSafeSerializer:
    return URLSafeSerializer(signing_keys(settings), salt=SALT)
