"""The one style sheet, the script of the dispatch board, and the icon."""

from functools import cache

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from flightsched_pipelines.portal.dispatch_board.timeline import MAX_QUARTERS, QUARTERS_AN_HOUR
from flightsched_pipelines.portal.site import HERE
from flightsched_pipelines.reporting.svg import STYLE

CACHED = "public, max-age=3600"


@cache
def _style() -> str:
    files = [(HERE / "static" / name).read_text(encoding="utf-8") for name in ("portal.css", "board.css")]
    return "".join([*files, _columns(), STYLE])


def _columns() -> str:
    """Return a class for each place of a timeline: the policy allows no style in a page itself."""
    places = [f".b{at}{{grid-column-start:{at}}}.e{at}{{grid-column-end:{at}}}" for at in range(1, MAX_QUARTERS + 2)]
    widths = [
        f".q{wide}{{grid-template-columns:repeat({wide},minmax(0,1fr));--hours:{wide // QUARTERS_AN_HOUR}}}"
        for wide in range(QUARTERS_AN_HOUR, MAX_QUARTERS + 1, QUARTERS_AN_HOUR)
    ]
    return "@media (min-width:56rem){" + "".join([*places, *widths]) + "}"


@cache
def _script() -> str:
    return (HERE / "static" / "board.js").read_text(encoding="utf-8")


@cache
def _icon() -> str:
    return (HERE / "static" / "icon.svg").read_text(encoding="utf-8")


def style(_: Request) -> Response:
    """Return the style sheet, with the colours of charts."""
    return Response(_style(), media_type="text/css", headers={"cache-control": CACHED})


def script(_: Request) -> Response:
    """Return the script of the dispatch board, which works without it too."""
    return Response(_script(), media_type="text/javascript", headers={"cache-control": CACHED})


def icon(_: Request) -> Response:
    """Return the icon."""
    return Response(_icon(), media_type="image/svg+xml", headers={"cache-control": CACHED})


ROUTES = [
    Route("/static/portal.css", style),
    Route("/static/board.js", script),
    Route("/static/icon.svg", icon),
]
