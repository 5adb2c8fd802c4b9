"""Send mail by SMTP (RFC 5321), so that it is always known whether the server may have taken a mail.

It may have from the moment the mail's text is sent: an earlier failure is known not to have been delivered, and a later
one, without the server's response, may have been.
"""

import ipaddress
import re
import smtplib
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass
from email.generator import BytesGenerator
from email.message import EmailMessage
from email.utils import parseaddr
from io import BytesIO
from urllib.parse import SplitResult, unquote, urlsplit

from flightsched_pipelines.clients.delivery.delivery_errors import (
    BrokenOffError,
    ChannelDownError,
    DeliveryError,
    DeliverySettingsError,
    HandOver,
    MessageRefusedError,
    NotYetError,
    PerhapsDeliveredError,
)

GOODBYE_SECONDS = 5.0

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))


@dataclass(frozen=True, slots=True)
class SmtpTimeouts:
    """Time limits for a server, in seconds; the defaults are the least that RFC 5321, section 4.5.3.2, allows."""

    connect: float = 30
    """Not in the RFC; nothing was sent yet."""
    greeting: float = 300
    """For the greeting, and for each step until mails can be sent."""
    command: float = 300
    """For MAIL and RCPT."""
    data: float = 120
    """For the response to DATA."""
    text: float = 180
    """For sending the mail's text."""
    end_of_text: float = 600
    """For the response to the mail: the server may be delivering it, and a client that gives up early never learns."""


