"""Mail out: into a folder, or by Amazon SES. SMTP is in `flightsched_pipelines.clients.delivery.smtp`."""

import hashlib
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol

from flightsched_pipelines.clients import private_files
from flightsched_pipelines.clients.delivery import aws
from flightsched_pipelines.clients.delivery.delivery_errors import ChannelDownError, HandOver


class Mailer(Protocol):
    """Sends mail. ``key`` is the message's own: where the receiver can tell, the same key arrives once."""

    def send(self, message: EmailMessage, key: str, hand_over: HandOver) -> str:
        """Hand a mail over; returns a receipt.

        Raises:
            DeliveryError: as `flightsched_pipelines.clients.delivery.delivery_errors` says.
        """
        ...

    def close(self) -> None:
        """Let connections go."""
        ...


class Maildir:
    """A folder in the Maildir form; a key names one file, so that sending it again changes nothing.

    Args:
        folder: it is made with its subfolders, for its owner alone; what is there already is closed to others too.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._is_private = False

    def send(self, message: EmailMessage, key: str, hand_over: HandOver) -> str:
        """Write the mail beside the others, whole or not at all."""
        name = f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.flightsched"
        new, draft = self._folder / "new" / name, self._folder / "tmp" / name
        try:
            self._prepare()
            if not new.exists() and not (self._folder / "cur" / f"{name}:2,S").exists():
                hand_over()
                private_files.write(draft, message.as_bytes(policy=policy.SMTP))
                draft.replace(new)
        except OSError as error:
            raise ChannelDownError(
                f"mail cannot be written to {self._folder}: {error.strerror}; free space, or check its owner"
            ) from None
        return name

    def close(self) -> None:
        """Nothing is open."""

    def _prepare(self) -> None:
        for part in ("", "tmp", "new", "cur"):
            private_files.folder(self._folder / part)
        if not self._is_private:
            for part in ("tmp", "new", "cur"):
                private_files.close_to_others(self._folder / part)
            self._is_private = True


def read_maildir(folder: Path) -> list[EmailMessage]:
    """The mails in a folder, newest first; none where there is no folder."""
    if not (folder / "new").is_dir():
        return []
    paths = [path for part in ("new", "cur") for path in (folder / part).iterdir()]
    paths.sort(key=lambda path: (path.stat().st_mtime_ns, path.name), reverse=True)
    return [message_from_bytes(path.read_bytes(), policy=policy.default) for path in paths]  # pyright: ignore[reportReturnType]


class Ses:
    """Amazon SES, version 2 of its interface, raw MIME.

    Args:
        region: Amazon's region.
        endpoint_url: another server that speaks the protocol.
    """

    def __init__(self, region: str, endpoint_url: str | None) -> None:
        self._client = aws.sending_client("sesv2", region, endpoint_url)

    def send(self, message: EmailMessage, key: str, hand_over: HandOver) -> str:  # noqa: ARG002, SES knows no keys
        """Hand the mail over; returns Amazon's id of it."""
        raw = message.as_bytes(policy=policy.SMTP)
        return aws.handed_over(
            "Amazon SES", hand_over, lambda: self._client.send_email(Content={"Raw": {"Data": raw}})["MessageId"]
        )

    def close(self) -> None:
        """Let connections go."""
        self._client.close()
