"""A schedule feed, as services use it, and the one that the settings name."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from flightsched_pipelines.domain.imports.feed import FeedFile
from flightsched_pipelines.errors import PlainError
from flightsched_pipelines.settings import Settings

CHANGES = "changes/changes.csv"
REJECTED = "rejected"


class FeedError(PlainError, RuntimeError):
    """A feed that cannot be read or written now; the message says why."""


class ScheduleFeed(Protocol):
    """A folder or a prefix."""

    arrives_whole: bool
    """True if a file is whole as soon as it is listed."""

    def files(self) -> Sequence[FeedFile]:
        """Return the files at the top."""
        ...

    def read(self, name: str, most_bytes: int) -> bytes:
        """Return a file's bytes, at most ``most_bytes`` + 1, so that a larger file is recognized."""
        ...

    def set_aside(self, file: FeedFile, report: str) -> None:
        """Move a file to ``rejected/``, with a report beside it."""
        ...

    def changes(self) -> str:
        """Return the changes as they were last written; empty if they never were."""
        ...

    def write_changes(self, content: str) -> None:
        """Replace the changes, all at once."""
        ...


def open_feed(settings: Settings) -> ScheduleFeed | None:
    """Return the feed of SCHEDULE_FEED, ``None`` if none is set."""
    if settings.schedule_feed is None:
        return None
    from flightsched_pipelines.clients.schedule_feed.bucket import BucketFeed  # noqa: PLC0415, both know this module
    from flightsched_pipelines.clients.schedule_feed.folder import FolderFeed  # noqa: PLC0415

    kind, _, place = settings.schedule_feed.partition(":")
    if kind == "dir":
        return FolderFeed(Path(place))
    bucket, _, prefix = place.removeprefix("//").partition("/")
    return BucketFeed(bucket, prefix, settings.aws_region or "", settings.aws_endpoint_url)
