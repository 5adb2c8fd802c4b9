"""The page behind a link in a message: it shows the case, and a form on it gives the person's response."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from flightsched_pipelines.domain.cases.actions import ROLE_OF, Action
from flightsched_pipelines.domain.cases.responses import CaseResponse, RequestedTimes
from flightsched_pipelines.domain.rescheduling.preferred_times import DAYS, PARTS_OF_DAY
from flightsched_pipelines.portal import case_view
from flightsched_pipelines.portal.forms import (
    KEY,
    BadFieldError,
    Fields,
    StaleFormError,
    day_of,
    first,
    open_seal,
    read_fields,
    seal,
)
from flightsched_pipelines.portal.site import Site, message, page, site_of
from flightsched_pipelines.services.notifications.links import (
    BadLinkError,
    ExpiredLinkError,
    ResponseLink,
    read_response_link,
)
from flightsched_pipelines.services.pages.case_page import case_page, is_given_away, is_of_the_school
from flightsched_pipelines.services.responses.respond import respond
from flightsched_pipelines.text import TextError

ENTRY_POINT = "page"
NUMBER = re.compile(r"[1-9][0-9]{0,3}")

STALE = "This page had been open for too long. Nothing was changed: please choose again."


async def respond_page(request: Request) -> Response:
    """Show the page of a link, or apply what its form says."""
    token: str = request.path_params["token"]
    if request.method == "POST":
        fields = await read_fields(request)
        return await run_in_threadpool(_apply, site_of(request), token, fields)
    return await run_in_threadpool(_show, site_of(request), token, request.query_params.get("done", ""))


ROUTES = [Route("/respond/{token}", respond_page, methods=["GET", "POST"])]


def _show(site: Site, token: str, key: str) -> Response:
    now_utc = site.clock()
    link = _read(token, now_utc, site)
    if isinstance(link, Response):
        return link
    return _page_of(site, token, link, now_utc, key=key if KEY.fullmatch(key) else None)


def _apply(site: Site, token: str, fields: Fields) -> Response:
    now_utc = site.clock()
    link = _read(token, now_utc, site)
    if isinstance(link, Response):
        return link
    if not is_of_the_school(site.engine, link):
        return no_such_link()
    try:
        key = open_seal(first(fields, "seal"), token, now_utc, site.settings)
    except StaleFormError:
        return _page_of(site, token, link, now_utc, problem=STALE, given=fields, status_code=400)
    try:
        response = _response(link, key, fields)
    except (BadFieldError, TextError) as error:
        problem = f"{str(error)[:1].upper()}{str(error)[1:]}. Nothing was changed."
        return _page_of(site, token, link, now_utc, problem=problem, given=fields, status_code=422)
    respond(site.engine, response, now_utc, site.settings)
    return RedirectResponse(f"/respond/{token}?done={key}", 303)


def _page_of(
    site: Site,
    token: str,
    link: ResponseLink,
    now_utc: datetime,
    *,
    key: str | None = None,
    problem: str | None = None,
    given: Fields | None = None,
    status_code: int = 200,
) -> Response:
    found = case_page(site.engine, link, now_utc, site.settings, key)
    if found is None:
        return given_away() if is_given_away(site.engine, link) else no_such_link()
    facts: Mapping[str, Any] = {
        "view": case_view.view_of(found),
        "seal": seal(token, now_utc, site.settings),
        "problem": problem,
        "given": given or {},
    }
    return page("case", facts, status_code)


def _read(token: str, now_utc: datetime, site: Site) -> ResponseLink | Response:
    """Return the content of a link, or the page to show instead: the same for every link that is not ours."""
    try:
        return read_response_link(token, now_utc, site.settings)
    except ExpiredLinkError:
        return too_old()
    except BadLinkError:
        return no_such_link()


def too_old() -> Response:
    """Return the page of a link that has expired."""
    sentence = "It is too old, and can no longer be used. Open the newest message about your lesson instead."
    return message("This link has expired", sentence, 410)


def given_away() -> Response:
    """Return the page of a lesson that is another student's now."""
    sentence = "The school has given it to another student. Nothing is asked of you; your dispatcher can say more."
    return message("This lesson is not yours any more", sentence, 410)


def no_such_link() -> Response:
    """Return the one page of every link that is not ours."""
    sentence = "Open it from the message again; if it is cut in two lines, copy all of it. Or ask your dispatcher."
    return message("This link does not work", sentence, 404)


def _response(link: ResponseLink, key: str, fields: Fields) -> CaseResponse:
    """Read a form as a response.

    Raises:
        BadFieldError: a field has a value that it cannot have.
        TextError: the reason cannot be stored.
    """
    actions = {action.value: action for action, role in ROLE_OF.items() if role == link.role}
    action = actions.get(first(fields, "action"))
    if action is None:
        raise BadFieldError("the form says nothing that can be done here; use its buttons")
    number = number_of(first(fields, "number"), "number") if action is Action.ACCEPT else None
    round_ = number_of(first(fields, "round"), "round") if action is Action.ACCEPT else None
    requested = requested_times(fields) if action is Action.NONE_SUIT else RequestedTimes()
    reason = first(fields, "reason").replace("\r\n", "\n").strip()
    return CaseResponse(
        key, link.case_id, ENTRY_POINT, action, link.role, link.person_id, number, round_, reason, requested
    )


def requested_times(fields: Fields) -> RequestedTimes:
    """Read the times that a student asks for.

    Raises:
        BadFieldError: a field has a value that it cannot have.
    """
    days, parts = frozenset(fields.get("days", ())), frozenset(fields.get("parts", ()))
    if not days <= set(DAYS) or not parts <= set(PARTS_OF_DAY):
        raise BadFieldError("a day or part of the day is unknown; use the boxes of the form")
    return RequestedTimes(days, parts, day_of(fields, "earliest"), day_of(fields, "latest"))


def number_of(given: str, name: str) -> int:
    """Read the number of an alternative, or of its round.

    Raises:
        BadFieldError: it is not one.
    """
    if NUMBER.fullmatch(given) is None:
        raise BadFieldError(f"the {name} of the alternative is missing; use the button of the alternative")
    return int(given)
