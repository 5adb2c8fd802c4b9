"""A feed in a folder."""

import os
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from flightsched_pipelines.clients.schedule_feed.feed import CHANGES, REJECTED, FeedError
from flightsched_pipelines.domain.imports.feed import FeedFile, aside_name, is_of_feed


class FolderFeed:
    """A folder that the scheduler writes to; a file in it may still be growing."""

    arrives_whole = False

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def files(self) -> Sequence[FeedFile]:
        """Return the files at the top."""
        with _in_words("listed"):
            found = [(entry.name, entry.stat()) for entry in os.scandir(self._folder) if entry.is_file()]
        return [
            FeedFile(name, stat.st_size, datetime.fromtimestamp(stat.st_mtime_ns // 1000 / 1e6, UTC))
            for name, stat in found
            if is_of_feed(name)
        ]

    def read(self, name: str, most_bytes: int) -> bytes:
        """Return a file's bytes, at most ``most_bytes`` + 1."""
        with _in_words("read"), (self._folder / name).open("rb") as file:
            return file.read(most_bytes + 1)

    def set_aside(self, file: FeedFile, report: str) -> None:
        """Move a file to ``rejected/``, with a report beside it; the time in its name keeps earlier ones."""
        name = f"{file.modified_at:%Y%m%dT%H%M%S%f}-{aside_name(file.name)}"
        with _in_words("set aside"):
            aside = self._folder / REJECTED
            aside.mkdir(exist_ok=True)
            (aside / f"{name}.report.txt").write_text(f"{report}\n", encoding="utf-8")
            (self._folder / file.name).replace(aside / name)

    def changes(self) -> str:
        """Return the changes as they were last written; empty if they never were."""
        path = self._folder / CHANGES
        with _in_words("read"):
            return path.read_bytes().decode() if path.exists() else ""

    def write_changes(self, content: str) -> None:
        """Replace the changes, all at once."""
        path = self._folder / CHANGES
        with _in_words("written"):
            path.parent.mkdir(exist_ok=True)
            new = path.with_name(".changes.part")
            new.write_bytes(content.encode())
            new.replace(path)


@contextmanager
def _in_words(what: str) -> Generator[None]:
    try:
        yield
    except OSError as error:
        raise FeedError(f"the folder of SCHEDULE_FEED, or a file in it, cannot be {what}: {error.strerror}") from error
