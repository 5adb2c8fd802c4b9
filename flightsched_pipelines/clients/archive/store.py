"""An archive, as services use it, and the one that the settings name."""

from pathlib import Path
from typing import Protocol

from flightsched_pipelines.errors import PlainError
from flightsched_pipelines.settings import Settings


class ArchiveError(PlainError, RuntimeError):
    """An archive that cannot be read or written now, or holds something else; the message says which file, and why."""


class Archive(Protocol):
    """A folder or a prefix; names are relative to it, with slashes."""

    def read(self, name: str) -> bytes | None:
        """Return a file's bytes; ``None`` if there is none."""
        ...

    def add(self, name: str, content: bytes) -> None:
        """Write a file that does not exist yet, whole, and so that it outlives a failure of the power."""
        ...


def open_archive(settings: Settings) -> Archive | None:
    """Return the archive of ARCHIVE, ``None`` if none is set."""
    if settings.archive is None:
        return None
    from flightsched_pipelines.clients.archive.bucket import BucketArchive  # noqa: PLC0415, both know this module
    from flightsched_pipelines.clients.archive.folder import FolderArchive  # noqa: PLC0415

    kind, _, place = settings.archive.partition(":")
    if kind == "dir":
        return FolderArchive(Path(place))
    bucket, _, prefix = place.removeprefix("//").partition("/")
    return BucketArchive(bucket, prefix, settings.aws_region or "", settings.aws_endpoint_url)
