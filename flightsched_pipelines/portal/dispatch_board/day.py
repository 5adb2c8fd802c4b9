"""A day of the school: the timeline, and the days around it."""

from datetime import date

from starlette.responses import Response
from starlette.routing import Route

from flightsched_pipelines.durations import DAY
from flightsched_pipelines.formatting import format_day, format_time, zone_name
from flightsched_pipelines.messages.page_texts import LEGEND
from flightsched_pipelines.portal.dispatch_board.timeline import timeline
from flightsched_pipelines.portal.dispatch_board.visit import Visit, signed_in
from flightsched_pipelines.portal.site import message
from flightsched_pipelines.services.dispatch_board.school_day import school_day

YEARS = range(2000, 2200)
NOT_A_DAY = ("This is not a day", "Write it like /board?day=2026-11-30, or go to /board for today.")


def _show(visit: Visit) -> Response:
    day, zone = None, visit.dispatcher.time_zone
    if given := visit.asked("day"):
        try:
            day = date.fromisoformat(given)
        except ValueError:
            return message(*NOT_A_DAY, 400)
        if day.year not in YEARS:
            return message(*NOT_A_DAY, 400)
    found = school_day(visit.site.engine, visit.dispatcher, day, visit.now_utc, visit.site.settings)
    facts = {
        "title": format_day(found.day),
        "zone_name": zone_name(found.from_utc + DAY / 2, zone),
        "found": found,
        "line": timeline(found, zone),
        "assessed": found.assessed_utc and format_time(found.assessed_utc, zone),
        "before": found.day - DAY,
        "after": found.day + DAY,
        "days": [(one, format_day(one)) for one in (found.today + number * DAY for number in range(4))],
        "legend": LEGEND,
    }
    return visit.page("day", facts)


ROUTES = [Route("/board", signed_in(_show))]
