"""The forms of a case's page, read and applied: on behalf of its people, or as the dispatcher."""

from dataclasses import dataclass, replace

from starlette.responses import RedirectResponse, Response

from flightsched_pipelines.domain.cases.actions import ROLE_OF, Action
from flightsched_pipelines.domain.cases.responses import CaseResponse
from flightsched_pipelines.portal.dispatch_board.visit import ID, Visit
from flightsched_pipelines.portal.forms import BadFieldError, StaleFormError, first
from flightsched_pipelines.portal.respond import STALE, number_of, requested_times
from flightsched_pipelines.services.dispatch_board import orders
from flightsched_pipelines.text import TextError

ACTIONS = {action.value: action for action, role in ROLE_OF.items() if role != "platform"}


@dataclass(frozen=True, slots=True)
class Problem:
    """The sentence and status for the sender of a form that was not applied."""

    sentence: str
    status_code: int


def apply(visit: Visit, case_id: int) -> Response | Problem:
    """Apply the form of a case's page; return where to go on, or the problem to show on the page.

    Raises:
        NotOfTheSchoolError: the case, or the one to swap with, is not the school's.
    """
    try:
        key = visit.key()
    except StaleFormError:
        return Problem(STALE, 400)
    try:
        _apply(visit, key, case_id)
    except (BadFieldError, TextError) as error:
        return Problem(f"{str(error)[:1].upper()}{str(error)[1:]}. Nothing was changed.", 422)
    return RedirectResponse(f"/board/cases/{case_id}?done={key}", 303)


def _apply(visit: Visit, key: str, case_id: int) -> None:
    """Apply a form.

    Raises:
        BadFieldError: a field has a value that it cannot have.
        TextError: the reason is missing, or cannot be stored.
    """
    site, fields, now_utc = visit.site, visit.fields, visit.now_utc
    # The button of an alternative has its number: "accept 2".
    what, _, number = first(fields, "action").partition(" ")
    reason = first(fields, "reason").replace("\r\n", "\n")
    if what == "note":
        orders.note(site.engine, visit.dispatcher, key, case_id, reason, now_utc)
    elif what == "swap":
        pair = case_id, _other(first(fields, "other"))
        orders.swap(site.engine, visit.dispatcher, key, pair, reason, now_utc, site.settings)
    elif what in ACTIONS:
        response = _response(visit, key, case_id, ACTIONS[what], number, reason)
        orders.respond(site.engine, visit.dispatcher, response, now_utc, site.settings)
    else:
        raise BadFieldError("the form says nothing that can be done here; use its buttons")


def _response(visit: Visit, key: str, case_id: int, action: Action, number: str, reason: str) -> CaseResponse:
    response = CaseResponse(key, case_id, orders.ENTRY_POINT, action, ROLE_OF[action], reason=reason)
    if action is Action.ACCEPT:
        round_ = number_of(first(visit.fields, "round"), "round")
        return replace(response, number=number_of(number, "number"), round=round_)
    if action is Action.NONE_SUIT:
        return replace(response, wishes=requested_times(visit.fields))
    return response


def _other(given: str) -> int:
    if ID.fullmatch(given) is None:
        raise BadFieldError("the other case is missing; choose one")
    return int(given)
