"""The portal as an ASGI application."""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from flightsched_pipelines.portal import calendar_feed, dispatch_board, person, respond, static, status
from flightsched_pipelines.portal.live import routes as live
from flightsched_pipelines.portal.live.hub import LiveHub
from flightsched_pipelines.portal.prepared_weather import prepared_weather
from flightsched_pipelines.portal.protection import Protection
from flightsched_pipelines.portal.site import Site, message
from flightsched_pipelines.services.monitoring.readiness import is_outage

ROUTES = [
    *respond.ROUTES,
    *person.ROUTES,
    *dispatch_board.ROUTES,
    *calendar_feed.ROUTES,
    *live.ROUTES,
    *status.ROUTES,
    *static.ROUTES,
]

_HEADINGS = {404: "There is no such page", 405: "This page cannot be asked that way"}
_SENTENCES = {
    404: "Check the address, or open the link in the message again.",
    405: "Open it in a browser, and use its buttons.",
}


def build_portal(site: Site) -> ASGIApp:
    """Return the application; it needs no database until it is asked, or runs."""
    routes: list[Route] = list(ROUTES)
    handlers = {HTTPException: _refuse, Exception: _apologise}
    application = Starlette(routes=routes, exception_handlers=handlers, lifespan=prepared_weather)
    application.router.redirect_slashes = False  # a link with a slash at its end is another link
    application.state.site = site
    application.state.hub = LiveHub(site)
    return Protection(application, site.settings)


def _refuse(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101, it is registered for no other
    code = error.status_code
    page = message(_HEADINGS.get(code, "This cannot be done"), _SENTENCES.get(code, error.detail), code)
    page.headers.update(error.headers or {})
    return page


def _apologise(_: Request, error: Exception) -> Response:
    if is_outage(error):
        return message("Not available at present", "Nothing was changed. Please try again in a few minutes.", 503)
    return message("Something went wrong", "The fault is ours and is in the log. Please ask your dispatcher.", 500)
