"""Send mail into a folder. SMTP and Amazon SES are in `clients.delivery.smtp` and `clients.delivery.ses`."""

import hashlib
from collections.abc import Collection
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol

from flightsched_pipelines.clients import owner_only_files
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
