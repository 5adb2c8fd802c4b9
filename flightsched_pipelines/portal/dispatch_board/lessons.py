"""The page of a lesson without an open case: hold and release, and its place on the standby list; and that list."""

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from flightsched_pipelines import formatting
from flightsched_pipelines.messages import headlines
from flightsched_pipelines.portal.dispatch_board.visit import Visit, not_there, signed_in
from flightsched_pipelines.portal.forms import KEY, BadFieldError, StaleFormError, day_of, first
from flightsched_pipelines.portal.respond import STALE
from flightsched_pipelines.reporting.area_map import area_map
from flightsched_pipelines.reporting.forecast_chart import forecast_chart, forecast_table
from flightsched_pipelines.services.dispatch_board import orders
from flightsched_pipelines.services.dispatch_board.school_lesson import lesson_desk
from flightsched_pipelines.services.standby.places import places_of_school
from flightsched_pipelines.text import TextError

STATUSES = {
    "scheduled": "Scheduled",
    "weather_hold": "On weather hold",
    "completed": "Completed",
    "cancelled": "Cancelled",
}


def _lesson(visit: Visit) -> Response:
    booking_id = visit.id("booking_id")
    if booking_id is None:
        return not_there()
    if not visit.is_form:
        return _show(visit, booking_id, key=visit.asked("done"))
    try:
        key = visit.key()
        _apply(visit, key, booking_id)
    except StaleFormError:
        return _show(visit, booking_id, problem=STALE, status_code=400)
    except orders.NotOfTheSchoolError:
        return not_there()
    except (BadFieldError, TextError) as error:
        problem = f"{str(error)[:1].upper()}{str(error)[1:]}. Nothing was changed."
        return _show(visit, booking_id, problem=problem, status_code=422)
    return RedirectResponse(f"/board/lessons/{booking_id}?done={key}", 303)


def _apply(visit: Visit, key: str, booking_id: int) -> None:
    """Apply a form.

    Raises:
        BadFieldError: a field has a value that it cannot have.
        NotOfTheSchoolError: the lesson is not the school's.
        TextError: the reason is missing, or cannot be stored.
    """
    engine, dispatcher, now_utc = visit.site.engine, visit.dispatcher, visit.now_utc
    reason = first(visit.fields, "reason").replace("\r\n", "\n")
    match first(visit.fields, "action"):
        case "hold" | "release" as what:
            orders.order(engine, dispatcher, key, what, booking_id, reason, now_utc)
        case "join_standby" | "leave_standby" as what:
            until = day_of(visit.fields, "until")
            orders.change_standby(engine, dispatcher, key, what, booking_id, until, reason, now_utc)
        case _:
            raise BadFieldError("the form says nothing that can be done here; use its buttons")


def _show(
    visit: Visit, booking_id: int, *, key: str = "", problem: str | None = None, status_code: int = 200
) -> Response:
    known = key if KEY.fullmatch(key) else None
    desk = lesson_desk(visit.site.engine, visit.dispatcher, booking_id, known, visit.site.settings)
    if desk is None:
        return not_there()
    zone, forecast = desk.lesson.time_zone, desk.weather.forecast
    facts = {
        "desk": desk,
        "lesson": desk.lesson,
        "period": headlines.when_of(desk.lesson),
        "status": STATUSES[desk.status],
        "chart": forecast and forecast_chart(forecast, zone),
        "table": forecast and forecast_table(forecast, zone),
        "map": desk.weather.map and area_map(desk.weather.map),
        "track_record": desk.weather.track_record and desk.weather.track_record.sentence,
        "notes": desk.weather.notes,
        "known_at": forecast and formatting.format_time(forecast.known_at_utc, zone),
        "problem": problem,
        "given": visit.fields,
    }
    return visit.page("lesson", facts, status_code)


def _standby(visit: Visit) -> Response:
    places = places_of_school(visit.site.engine, visit.dispatcher.school_id, visit.now_utc)
    return visit.page("standby", {"places": places})


ROUTES = [
    Route("/board/lessons/{booking_id}", signed_in(_lesson), methods=["GET", "POST"]),
    Route("/board/standby", signed_in(_standby)),
]
