"""A mail server that keeps what it gets, by aiosmtpd; it can refuse, put off and hang up."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


@dataclass
class SmtpServer:
    """Its address, its response to each recipient, and the mails it got.

    ``mode`` is accept, refuse (550), greylist (451), closing (421) or hang_up.
    """

    mode: str = "accept"
    port: int = 0
    password: str | None = None
    mails: list[EmailMessage] = field(default_factory=list[EmailMessage])

    @property
    def url(self) -> str:
        """Its address, as SMTP_URL wants it."""
        user = f"user:{self.password}@" if self.password else ""
        return f"smtp://{user}127.0.0.1:{self.port}"

    async def handle_RCPT(  # noqa: N802, aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Answer a recipient."""
        if self.mode == "hang_up":
            assert server.transport is not None
            server.transport.close()
        answers = {"refuse": "550 no such user", "greylist": "451 try later", "closing": "421 closing"}
        if self.mode in answers:
            return answers[self.mode]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep a mail."""
        assert isinstance(envelope.content, bytes)
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))  # pyright: ignore
        return "250 OK"


@contextmanager
def running(mode: str = "accept", password: str | None = None) -> Generator[SmtpServer]:
    """A server of the test's own."""
    kept = SmtpServer(mode=mode, password=password)

    def known(server: SMTP, session: Session, envelope: Envelope, mechanism: str, auth: Any) -> AuthResult:
        assert isinstance(auth, LoginPassword)
        return AuthResult(success=auth.password == b"right", handled=False)

    options: dict[str, Any] = {}
    if password is not None:
        options = {"authenticator": known, "auth_required": True, "auth_require_tls": False}
    controller = _Controller(kept, hostname="127.0.0.1", port=0, **options)
    controller.start()
    kept.port = _port_of(controller)
    try:
        yield kept
    finally:
        controller.stop()


def _port_of(controller: Controller) -> int:
    assert isinstance(controller.server, asyncio.Server)
    return controller.server.sockets[0].getsockname()[1]


class _Controller(Controller):
    """aiosmtpd asks its own port whether it is up; with a port of the system's choice it has to be told which."""

    def _trigger_server(self) -> None:
        self.port = _port_of(self)
        super()._trigger_server()
