"""Files that a school's scheduler drops: the kind that a name begins with, and the order in which files are taken."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from flightsched_pipelines.domain.imports.kinds.catalogue import KINDS, FileKind
from flightsched_pipelines.text import storable

_NAME = re.compile(r"(?P<kind>[a-z]+)(?:[-_. ].*)?\.(?:csv|xlsx)", re.IGNORECASE | re.DOTALL)
_ORDER = list(KINDS)

MAX_NAME_CHARACTERS = 1_024
"""Maximum length of a name: a folder has shorter ones, and S3 keys of so many bytes."""

MAX_ASIDE_BYTES = 200
"""Bytes of a name that is set aside; the time before it and the report's ending after it make it longer by 33."""


@dataclass(frozen=True, slots=True)
class FeedFile:
    """A file of the feed as it is listed; a file that is written anew is another."""

    name: str
    size_bytes: int
    modified_at: datetime


def is_of_feed(name: str) -> bool:
    """Return whether a file is for the feed: CSV or a workbook, neither hidden nor the half of a transfer."""
    return not name.startswith((".", "~")) and name.lower().endswith((".csv", ".xlsx"))


def kind_of(name: str) -> FileKind | None:
    """Return the kind that a file's name begins with, as in ``bookings-2027-01-11.csv``; ``None`` for none."""
    found = _NAME.fullmatch(name)
    return None if found is None else KINDS.get(found["kind"].lower())


def stored_name(name: str) -> str:
    """Return a file's name as the database holds it: a name that is not UTF-8, or has a NUL, with U+FFFD in it."""
    return storable(name, MAX_NAME_CHARACTERS)


def aside_name(name: str) -> str:
    """Return the name of a file that is set aside: its own, or one that every folder, bucket and terminal can hold."""
    plain = "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in name)
    if plain == name and len(name.encode()) <= MAX_ASIDE_BYTES:
        return name
    stem, dot, ending = plain.rpartition(".")
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    most = MAX_ASIDE_BYTES - len(f"-{digest}{dot}{ending}")
    return f"{stem.encode()[:most].decode(errors='ignore')}-{digest}{dot}{ending}"


def in_order(files: Iterable[FeedFile]) -> list[FeedFile]:
    """Return files as they are to be taken: by kind, as rows name those of the kinds before, then the oldest first."""
    return sorted(files, key=lambda file: (_rank(file.name), file.modified_at, file.name))


def _rank(name: str) -> int:
    kind = kind_of(name)
    return len(_ORDER) if kind is None else _ORDER.index(kind.name)