class Smtp:
    """A mail server; connections are kept, and reopened if lost. Safe to share between threads.

    Args:
        url: ``smtp://user:password@host:587`` (STARTTLS), or ``smtps://`` for TLS from the start.
        allow_plaintext: whether password and mails may go unencrypted to a server that offers no STARTTLS; to one on
            this machine they always may.
        timeouts: time limits for the server.

    Raises:
        DeliverySettingsError: the URL is not one of these.
    """

    def __init__(self, url: str, *, allow_plaintext: bool = False, timeouts: SmtpTimeouts = SmtpTimeouts()) -> None:
        self._url = _smtp_url(url)
        self._allow_plaintext = allow_plaintext
        self._timeouts = timeouts
        self._idle: list[smtplib.SMTP] = []

    def send(self, message: EmailMessage, key: str, hand_over: HandOver) -> str:
        """Send the mail; a kept connection that was lost meanwhile is reopened first."""
        sender, reader = (parseaddr(str(message[header]))[1] for header in ("From", "To"))
        text = _text(message)
        server = self._mail_from(sender, len(text))
        try:
            self._transfer(server, reader, text, hand_over)
        except BaseException:
            server.close()
            raise
        self._idle.append(server)
        return str(message["Message-ID"] or key)

    def close(self) -> None:
        """Quit each idle connection."""
        while self._idle:
            server = self._idle.pop()
            _wait_at_most(server, GOODBYE_SECONDS)
            with suppress(OSError):
                server.quit()

    @property
    def _place(self) -> str:
        return f"the mail server {self._url.hostname}:{self._port}"

    @property
    def _port(self) -> int:
        return self._url.port or (465 if self._url.scheme == "smtps" else 587)

    def _mail_from(self, sender: str, size: int) -> smtplib.SMTP:
        """A connection on which the server awaits a reader; a kept one may have been closed by the server meanwhile."""
        while self._idle:
            server = self._idle.pop()
            try:
                code = self._begun(server, sender, size)
            except OSError:
                server.close()
                continue
            if code != 421:
                return self._judged_sender(server, code)
            server.close()
        server = self._connected()
        try:
            return self._judged_sender(server, self._begun(server, sender, size))
        except OSError as error:
            server.close()
            raise self._broken_off(error) from None

    def _begun(self, server: smtplib.SMTP, sender: str, size: int) -> int:
        _wait_at_most(server, self._timeouts.command)
        return server.mail(sender, [f"size={size}"] if server.has_extn("size") else [])[0]

    def _judged_sender(self, server: smtplib.SMTP, code: int) -> smtplib.SMTP:
        """The connection, if the sender is accepted; a refusal applies to every mail unless the mail is too long."""
        if code == 250:
            return server
        server.close()
        if code == 552:
            raise MessageRefusedError(f"{self._place} does not take a mail of this size (552)")
        if code >= 500:
            raise ChannelDownError(
                f"{self._place} accepts no mail from our sender ({code}); check MAIL_FROM and SMTP_URL"
            )
        raise BrokenOffError(f"{self._place} accepts no mail from our sender yet ({code})")

    def _transfer(self, server: smtplib.SMTP, reader: str, text: bytes, hand_over: HandOver) -> None:
        try:
            if (code := server.rcpt(reader)[0]) not in {250, 251}:
                raise self._disagreement(code, "mail for this reader")
            _wait_at_most(server, self._timeouts.data)
            if (code := server.docmd("DATA")[0]) != 354:
                raise self._disagreement(code, "this mail")
        except OSError as error:
            raise self._broken_off(error) from None
        hand_over()
        try:
            _wait_at_most(server, self._timeouts.text)
            server.send(text)
            _wait_at_most(server, self._timeouts.end_of_text)
            code = server.getreply()[0]
        except OSError as error:
            raise PerhapsDeliveredError(
                f"perhaps delivered: {self._place} received the mail and {_what_happened(error)}; see the server's log"
            ) from None
        if 400 <= code < 600:
            raise self._disagreement(code, "this mail")
        if not 200 <= code < 300:
            raise PerhapsDeliveredError(
                f"perhaps delivered: {self._place} received the mail and its response is not valid ({code})"
            )

    def _disagreement(self, code: int, what: str) -> DeliveryError:
        """Take 4xx as temporary and 5xx as final; 421, and an invalid response, are the server's own failure."""
        words = f"{self._place} does not accept {what}"
        if code == 421 or not 400 <= code < 600:
            return BrokenOffError(f"{words}: it is closing, or confused ({code})")
        return (
            NotYetError(f"{words} yet ({code})")
            if code < 500
            else MessageRefusedError(f"{words} ({code}); check the address")
        )

    def _broken_off(self, error: OSError) -> BrokenOffError:
        return BrokenOffError(
            f"{self._place} {_what_happened(error)} before it received the mail; see the server's log"
        )

    def _connected(self) -> smtplib.SMTP:
        server = smtplib.SMTP()
        try:
            self._connect(server)
        except smtplib.SMTPAuthenticationError:
            server.close()
            raise ChannelDownError(f"{self._place} does not accept our user and password; check SMTP_URL") from None
        except OSError as error:
            server.close()
            why = "no answer in time" if _is_late(error) else type(error).__name__
            raise ChannelDownError(f"{self._place} cannot be reached: {why}; check SMTP_URL and the server") from None
        except ChannelDownError:
            server.close()
            raise
        return server

    def _connect(self, server: smtplib.SMTP) -> None:
        host = str(self._url.hostname)
        connection = socket.create_connection((host, self._port), self._timeouts.connect)
        server.sock = connection
        connection.settimeout(self._timeouts.greeting)
        if self._url.scheme == "smtps":
            server.sock = ssl.create_default_context().wrap_socket(connection, server_hostname=host)
        code, words = server.getreply()
        if code != 220:
            raise smtplib.SMTPConnectError(code, words)
        server.ehlo_or_helo_if_needed()
        if self._url.scheme == "smtp":
            self._encrypt(server, host)
        if self._url.username:
            server.login(unquote(self._url.username), unquote(self._url.password or ""))

    def _encrypt(self, server: smtplib.SMTP, host: str) -> None:
        if not server.has_extn("starttls"):
            if self._allow_plaintext or is_on_this_machine(host):
                return
            raise ChannelDownError(
                f"{self._place} offers no STARTTLS, so that password and mails would go unencrypted; use smtps://, or "
                "set SMTP_ALLOW_PLAINTEXT=true on a network that you trust"
            )
        code, words = server.docmd("STARTTLS")
        if code != 220 or server.sock is None:
            raise smtplib.SMTPResponseException(code, words)
        server.sock = ssl.create_default_context().wrap_socket(server.sock, server_hostname=host)
        # Data read before the handshake may be an attacker's (RFC 3207, section 6).
        server.file = None
        server.ehlo()


def is_on_this_machine(host: str) -> bool:
    """Return whether a host is of 127.0.0.0/8, ``::1`` or ``localhost``: other spellings, and other names, are not."""
    if host.lower() == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return any(address in network for network in LOOPBACK)


def _wait_at_most(server: smtplib.SMTP, seconds: float) -> None:
    if server.sock is not None:
        server.sock.settimeout(seconds)


def _text(message: EmailMessage) -> bytes:
    """The mail in the form of DATA: lines end with CRLF, a dot at a line's start is doubled, and one alone ends it."""
    written = BytesIO()
    BytesGenerator(written).flatten(message, linesep="\r\n")
    return re.sub(rb"(?m)^\.", b"..", written.getvalue().removesuffix(b"\r\n")) + b"\r\n.\r\n"


def _what_happened(error: OSError) -> str:
    return "did not answer in time" if _is_late(error) else "hung up"


def _is_late(error: OSError) -> bool:
    """Return whether time ran out; smtplib converts that into a lost connection."""
    return isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError)


def _smtp_url(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise DeliverySettingsError("SMTP_URL is not the address of a mail server; set smtp://user:password@host:587")
    return parts
