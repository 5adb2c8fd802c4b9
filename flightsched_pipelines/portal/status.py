"""The platform's status as a page and as JSON, and two signs of life for whoever supervises the process."""

from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from flightsched_pipelines.portal.site import page, site_of
from flightsched_pipelines.reporting.prometheus import CONTENT_TYPE
from flightsched_pipelines.reporting.status_chart import hours_by_day
from flightsched_pipelines.services.monitoring.readiness import not_ready_because
from flightsched_pipelines.services.monitoring.scrape import may_scrape, scrape
from flightsched_pipelines.services.monitoring.status import PlatformStatus, platform_status

STATES = {"open": "without an alternative yet", "proposed": "waiting for a student", "student_accepted": "to confirm"}
SEVERITIES = {"error": "errors", "warn": "warnings"}

_AS_JSON = TypeAdapter(PlatformStatus)


def status_page(request: Request) -> Response:
    """Show the status; as JSON to whoever prefers that, and at /status.json."""
    site = site_of(request)
    status = platform_status(site.engine, site.clock(), site.settings)
    if request.url.path.endswith(".json") or _prefers_json(request.headers.get("accept", "")):
        return Response(_AS_JSON.dump_json(status), media_type="application/json")
    chart = hours_by_day(status.days) if status.days else None
    return page("status", {"status": status, "states": STATES, "severities": SEVERITIES, "chart": chart})


def healthz(_: Request) -> Response:
    """Answer as long as the process does."""
    return PlainTextResponse("ok\n")


def readyz(request: Request) -> Response:
    """Answer 200 if pages can be served, else 503 with the reason."""
    why = not_ready_because(site_of(request).engine)
    return PlainTextResponse("ready\n" if why is None else f"not ready: {why}\n", 200 if why is None else 503)


def metrics(request: Request) -> Response:
    """Return the figures in Prometheus' format to requests with METRICS_TOKEN; to nobody if it is not set."""
    site = site_of(request)
    allowed = may_scrape(site.settings, request.headers.get("authorization", ""))
    if allowed is None:
        return PlainTextResponse("METRICS_TOKEN is not set\n", 404)
    if not allowed:
        return PlainTextResponse("give the token: Authorization: Bearer ...\n", 401, {"www-authenticate": "Bearer"})
    return PlainTextResponse(scrape(site.engine, site.clock(), site.settings), media_type=CONTENT_TYPE)


ROUTES = [
    Route("/metrics", metrics),
    Route("/status", status_page),
    Route("/status.json", status_page),
    Route("/healthz", healthz),
    Route("/readyz", readyz),
]


def _prefers_json(accepted: str) -> bool:
    return "application/json" in accepted and "text/html" not in accepted
