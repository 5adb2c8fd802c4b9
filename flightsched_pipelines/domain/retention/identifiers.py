"""Patterns that find a person in any text: the name, the address and the number, in plain text and in JSON."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

ERASED = "(erased)"
"""The words that replace them."""

_FEWEST_DIGITS = 7


@dataclass(frozen=True, slots=True)
class Mention:
    """A search for identifiers: a regular expression of PostgreSQL's, and plain words.

    Every match contains one of the words, in capitals or not; the words are found many times faster.
    """

    pattern: str
    words: Sequence[str]


def is_telling(identifier: str) -> bool:
    """Return whether an identifier names one person wherever it stands; a single word may be anything."""
    digits = sum(letter.isdigit() for letter in identifier)
    return "@" in identifier or digits >= _FEWEST_DIGITS or len(identifier.split()) > 1


def mention_of(identifiers: Iterable[str]) -> Mention | None:
    """Return the search for identifiers as whole words; ``None`` for none.

    Each is found in plain text, and as JSON writes it, in Unicode and in ASCII.
    """
    found = {form for identifier in identifiers for form in _forms(identifier)}
    forms = sorted(found, key=lambda one: (-len(one), one))
    return Mention("|".join(_whole(form) for form in forms), forms) if forms else None


def _forms(identifier: str) -> Iterator[str]:
    # In a database of locale C, letters beyond ASCII have no case.
    for spelled in (identifier, identifier.lower(), identifier.upper()):
        yield spelled
        for ascii_alone in (False, True):
            written = json.dumps(spelled, ensure_ascii=ascii_alone)[1:-1]
            yield from (written, json.dumps(written)[1:-1])
    digits = re.sub(r"[^\d+]", "", identifier)
    if "@" not in identifier and len(digits) >= _FEWEST_DIGITS:
        yield digits


def _whole(form: str) -> str:
    """Return a pattern of the form with no letter or digit before or after it; before it, JSON may end a line."""
    escaped = "".join(letter if letter.isalnum() or letter.isspace() else f"\\{letter}" for letter in form)
    before = r"((?<![[:alnum:]])|(?<=\\[nrtbf]))" if form[0].isalnum() else ""
    return before + escaped + ("(?![[:alnum:]])" if form[-1].isalnum() else "")
