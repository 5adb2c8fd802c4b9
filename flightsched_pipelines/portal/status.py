"""The platform's status as a page and as JSON, and two signs of life for whoever supervises the process."""

from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from flightsched_pipelines.portal.site import page, site_of
from flightsched_pipelines.reporting.status_chart import hours_by_day
from flightsched_pipelines.services.monitoring.readiness import not_ready_because
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


ROUTES = [
    Route("/status", status_page),
    Route("/status.json", status_page),
    Route("/healthz", healthz),
    Route("/readyz", readyz),
]


def _prefers_json(accepted: str) -> bool:
    return "application/json" in accepted and "text/html" not in accepted
