"""Files and folders for their owner alone."""

import os
from pathlib import Path

FILE, FOLDER = 0o600, 0o700


def folder(path: Path) -> None:
    """Make a folder that only its owner can open; one that is there and its owner's is closed to others."""
    path.mkdir(mode=FOLDER, parents=True, exist_ok=True)
    if path.stat().st_mode & 0o077:
        path.chmod(FOLDER)


def close_to_others(path: Path) -> None:
    """Take everybody else's rights to the files in a folder."""
    for file in path.iterdir():
        if file.is_file() and file.stat().st_mode & 0o077:
            file.chmod(FILE)


def write(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read, whoever could read what was there."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE), "wb") as file:
        file.write(content)
