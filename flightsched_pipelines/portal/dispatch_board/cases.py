"""The school's cases by deadline, with filters, and the page of one with everything that can be done about it."""

from collections.abc import Sequence

from starlette.responses import Response
from starlette.routing import Route

from flightsched_pipelines.domain.cases.actions import Action
from flightsched_pipelines.portal import case_view
from flightsched_pipelines.portal.dispatch_board import case_orders
from flightsched_pipelines.portal.dispatch_board.visit import Visit, not_there, signed_in
from flightsched_pipelines.portal.forms import KEY
from flightsched_pipelines.services.dispatch_board.orders import NotOfTheSchoolError
from flightsched_pipelines.services.dispatch_board.school_cases import CaseDesk, ListedCase, case_desk, school_cases

FILTERS = {
    "": "All open cases",
    "open": "Without an alternative yet",
    "proposed": "Waiting for a student",
    "student_accepted": "Waiting for an instructor",
    "all": "The newest, open or ended",
}
STATES = {
    "open": "without an alternative yet",
    "proposed": "waiting for the student",
    "student_accepted": "waiting for the instructor",
    "rescheduled": "moved",
    "kept": "kept as booked",
    "cleared": "above the minimums again",
    "expired": "no answer",
    "declined": "no new time found",
    "cancelled": "ended",
}
MAX_WORDS = 100


def _list(visit: Visit) -> Response:
    chosen = visit.asked("show") if visit.asked("show") in FILTERS else ""
    words = visit.asked("find")[:MAX_WORDS].strip()
    listed = school_cases(visit.site.engine, visit.dispatcher, open_only=chosen != "all")
    found = [one for one in listed if _is_wanted(one, chosen, words.lower())]
    facts = {"found": found, "filters": FILTERS, "chosen": chosen, "words": words, "states": STATES}
    return visit.page("cases", facts)


def _is_wanted(one: ListedCase, chosen: str, words: str) -> bool:
    summary = one.summary
    if chosen in STATES and summary.state != chosen:
        return False
    shown = (summary.reference, summary.student, summary.instructor, summary.aircraft, str(summary.case_id))
    return all(any(word in (each or "").lower() for each in shown) for word in words.split())


def _case(visit: Visit) -> Response:
    case_id = visit.id("case_id")
    if case_id is None:
        return not_there()
    if not visit.is_form:
        return _show(visit, case_id, key=visit.asked("done"))
    try:
        answer = case_orders.apply(visit, case_id)
    except NotOfTheSchoolError:
        return not_there()
    if isinstance(answer, Response):
        return answer
    return _show(visit, case_id, problem=answer.sentence, status_code=answer.status_code)


def _show(visit: Visit, case_id: int, *, key: str = "", problem: str | None = None, status_code: int = 200) -> Response:
    site, known = visit.site, key if KEY.fullmatch(key) else None
    desk = case_desk(site.engine, visit.dispatcher, case_id, known, visit.now_utc, site.settings)
    if desk is None:
        return not_there()
    view = case_view.view_of(desk.page, all_alternatives=True)
    facts = {
        "desk": desk, "view": view, "states": STATES, "can": _can(desk, view.can), "problem": problem,
        "given": visit.fields, "people": _people(desk),
    }  # fmt: skip
    return visit.page("case", facts, status_code)


def _can(desk: CaseDesk, student: frozenset[str]) -> frozenset[str]:
    """Return the actions that would be applied, of the student, of the instructor, and the dispatcher's own."""
    instructor = {action.value for action, refusal in desk.instructor.actions.items() if refusal is None}
    own = frozenset({Action.CANCEL.value} if desk.page.is_open else ())
    return student | instructor | own


def _people(desk: CaseDesk) -> Sequence[tuple[str, str, str | None]]:
    """Return who is to be rung up: role, name and number."""
    one = desk.summary
    asked = [("Student", one.student, one.student_phone)]
    return [*asked, ("Instructor", one.instructor, one.instructor_phone)] if one.instructor else asked


ROUTES = [
    Route("/board/cases", signed_in(_list)),
    Route("/board/cases/{case_id}", signed_in(_case), methods=["GET", "POST"]),
]
