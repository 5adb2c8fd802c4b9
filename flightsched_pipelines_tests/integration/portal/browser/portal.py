"""A portal under test: its address, its mail, and the links of its people."""

from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

from playwright.sync_api import Page, expect
from sqlalchemy import Engine

from flightsched_pipelines.clients.delivery.mail import read_maildir
from flightsched_pipelines.services.delivery.channel_senders import open_channels
from flightsched_pipelines.services.delivery.outbox_worker import drain
from flightsched_pipelines.services.notifications.links import sign_in_url
from flightsched_pipelines.settings import Settings
from flightsched_pipelines_tests.integration.portal import visitor
from flightsched_pipelines_tests.integration.portal.board_visitor import PALO_ALTO, address_of
from flightsched_pipelines_tests.integration.services.helpers import one, rows, run

COUNT = "SELECT count(*) FROM school.outbox WHERE event = 'sign_in'"


@dataclass(frozen=True)
class LivePortal:
    """A portal that is served; ``clock`` is what it takes for now."""

    engine: Engine
    settings: Settings
    clock: visitor.Clock

    @property
    def address(self) -> str:
        """Return the address of the portal."""
        assert self.settings.base_url is not None
        return self.settings.base_url

    def link(self, case_id: int, role: str = "student", number: int | None = None) -> str:
        """Return the link that a person of a case is sent."""
        return self.address + visitor.link(self.engine, case_id, role, number)

    def mails(self, folder: Path, *, case_id: int | None = None) -> list[EmailMessage]:
        """Deliver a case's mails into a folder, or those to sign in with; return all in it, newest first."""
        others = "UPDATE school.outbox SET status = 'sent' WHERE status = 'waiting' AND "
        if case_id is None:
            run(self.engine, others + "event <> 'sign_in'")
        else:
            run(self.engine, others + "case_id IS DISTINCT FROM :id", id=case_id)
        settings = self.settings.model_copy(update={"flightsched_home": folder})
        with open_channels(self.engine, settings) as channels:
            drain(self.engine, channels, settings, now=self.clock)
        return read_maildir(folder / "mail")


def html_of(mail: EmailMessage) -> str:
    """Return a mail as its reader sees it."""
    body = mail.get_body(("html",))
    assert body is not None
    content = body.get_content()
    assert isinstance(content, str)
    return content


def sign_in(page: Page, portal: LivePortal, name: str = "Dee Dispatch") -> None:
    """Ask for a link on the page, open the link that was queued, and press its button."""
    page.goto(sign_in_link(page, portal))
    page.get_by_label("Your name").fill(name)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def sign_in_link(page: Page, portal: LivePortal) -> str:
    """Ask for a link on the page; return the link that was queued."""
    before = one(portal.engine, COUNT)
    page.goto(f"{portal.address}/board/sign-in")
    page.get_by_label("e-mail address").fill(address_of(portal.engine, PALO_ALTO))
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Look into")
    while one(portal.engine, COUNT) == before:
        page.wait_for_timeout(20)  # it is queued after the answer
    queued = rows(portal.engine, "SELECT payload FROM school.outbox WHERE event = 'sign_in' ORDER BY id DESC LIMIT 1")
    return str(sign_in_url(portal.settings, queued[0][0]["link_id"]))
