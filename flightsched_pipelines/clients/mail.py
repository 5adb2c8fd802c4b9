"""Mail out: into a folder, by SMTP, or by Amazon SES."""

import hashlib
import smtplib
import ssl
from contextlib import suppress
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import SplitResult, unquote, urlsplit

from flightsched_pipelines.clients.aws import TROUBLE, client, down_or_refused
from flightsched_pipelines.clients.delivery import ChannelDown, DeliverySettingsError, NotYet, Refused


class Mailer(Protocol):
    """Sends mail. ``key`` is the message's own: where the receiver can tell, the same key arrives once."""

    def send(self, message: EmailMessage, key: str) -> str:
        """Hand a mail over; returns a receipt.

        Raises:
            DeliveryError: as `flightsched_pipelines.clients.delivery` says.
        """
        ...

    def close(self) -> None:
        """Let connections go."""
        ...


class Maildir:
    """A folder in the Maildir form; a key names one file, so that sending it again changes nothing.

    Args:
        folder: it is made with its subfolders.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, message: EmailMessage, key: str) -> str:
        """Write the mail beside the others, whole or not at all."""
        name = f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.flightsched"
        new, draft = self._folder / "new" / name, self._folder / "tmp" / name
        try:
            for part in ("tmp", "new", "cur"):
                (self._folder / part).mkdir(parents=True, exist_ok=True)
            if not new.exists() and not (self._folder / "cur" / f"{name}:2,S").exists():
                draft.write_bytes(message.as_bytes(policy=policy.SMTP))
                draft.replace(new)
        except OSError as error:
            raise ChannelDown(
                f"mail cannot be written to {self._folder}: {error.strerror}; free space, or check its owner"
            ) from None
        return name

    def close(self) -> None:
        """Nothing is open."""


def read_maildir(folder: Path) -> list[EmailMessage]:
    """The mails in a folder, newest first; none where there is no folder."""
    if not (folder / "new").is_dir():
        return []
    paths = [path for part in ("new", "cur") for path in (folder / part).iterdir()]
    paths.sort(key=lambda path: (path.stat().st_mtime_ns, path.name), reverse=True)
    return [message_from_bytes(path.read_bytes(), policy=policy.default) for path in paths]  # pyright: ignore[reportReturnType]


class Smtp:
    """A mail server; the connection is kept, and made anew when it was lost.

    Args:
        url: ``smtp://user:password@host:587`` (TLS as soon as the server offers it), or ``smtps://`` for TLS from the
            start.
        timeout_seconds: for each step of the conversation.

    Raises:
        DeliverySettingsError: the URL is no such one.
    """

    def __init__(self, url: str, timeout_seconds: float) -> None:
        self._url = _smtp_url(url)
        self._timeout = timeout_seconds
        self._server: smtplib.SMTP | None = None

    def send(self, message: EmailMessage, key: str) -> str:
        """Hand the mail to the server, connecting again once if the connection was lost meanwhile."""
        for last in (False, True):
            fresh = self._server is None
            server = self._connected()
            try:
                server.send_message(message)
            except (smtplib.SMTPServerDisconnected, ConnectionError, TimeoutError) as error:
                self.close()
                if last or fresh:
                    raise ChannelDown(f"{self._place} hung up: {type(error).__name__}; see the server's log") from None
            except smtplib.SMTPRecipientsRefused as error:
                codes = [code for code, _ in error.recipients.values()]
                raise _judged(codes[0], f"{self._place} does not take mail for this reader") from None
            except smtplib.SMTPResponseException as error:
                self.close()
                raise _judged(error.smtp_code, f"{self._place} does not take this mail") from None
            except smtplib.SMTPException as error:
                raise NotYet(f"{self._place}: {type(error).__name__}") from None
            else:
                return str(message["Message-ID"] or key)
        raise AssertionError("the second round returns or raises")

    def close(self) -> None:
        """Say goodbye, if there still is a connection."""
        if self._server is not None:
            with suppress(smtplib.SMTPException, OSError):
                self._server.quit()
            self._server = None

    @property
    def _place(self) -> str:
        return f"the mail server {self._url.hostname}:{self._port}"

    @property
    def _port(self) -> int:
        return self._url.port or (465 if self._url.scheme == "smtps" else 587)

    def _connected(self) -> smtplib.SMTP:
        if self._server is None:
            try:
                self._server = self._connect()
            except smtplib.SMTPAuthenticationError:
                raise ChannelDown(f"{self._place} does not accept our user and password; check SMTP_URL") from None
            except (OSError, smtplib.SMTPException) as error:
                why = "no answer in time" if isinstance(error, TimeoutError) else type(error).__name__
                raise ChannelDown(f"{self._place} cannot be reached: {why}; check SMTP_URL and the server") from None
        return self._server

    def _connect(self) -> smtplib.SMTP:
        host = str(self._url.hostname)
        if self._url.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                host, self._port, timeout=self._timeout, context=ssl.create_default_context()
            )
        else:
            server = smtplib.SMTP(host, self._port, timeout=self._timeout)
            server.ehlo()
            if server.has_extn("starttls"):
                server.starttls(context=ssl.create_default_context())
                server.ehlo()
        if self._url.username:
            server.login(unquote(self._url.username), unquote(self._url.password or ""))
        return server


class Ses:
    """Amazon SES, version 2 of its interface, raw MIME.

    Args:
        region: Amazon's region.
        endpoint_url: another server that speaks the protocol.
    """

    def __init__(self, region: str, endpoint_url: str | None) -> None:
        self._client: Any = client("sesv2", region, endpoint_url)

    def send(self, message: EmailMessage, key: str) -> str:  # noqa: ARG002, SES knows no keys
        """Hand the mail over; returns Amazon's id of it."""
        try:
            answer = self._client.send_email(Content={"Raw": {"Data": message.as_bytes(policy=policy.SMTP)}})
        except TROUBLE as error:
            raise down_or_refused(error, "Amazon SES") from None
        return str(answer["MessageId"])

    def close(self) -> None:
        """Let connections go."""
        self._client.close()


def _smtp_url(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise DeliverySettingsError("SMTP_URL is no address of a mail server; set smtp://user:password@host:587")
    return parts


def _judged(code: int, words: str) -> Refused | NotYet | ChannelDown:
    """421 is the server's own trouble, other 4xx are the message's for now, 5xx for good."""
    if code == 421:
        return ChannelDown(f"{words}: it is closing (421); it is tried again")
    return NotYet(f"{words} yet ({code})") if 400 <= code < 500 else Refused(f"{words} ({code}); check the address")
