"""A signed-in dispatcher's request: who visits, what was asked, and the answer to whoever has not signed in."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from flightsched_pipelines.formatting import format_time
from flightsched_pipelines.portal.forms import Fields, first, open_seal, read_fields, seal
from flightsched_pipelines.portal.protection import board_policy
from flightsched_pipelines.portal.site import Site, message, page, site_of
from flightsched_pipelines.services.dispatch_board.sign_in import Dispatcher, dispatcher_of
from flightsched_pipelines.services.live.stream import last_position

COOKIE = "flightsched_board"
SIGN_IN = "/board/sign-in"
ID = re.compile(r"[1-9][0-9]{0,17}")


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of a signed-in dispatcher. ``fields`` are empty but for a form."""

    site: Site
    request: Request
    dispatcher: Dispatcher
    cookie: str
    fields: Fields
    now_utc: datetime
    position: int
    """The place in the live stream before anything of the page was read."""

    @property
    def is_form(self) -> bool:
        """Return whether a form was sent, which is to be applied."""
        return self.request.method == "POST"

    def id(self, name: str) -> int | None:
        """Return the number of a case or lesson in the path; ``None`` if it cannot be one."""
        given: str = self.request.path_params[name]
        return int(given) if ID.fullmatch(given) else None

    def asked(self, name: str) -> str:
        """Return a parameter of the address; empty if there is none."""
        return self.request.query_params.get(name, "")

    def seal(self) -> str:
        """Return a new seal for a form of this session's."""
        return seal(self.cookie, self.now_utc, self.site.settings)

    def key(self) -> str:
        """Return the idempotency key of the form that was sent.

        Raises:
            StaleFormError: this session has no such form, or it is too old.
        """
        return open_seal(first(self.fields, "seal"), self.cookie, self.now_utc, self.site.settings)

    def page(self, template: str, facts: dict[str, Any], status_code: int = 200) -> Response:
        """Return a page of the board."""
        zone = self.dispatcher.time_zone
        common = {
            "dispatcher": self.dispatcher, "seal": self.seal, "zone": zone, "now": format_time(self.now_utc, zone),
            "here": self.request.url.path, "position": self.position,
        }  # fmt: skip
        answer = page(f"dispatch_board/{template}", common | facts, status_code)
        # Nobody can sign in without a base URL.
        answer.headers["content-security-policy"] = board_policy(self.site.settings.portal_url or "")
        return answer


def not_there() -> Response:
    """Return the one page of what does not exist, and of what is another school's."""
    return message(
        "There is no such page", "It may have been another school's, or never there. Go back to /board.", 404
    )


def signed_in(show: Callable[[Visit], Response]) -> Callable[[Request], Awaitable[Response]]:
    """Return an endpoint that shows a page to a signed-in dispatcher, and the sign-in page to everybody else."""

    async def endpoint(request: Request) -> Response:
        fields: Fields = await read_fields(request) if request.method == "POST" else {}
        return await run_in_threadpool(_visited, show, request, fields)

    return endpoint


def _visited(show: Callable[[Visit], Response], request: Request, fields: Fields) -> Response:
    site, cookie = site_of(request), request.cookies.get(COOKIE, "")
    now_utc = site.clock()
    dispatcher = dispatcher_of(site.engine, cookie, now_utc)
    if dispatcher is None:
        return RedirectResponse(SIGN_IN, 303)
    return show(Visit(site, request, dispatcher, cookie, fields, now_utc, last_position(site.engine)))
