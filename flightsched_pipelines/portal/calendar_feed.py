"""Serve calendars by their secret addresses: anyone with one can read it, so it contains no more than mails."""

from hashlib import sha256

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from flightsched_pipelines.portal.site import message, site_of
from flightsched_pipelines.services.calendar_feeds import read_feed

SUFFIX = ".ics"


def calendar(request: Request) -> Response:
    """Return the calendar at an address; 304 if the reader has it as it is."""
    name, site = str(request.path_params["name"]), site_of(request)
    if not name.endswith(SUFFIX):
        return _no_such_calendar()
    body = read_feed(site.engine, name.removesuffix(SUFFIX), site.clock(), site.settings)
    if body is None:
        return _no_such_calendar()
    tag = f'"{sha256(body).hexdigest()[:32]}"'
    headers = {"etag": tag, "cache-control": "private, no-cache"}
    if tag in _tags(request.headers.get("if-none-match", "")):
        return Response(status_code=304, headers=headers)
    headers["content-disposition"] = 'inline; filename="lessons.ics"'
    return Response(body, media_type="text/calendar", headers=headers)


ROUTES = [Route("/calendar/{name}", calendar)]


def _no_such_calendar() -> Response:
    return message("There is no such calendar", "Its address was replaced or revoked; ask for a new one.", 404)


def _tags(header: str) -> set[str]:
    """Return the entity tags of a header, as strong ones: the same bytes are the same calendar."""
    return {part.strip().removeprefix("W/") for part in header.split(",")}
