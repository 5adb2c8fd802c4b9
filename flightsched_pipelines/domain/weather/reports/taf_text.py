"""Read the raw text of TAFs, group by group.

A group whose time cannot be read has none, and counts from issue to end. A word that is not understood and might have
opened a group counts as such an opening, of an unreadable kind; so does a time without an opening.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from flightsched_pipelines.domain.weather.conditions import ELEMENTS, UnreadWord
from flightsched_pipelines.domain.weather.reports.heading import after_heading, is_cancelled, moment, without_remarks
from flightsched_pipelines.domain.weather.reports.report_elements import ReportElements, folded, together
from flightsched_pipelines.domain.weather.reports.words.meanings import (
    Harmless,
    is_doubtful,
    read_word,
    read_words,
    words_of,
)

Change = Literal["BASE", "FM", "BECMG", "TEMPO", "PROB", "UNREAD"]

_PERIOD = re.compile(r"(\d{2})(\d{2})/(\d{2})(\d{2})")
_FROM = re.compile(r"FM ?(\d{2})(\d{2})(\d{2})")
_LIKE_A_TIME = re.compile(r"[0-9OIL/]{4,10}|FM ?\d{6}")
_LIKE_AN_OPENING = re.compile(r"[FM]{0,3}[0-9OIL]{1,7}|[A-Z]{3,5}[0-9OI]{0,3}|\d{4}/\d{4}")
_PROBABILITY = re.compile(r"PROB([1-5]0)(?: (?:TEMPO|INTER))?")
_LASTING: dict[str, Change] = {"BECMG": "BECMG", "TEMPO": "TEMPO", "INTER": "TEMPO"}


@dataclass(frozen=True, slots=True)
class TextGroup:
    """One group of a TAF's text.

    ``from_utc`` is ``None`` if its time cannot be read; so is ``to_utc``, also for FM, which applies until the next
    group. ``opening`` is its beginning, folded: the kind and the time as written.
    """

    change: Change
    probability: int | None
    from_utc: datetime | None
    to_utc: datetime | None
    said: ReportElements
    words: Sequence[str]
    opening: str


@dataclass(slots=True)
class _Open:
    """A group while its words are gathered."""

    change: Change
    opener: str = ""
    probability: int | None = None
    time: str | None = None
    words: list[str] = field(default_factory=list[str])
    unread: list[UnreadWord] = field(default_factory=list[UnreadWord])
    begun: bool = False

    @property
    def awaits_time(self) -> bool:
        """Return whether neither its time nor an element has come yet."""
        return self.time is None and not self.begun

    def take(self, word: str) -> None:
        """Add a word that is not in doubt."""
        self.words.append(word)
        self.begun |= not isinstance(read_word(word), Harmless)


def taf_groups(raw: str, station: str, near_utc: datetime) -> list[TextGroup]:
    """Return the groups of a TAF's text, its days resolved to the month nearest to ``near_utc``."""
    if not raw or is_cancelled(raw):
        return []
    words, _ = without_remarks(after_heading(words_of(raw), station))
    return [_closed(group, near_utc) for group in _split(words)]


def _split(words: Sequence[str]) -> list[_Open]:
    """The words of each group, with those that opened it."""
    groups = [_Open("BASE")]
    for word in words:
        group = groups[-1]
        if opened := _opened(word):
            groups.append(opened)
        elif _PERIOD.fullmatch(word):
            if group.awaits_time:
                group.time = word
            else:
                groups.append(_Open("UNREAD", time=word, unread=[UnreadWord(word, ())]))
        elif not is_doubtful(word):
            group.take(word)
        elif group.awaits_time and group.change != "UNREAD":
            group.time = word  # the place of the time
        else:
            _in_doubt(groups, word)
    return [group for group in groups if group.words or group.time or group.change == "BASE"]


def _in_doubt(groups: list[_Open], word: str) -> None:
    """Mark a word that is not understood: all elements of its group are missing, and it may have opened another."""
    if groups[-1].awaits_time:  # it was opened by just such a word
        groups[-1].opener += f" {word}"
        groups[-2].unread.append(UnreadWord(word, ELEMENTS))
    else:
        groups[-1].unread.append(UnreadWord(word, ELEMENTS))
        hides_more = any(char.isdigit() for char in word) and not _LIKE_AN_OPENING.fullmatch(word)
        unread = [UnreadWord(word, ELEMENTS)] if hides_more else []
        groups.append(_Open("UNREAD", opener=word, unread=unread))


def _opened(word: str) -> _Open | None:
    if _FROM.fullmatch(word):
        return _Open("FM", time=word)
    if matched := _PROBABILITY.fullmatch(word):
        return _Open("PROB", word, int(matched[1]))
    change = _LASTING.get(word)
    return None if change is None else _Open(change, word)


def _closed(group: _Open, near_utc: datetime) -> TextGroup:
    since, until = _span(group.time or "", near_utc)
    said = read_words(group.words)
    unread = list(group.unread)
    if since is None and group.time:
        # It makes nothing missing, as its group counts throughout; unless another word ran into it.
        unread.append(UnreadWord(group.time, () if _LIKE_A_TIME.fullmatch(group.time) else ELEMENTS))
    if unread:
        said = together((ReportElements(unread=tuple(unread)), said))
    opening = folded(f"{group.opener} {group.time or ''}".strip())
    return TextGroup(group.change, group.probability, since, until, said, group.words, opening)


def _span(time: str, near_utc: datetime) -> tuple[datetime | None, datetime | None]:
    if matched := _FROM.fullmatch(time):
        return moment(int(matched[1]), int(matched[2]), int(matched[3]), near_utc), None
    matched = _PERIOD.fullmatch(time)
    if matched is None:
        return None, None
    start = moment(int(matched[1]), int(matched[2]), 0, near_utc)
    end = moment(int(matched[3]), int(matched[4]), 0, near_utc)
    return (None, None) if start is None or end is None or end <= start else (start, end)
