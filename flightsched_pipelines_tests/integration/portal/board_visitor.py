"""A dispatcher at the board: asks for a link, signs in with it, opens pages and presses buttons."""

import re
from typing import Any, cast

from httpx import Response
from sqlalchemy import Engine

from flightsched_pipelines.services.notifications.links import sign_in_url
from flightsched_pipelines.settings import Settings
from flightsched_pipelines_tests.integration.portal.visitor import Visitor
from flightsched_pipelines_tests.integration.services.helpers import SETTINGS, one, rows

BASE = "https://flights.example.com"
PALO_ALTO = 1
WHO = "Dee Dispatch <dispatch.pao@example.com>"
"""A dispatcher as orders are recorded: the name that was given, and the address that the link was mailed to."""


class DispatcherVisitor(Visitor):
    """Visits the board."""

    def __init__(
        self, engine: Engine, settings: Settings = SETTINGS, *, school_id: int | None = PALO_ALTO, raises: bool = True
    ) -> None:
        super().__init__(engine, settings, raises=raises)
        self.engine = engine
        if school_id is not None:
            self.sign_in(school_id)

    def ask(self, address: str) -> Response:
        """Ask for a link."""
        return self.send("/board/sign-in", {"seal": self.seal_of("/board/sign-in"), "address": address})

    def sign_in(self, school_id: int, name: str = "Dee Dispatch") -> Response:
        """Ask for a link, and sign in with it."""
        self.ask(address_of(self.engine, school_id))
        return self.use(links(self.engine, self.settings)[-1], name)

    def use(self, path: str, name: str = "Dee Dispatch") -> Response:
        """Open a link, and press its button."""
        return self.send(path, {"seal": self.seal_of(path), "name": name})

    def enter(self, path: str, action: str, reason: str = "rang at nine", **fields: Any) -> Response:
        """Open a page, and send one of its forms."""
        seal = re.findall(r'name="seal" value="([^"]+)"', self.get(path).text)[-1]
        return self.send(path, {"seal": seal, "action": action, "reason": reason} | fields)

    def seal_of(self, path: str) -> str:
        """Return the seal of the first form of a page."""
        found = re.search(r'name="seal" value="([^"]+)"', self.get(path).text)
        assert found is not None, "the page has no form"
        return found[1]


def address_of(engine: Engine, school_id: int) -> str:
    """Return the dispatchers' address of a school."""
    return cast(str, one(engine, "SELECT dispatch_email FROM school.schools WHERE id = :id", id=school_id))


def links(engine: Engine, settings: Settings = SETTINGS) -> list[str]:
    """Return the paths of all links that were queued, the oldest first."""
    queued = rows(engine, "SELECT payload FROM school.outbox WHERE event = 'sign_in' ORDER BY id")
    return [str(sign_in_url(settings, row[0]["link_id"])).removeprefix(BASE) for row in queued]
