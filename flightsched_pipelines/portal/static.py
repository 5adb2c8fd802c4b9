"""The one style sheet, and the icon."""

from functools import cache

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from flightsched_pipelines.portal.site import HERE
from flightsched_pipelines.reporting.svg import STYLE

CACHED = "public, max-age=3600"


@cache
def _style() -> str:
    return (HERE / "static" / "portal.css").read_text(encoding="utf-8") + STYLE


@cache
def _icon() -> str:
    return (HERE / "static" / "icon.svg").read_text(encoding="utf-8")


def style(_: Request) -> Response:
    """Return the style sheet, with the colours of charts."""
    return Response(_style(), media_type="text/css", headers={"cache-control": CACHED})


def icon(_: Request) -> Response:
    """Return the icon."""
    return Response(_icon(), media_type="image/svg+xml", headers={"cache-control": CACHED})


ROUTES = [Route("/static/portal.css", style), Route("/static/icon.svg", icon)]
