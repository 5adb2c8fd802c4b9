"""A portal under test: its address, its mail, and the links of its people."""

from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

from sqlalchemy import Engine

from flightsched_pipelines.clients.delivery.mail import read_maildir
from flightsched_pipelines.services.delivery.channel_senders import open_channels
from flightsched_pipelines.services.delivery.outbox_worker import drain
from flightsched_pipelines.settings import Settings
from flightsched_pipelines_tests.integration.portal import visitor
from flightsched_pipelines_tests.integration.services.helpers import run


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
        """Deliver what waits into a folder, of a case alone if one is given; return the mails in it, newest first."""
        others = "UPDATE school.outbox SET status = 'sent' WHERE status = 'waiting' AND case_id IS DISTINCT FROM :id"
        run(self.engine, others, id=case_id)
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
