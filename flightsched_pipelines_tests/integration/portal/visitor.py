"""A visitor of the portal: opens links, presses buttons, and sees pages; no network and no browser."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from html import unescape
from typing import Any, cast

from httpx import Response
from sqlalchemy import Engine
from starlette.testclient import TestClient

from flightsched_pipelines.database.queries.cases import case_queries
from flightsched_pipelines.database.queries.notifications.contacts import Person
from flightsched_pipelines.domain.cases.snapshot import CaseSnapshot
from flightsched_pipelines.portal.app import build_portal
from flightsched_pipelines.portal.site import Site
from flightsched_pipelines.services.notifications.directory import Directory
from flightsched_pipelines.services.notifications.links import response_url
from flightsched_pipelines.settings import Settings
from flightsched_pipelines_tests.integration.services.helpers import LATER, SETTINGS

PLENTY = 1_000_000


@dataclass
class Clock:
    """A clock that a test sets."""

    at: datetime = LATER

    def __call__(self) -> datetime:
        """Return the time."""
        return self.at


class Visitor:
    """Visits the portal at a time that the test sets."""

    def __init__(
        self, engine: Engine, settings: Settings = SETTINGS, *, limit: int = PLENTY, raises: bool = True
    ) -> None:
        self.clock = Clock()
        self.settings = settings.model_copy(update={"portal_requests_per_minute": limit})
        portal = build_portal(Site(engine, self.settings, self.clock))
        self.client = TestClient(
            portal, "https://flights.example.com", raise_server_exceptions=raises, follow_redirects=False
        )

    def get(self, path: str) -> Response:
        """Open a page."""
        return cast(Response, self.client.get(path))

    def press(self, path: str, action: str, **fields: Any) -> Response:
        """Open a page, fill in the form of an action, press its button, and follow where it leads."""
        form = self.form(path, action, **fields)
        return self.send(path, form)

    def form(self, path: str, action: str, **fields: Any) -> Mapping[str, Any]:
        """Open a page, and return the filled-in form of an action.

        Raises:
            AssertionError: the page has no such form.
        """
        forms = [form for form in forms_of(self.get(path).text) if form["action"] == action]
        matching = [form for form in forms if "number" not in form or form["number"] == str(fields.get("number"))]
        assert matching, f"no form of {action}"
        return matching[0] | {name: value for name, value in fields.items() if name != "number"}

    def send(self, path: str, form: Mapping[str, Any]) -> Response:
        """Send a form, and follow where it leads."""
        return cast(Response, self.client.post(path, data=dict(form), follow_redirects=True))


def forms_of(html: str) -> list[dict[str, str]]:
    """Return the hidden fields of each form."""
    hidden = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')
    return [dict(hidden.findall(form)) for form in re.findall(r"<form.*?</form>", html, re.DOTALL)]


def words(html: str) -> str:
    """Return the words of a page's content, without markup."""
    content = html.partition('<main id="main"')[2].partition(">")[2].partition("</main>")[0]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", content))).strip()


def case_of(engine: Engine, case_id: int) -> CaseSnapshot:
    """Return a case."""
    with engine.connect() as connection:
        asked = case_queries.load_case(connection, case_id)
    assert asked is not None
    return asked


def person(engine: Engine, case_id: int, role: str) -> Person:
    """Return the person of a case whom it asks: its student, or the instructor of the held slot or the lesson."""
    asked = case_of(engine, case_id)
    with engine.connect() as connection:
        directory = Directory.read(connection, [asked.booking_id])
    if role == "student":
        return directory.student_of(asked.booking_id)
    hold = asked.hold
    slot = asked.lesson if hold is None else hold.slot
    return directory.instructors[slot.instructor_id or min(asked.releasers)]


def link(
    engine: Engine, case_id: int, role: str = "student", number: int | None = None, *, sent_at: datetime = LATER
) -> str:
    """Return the path of the link that a person of a case is sent."""
    round_ = case_of(engine, case_id).round
    url = response_url(SETTINGS, case_id, round_, person(engine, case_id, role), sent_at, number)
    assert url is not None
    return url.removeprefix("https://flights.example.com")
