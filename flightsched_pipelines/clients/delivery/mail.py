"""Send mail into a folder, or by Amazon SES. SMTP is in `flightsched_pipelines.clients.delivery.smtp`."""

import hashlib
from collections.abc import Collection
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol

from flightsched_pipelines.clients import owner_only_files
from flightsched_pipelines.clients.delivery import aws
from flightsched_pipelines.clients.delivery.delivery_errors import ChannelDownError, HandOver


class Mailer(Protocol):
    """Sends mail. ``key`` identifies the message: if the receiver supports it, the same key arrives once."""

    def send(self, message: EmailMessage, key: str, hand_over: HandOver) -> str:
        """Send a mail; returns a receipt.

        Raises:
            DeliveryError: see `flightsched_pipelines.clients.delivery.delivery_errors`.
        """
        ...

    def close(self) -> None:
        """Close connections."""
        ...


class Maildir:
    """A folder in the Maildir form; a key names one file, so that sending it again changes nothing.

    Args:
        folder: it is created with its subfolders, for its owner alone; existing content is closed to others too.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._is_private = False

    def send(self, message: EmailMessage, key: str, hand_over: HandOver) -> str:
        """Write the mail into the folder, whole or not at all."""
        name = f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.flightsched"
        new, draft = self._folder / "new" / name, self._folder / "tmp" / name
        try:
            self._prepare()
            if not new.exists() and not (self._folder / "cur" / f"{name}:2,S").exists():
                hand_over()
                owner_only_files.write(draft, message.as_bytes(policy=policy.SMTP))
                draft.replace(new)
        except OSError as error:
            raise ChannelDownError(
                f"mail cannot be written to {self._folder}: {error.strerror}; free space, or check its owner"
            ) from None
        return name

    def close(self) -> None:
        """Do nothing: no connection is open."""

    def _prepare(self) -> None:
        for part in ("", "tmp", "new", "cur"):
            owner_only_files.folder(self._folder / part)
        if not self._is_private:
            for part in ("tmp", "new", "cur"):
                owner_only_files.close_to_others(self._folder / part)
            self._is_private = True


def read_maildir(folder: Path) -> list[EmailMessage]:
    """Return the mails in a folder, newest first; none if the folder does not exist."""
    if not (folder / "new").is_dir():
        return []
    paths = [path for part in ("new", "cur") for path in (folder / part).iterdir()]
    paths.sort(key=lambda path: (path.stat().st_mtime_ns, path.name), reverse=True)
    return [message_from_bytes(path.read_bytes(), policy=policy.default) for path in paths]  # pyright: ignore[reportReturnType]


def remove_mails(folder: Path, words: Collection[str], *, dry_run: bool) -> int:
    """Remove the mails in a folder that contain one of some words, whatever their case; returns how many."""
    removed = 0
    for path in sorted(folder.glob("*/*")) if folder.is_dir() else ():
        mail = message_from_bytes(path.read_bytes(), policy=policy.default)
        texts = (part.get_content() for part in mail.walk() if part.get_content_maintype() == "text")
        said = "\n".join(map(str, (*mail.values(), *texts))).lower()
        if any(word.lower() in said for word in words):
            removed += 1
            if not dry_run:
                path.unlink()
    return removed


class Ses:
    """Amazon SES, version 2 of its API, raw MIME.

    Args:
        region: Amazon's region.
        endpoint_url: base URL of a compatible server.
    """

    def __init__(self, region: str, endpoint_url: str | None) -> None:
        self._client = aws.sending_client("sesv2", region, endpoint_url)

    def send(self, message: EmailMessage, key: str, hand_over: HandOver) -> str:  # noqa: ARG002, SES knows no keys
        """Send the mail; returns Amazon's id of it."""
        raw = message.as_bytes(policy=policy.SMTP)
        return aws.handed_over(
            "Amazon SES", hand_over, lambda: self._client.send_email(Content={"Raw": {"Data": raw}})["MessageId"]
        )

    def close(self) -> None:
        """Close connections."""
        self._client.close()
