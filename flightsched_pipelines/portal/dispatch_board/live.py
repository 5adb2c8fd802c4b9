"""The board's own live stream, with the session of its page: what happened at the school since the page was made."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from flightsched_pipelines.portal.dispatch_board.visit import COOKIE
from flightsched_pipelines.portal.live.event_stream import BadPlaceError, EventStream, place_of
from flightsched_pipelines.portal.live.routes import TOO_MANY, hub_of, refused
from flightsched_pipelines.portal.site import site_of
from flightsched_pipelines.services.dispatch_board.sign_in import Dispatcher, dispatcher_of
from flightsched_pipelines.services.live.stream import Audience


async def events(request: Request) -> Response:
    """Stream the events of the signed-in dispatcher's school."""
    site, hub, cookie = site_of(request), hub_of(request), request.cookies.get(COOKIE, "")

    async def dispatcher() -> Dispatcher | None:
        return await run_in_threadpool(dispatcher_of, site.engine, cookie, site.clock())

    async def may_listen() -> bool:
        return await dispatcher() is not None

    found = await dispatcher()
    if found is None:
        return refused(401, "sign in at /board")
    key = "session", found.session_id
    if not hub.has_room(key):
        return refused(429, TOO_MANY, {"retry-after": "60"})
    try:
        # A browser that comes back says itself how far it got; at first its page does.
        after = place_of(request.headers.get("last-event-id", "") or request.query_params.get("after", ""))
    except BadPlaceError as error:
        return refused(400, str(error))
    return EventStream(hub, Audience(found.school_id), after, key, may_listen)


ROUTES = [Route("/board/events", events)]
