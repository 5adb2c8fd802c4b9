"""Validate text from people, and make text from machines storable.

PostgreSQL stores no NUL and UTF-8 no lone surrogate; other control characters garble terminals, logs and mails. A
person's text is rejected with a sentence, to be corrected. A machine's is stored as far as it can be.
"""

import re

from flightsched_pipelines.errors import PlainError

MAX_KEY_CHARACTERS = 200
"""Maximum length of an idempotency key; an index holds no longer ones."""

MAX_NAME_CHARACTERS = 200
"""Maximum length of a name: a booking's reference, an alert, an address."""

MAX_REASON_CHARACTERS = 500
"""Characters of a reason that a person gives: why a lesson is kept, why an alert is muted."""

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_UNACCEPTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_KINDS = {
    "\x00": "a NUL character",
    **dict.fromkeys(map(chr, range(0xD800, 0xE000)), "a lone surrogate, which is not UTF-8"),
}


class TextError(PlainError, ValueError):
    """A text that is not accepted; the message describes the fault and does not repeat the text."""


def accept(text: str, name: str, longest: int) -> str:
    """Return a person's text, unchanged, if it can be stored and shown.

    Args:
        text: the text. Line breaks and tabs are accepted, other control characters are not.
        name: its name at the beginning of the error: ``--reason``, ``the key``.
        longest: maximum number of characters.

    Raises:
        TextError: it is longer, or has a character that is not accepted.
    """
    if len(text) > longest:
        raise TextError(f"{name} has {len(text):,} characters; give at most {longest:,}")
    found = _UNACCEPTABLE.search(text)
    if found is not None:
        kind = _KINDS.get(found[0], f"the control character U+{ord(found[0]):04X}")
        raise TextError(f"{name} has {kind} at character {found.start() + 1}; leave it out")
    return text


def storable(text: str, longest: int) -> str:
    """Return a machine's text in storable form, each character that cannot be stored as U+FFFD."""
    return _UNSTORABLE.sub("\ufffd", text[:longest])


def one_line(text: str) -> str:
    """Return a text on one line, without control characters or marks that turn the direction of writing."""
    if text.isprintable():
        return text
    return " ".join("".join(c if c.isprintable() else " " if c.isspace() else "" for c in text).split())
