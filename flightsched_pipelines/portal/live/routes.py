"""The live stream's address for applications and people, with a bearer token."""

from collections.abc import Mapping

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from flightsched_pipelines.portal.live.event_stream import BadPlaceError, EventStream, place_of
from flightsched_pipelines.portal.live.hub import MAX_STREAMS, LiveHub
from flightsched_pipelines.portal.site import site_of
from flightsched_pipelines.services.live.stream import last_position
from flightsched_pipelines.services.live.tokens import Listener, listener_of

BEARER = "bearer "
UNKNOWN = "the token is missing or not valid; send it as `Authorization: Bearer TOKEN`"
AHEAD = "Last-Event-ID is the id of no event of this stream; leave it out to begin anew"
TOO_MANY = f"this token has {MAX_STREAMS} streams open; close one"


async def stream(request: Request) -> Response:
    """Stream the events of a token's person or application."""
    site, hub, token = site_of(request), hub_of(request), _token(request)

    async def listener() -> Listener | None:
        return await run_in_threadpool(listener_of, site.engine, token)

    async def may_listen() -> bool:
        return await listener() is not None

    found = await listener()
    if found is None:
        return refused(401, UNKNOWN, {"www-authenticate": "Bearer"})
    key = "token", found.token_id
    if not hub.has_room(key):
        return refused(429, TOO_MANY, {"retry-after": "60"})
    try:
        after = place_of(request.headers.get("last-event-id", ""))
    except BadPlaceError as error:
        return refused(400, str(error))
    if after is not None and after > await run_in_threadpool(last_position, site.engine):
        return refused(400, AHEAD)
    return EventStream(hub, found.audience, after, key, may_listen)


def hub_of(request: Request) -> LiveHub:
    """Return this process's reader of the stream."""
    hub = request.app.state.hub
    assert isinstance(hub, LiveHub)  # noqa: S101, `build_portal` set it
    return hub


def refused(status_code: int, sentence: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return a refusal for a program: one sentence as JSON."""
    return JSONResponse({"error": sentence}, status_code, headers)


def _token(request: Request) -> str:
    given = request.headers.get("authorization", "")
    return given[len(BEARER) :].strip() if given.lower().startswith(BEARER) else ""


ROUTES = [Route("/api/notifications/stream", stream)]
