"""Create files and folders for their owner alone."""

import os
from pathlib import Path

FILE, FOLDER = 0o600, 0o700


def folder(path: Path) -> None:
    """Create a folder that only its owner can open; an existing one of the owner is closed to others."""
    path.mkdir(mode=FOLDER, parents=True, exist_ok=True)
    if is_open(path):
        path.chmod(FOLDER)


def close_to_others(path: Path) -> None:
    """Remove everybody else's rights to the files in a folder."""
    for file in path.iterdir():
        if file.is_file() and is_open(file):
            file.chmod(FILE)


def is_open(path: Path) -> bool:
    """Return whether others than the owner have any right to a file or folder."""
    return bool(path.stat().st_mode & 0o077)


def write(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read, whatever the rights of an earlier one."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE), "wb") as file:
        file.write(content)


def sync(path: Path) -> None:
    """Have the disk keep a file, or the entries of a folder, before this returns."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
