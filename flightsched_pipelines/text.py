"""Text from outside: what the platform accepts from people, and what it keeps of what machines return.

PostgreSQL holds no NUL and UTF-8 no lone surrogate; other control characters garble terminals, logs and mails. A person
is refused in a sentence, and can mend it. A machine is not: its text is kept as far as it can be.
"""

import re

from flightsched_pipelines.errors import PlainError

MAX_KEY_CHARACTERS = 200
"""Characters of an idempotency key; an index holds no longer ones."""

MAX_NAME_CHARACTERS = 200
"""Characters of what names something: a booking's reference, an alert, an address."""

MAX_REASON_CHARACTERS = 500
"""Characters of a reason that a person gives: why a lesson is kept, why an alert is muted."""

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_UNACCEPTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_KINDS = {
    "\x00": "a NUL character",
    **dict.fromkeys(map(chr, range(0xD800, 0xE000)), "a lone surrogate, which is not UTF-8"),
}


class TextError(PlainError, ValueError):
    """A text that is not accepted; the message says what is wrong with it and does not repeat it."""


def accept(text: str, name: str, longest: int) -> str:
    """Return a text that a person gave, unchanged, if it can be stored and shown.

    Args:
        text: what was given. Line breaks and tabs are accepted, other control characters are not.
        name: what it is, to begin the sentence with: ``--reason``, ``the key``.
        longest: the most characters that are accepted.

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
    """Return what can be stored of a text that a machine returned, each character that cannot be as U+FFFD."""
    return _UNSTORABLE.sub("\ufffd", text[:longest])
