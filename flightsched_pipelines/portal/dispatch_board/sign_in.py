"""Sign-in and sign-out: an address is sent a link, the link's page has a button, and the button opens the session."""

from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from flightsched_pipelines.portal.dispatch_board.visit import COOKIE, SIGN_IN, Visit, signed_in
from flightsched_pipelines.portal.forms import Fields, StaleFormError, first, open_seal, read_fields, seal
from flightsched_pipelines.portal.site import Site, message, page, site_of
from flightsched_pipelines.services.dispatch_board import sign_in as sessions
from flightsched_pipelines.text import TextError

ASKING = "sign-in"
"""The seal of the form that asks for a link is bound to this: nobody has signed in yet."""

SENT = (
    "Look into the dispatchers' mail",
    "If the address is that of a school's dispatchers, a link is on its way to it. It works once, for 15 minutes.",
)
OFF = (
    "Nobody can sign in at present",
    "Links cannot be mailed: BASE_URL is not set, or mail is off. Ask whoever runs the platform.",
)


async def ask_page(request: Request) -> Response:
    """Show the form that asks for a link, or send one. The answer is the same whose address ever it is."""
    site = site_of(request)
    if not sessions.can_sign_in(site.settings):
        return message(*OFF, 503)
    if request.method != "POST":
        return _ask(site)
    fields = await read_fields(request)
    now_utc = site.clock()
    try:
        open_seal(first(fields, "seal"), ASKING, now_utc, site.settings)
    except StaleFormError:
        return _ask(site, "This page had been open for too long. Please ask again.", 400)
    answer = message(*SENT, 200)
    # After the answer, so that it takes the same time for every address.
    answer.background = BackgroundTask(sessions.request_link, site.engine, first(fields, "address"), now_utc)
    return answer


async def link_page(request: Request) -> Response:
    """Show the button of a link, which opening alone does not use up; or sign in."""
    token: str = request.path_params["token"]
    fields = await read_fields(request) if request.method == "POST" else None
    return await run_in_threadpool(_link, site_of(request), token, fields)


def _ask(site: Site, problem: str | None = None, status_code: int = 200) -> Response:
    facts = {"seal": seal(ASKING, site.clock(), site.settings), "problem": problem}
    return page("dispatch_board/ask", facts, status_code)


def _link(site: Site, token: str, fields: Fields | None) -> Response:
    now_utc = site.clock()
    school = sessions.school_of_link(site.engine, token, now_utc, site.settings)
    if school is None:
        return _used()
    if fields is None:
        return _button(site, token, school)
    try:
        open_seal(first(fields, "seal"), token, now_utc, site.settings)
        cookie = sessions.sign_in(site.engine, token, first(fields, "name"), now_utc, site.settings)
    except StaleFormError:
        return _button(site, token, school, "This page had been open for too long. Please try again.", 400)
    except TextError as error:
        return _button(site, token, school, f"{str(error)[:1].upper()}{str(error)[1:]}.", 422)
    if cookie is None:
        return _used()
    answer = RedirectResponse("/board", 303)
    answer.set_cookie(
        COOKIE,
        cookie,
        max_age=int(site.settings.session_hours * 3600),
        path="/board",
        secure=(site.settings.portal_url or "").startswith("https://"),
        httponly=True,
        samesite="lax",
    )
    return answer


def _button(site: Site, token: str, school: str, problem: str | None = None, status_code: int = 200) -> Response:
    facts = {"seal": seal(token, site.clock(), site.settings), "problem": problem, "school": school}
    return page("dispatch_board/link", facts, status_code)


def _used() -> Response:
    """Return the one page of every link that does not sign in: used, expired, or never made."""
    return message(
        "This link does not work", "It was used before, or it is too old. Ask for another one at /board.", 404
    )


def _leave(visit: Visit) -> Response:
    try:
        visit.key()
    except StaleFormError:
        return message("This page had been open for too long", "You are still signed in. Go back, and try again.", 400)
    sessions.sign_out(visit.site.engine, visit.cookie, visit.now_utc)
    answer = RedirectResponse(SIGN_IN, 303)
    answer.delete_cookie(COOKIE, path="/board")
    return answer


ROUTES = [
    Route(SIGN_IN, ask_page, methods=["GET", "POST"]),
    Route(SIGN_IN + "/{token}", link_page, methods=["GET", "POST"]),
    Route("/board/sign-out", signed_in(_leave), methods=["POST"]),
]
