"""An archive in a folder that only its owner can read."""

import os
from pathlib import Path

from flightsched_pipelines.clients import owner_only_files
from flightsched_pipelines.clients.archive.store import ArchiveError


class FolderArchive:
    """A folder; a file appears in it when it is whole and on the disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, name: str) -> bytes | None:
        """Return a file's bytes; ``None`` if there is none."""
        try:
            return (self._folder / name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ArchiveError(f"{name} in the folder of ARCHIVE cannot be read: {error.strerror}") from error

    def add(self, name: str, content: bytes) -> None:
        """Write a file that does not exist yet, and have the disk keep it and the entries of all folders down to it."""
        path = self._folder / name
        part = path.with_name(f".{path.name}.part")
        try:
            keeps_entry = next(one for one in (self._folder, *self._folder.parents) if one.is_dir())
            if keeps_entry != self._folder:
                owner_only_files.folder(self._folder)
            path.parent.mkdir(parents=True, exist_ok=True)
            owner_only_files.write(part, content)
            owner_only_files.sync(part)
            os.link(part, path)  # fails where the file exists, as a rename would not
            part.unlink()
            # Also folders that exist: an earlier attempt may have ended before the disk had their entries.
            for folder in (path.parent, *path.parent.parents):
                owner_only_files.sync(folder)
                if folder == keeps_entry:
                    break
        except OSError as error:
            raise ArchiveError(f"{name} in the folder of ARCHIVE cannot be written: {error.strerror}") from error
