"""The law: a report with a word wrong never reads better than the report, whatever a decoder made of that word."""

import random
import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any

import pytest

from flightsched_pipelines.domain.weather.conditions import ForecastGroup
from flightsched_pipelines.domain.weather.reports.words.meanings import Understood, read_word
from flightsched_pipelines_tests.unit.domain.weather.garbling import (
    REPORTS,
    clock_of,
    improvements,
    is_legal,
    read,
    slips,
)
from flightsched_pipelines_tests.unit.domain.weather.service import metar_json, taf_json

pytestmark = pytest.mark.long
"""Many repetitions of what other tests cover."""

WORDS = 10_000
DECODERS = ("drops it", "keeps it apart", "misreads it", "read the report whole")

FAIR = {
    "wind": "24004KT",
    "visibility": "P6SM",
    "sky": "FEW250",
    "weather": "HZ",
}
"""The words that a misreading decoder takes a word for."""


def fair_word(word: str) -> list[str]:
    """Return a word of the same kind without bad weather; none if there is no such word."""
    read = read_word(word)
    if not isinstance(read, Understood):
        return []
    return [fair for kind, fair in FAIR.items() if getattr(read.said, kind) is not None][:1]


@lru_cache(maxsize=10_000)
def decoded_whole(report: str) -> dict[str, Any]:
    return (taf_json if report.startswith("TAF") else metar_json)(report, report, clock_of(report))


def object_of(text: str, decoded: str) -> dict[str, Any]:
    """The service's object with this text, decoded from what may be another."""
    return decoded_whole(decoded) | {"rawTAF" if decoded.startswith("TAF") else "rawOb": text}


@lru_cache(maxsize=10_000)
def read_whole(report: str) -> list[ForecastGroup]:
    return read(decoded_whole(report))


def garbled(report: str, at: int, instead: list[str], glued: bool, decoder: str) -> dict[str, Any] | None:
    """The report's object with a word of its text wrong, as a decoder may hand it on; none where it could not."""
    words = report.split()
    text = " ".join([*words[:at], *instead, *words[at + 1 + glued :]])
    if decoder == "read the report whole":
        return object_of(text, report)
    instead_read = fair_word(words[at]) if decoder == "misreads it" else []
    try:
        left = object_of(text, " ".join([*words[:at], *instead_read, *words[at + 1 + glued :]]))
    except (StopIteration, AssertionError, IndexError):
        return None
    if decoder == "keeps it apart":
        apart = {"notDecoded": " ".join(instead)}
        return left | ({"fcsts": [group | apart for group in left["fcsts"]]} if "fcsts" in left else apart)
    return left


def body_of(report: str) -> range:
    """The places of a report's words after its heading; remarks count, the trend does not."""
    words = report.split()
    begins = next(n for n, word in enumerate(words) if word.endswith("Z") and len(word) == 7) + 1
    trend = next((n for n, word in enumerate(words) if word in {"BECMG", "TEMPO"} and words[0] != "TAF"), len(words))
    return range(begins, trend)


def every_slip() -> Iterator[tuple[str, int, list[str], bool]]:
    for report in REPORTS:
        words = report.split()
        for at in body_of(report):
            after = words[at + 1] if at + 1 < len(words) else None
            for instead in slips(words[at], after):
                yield report, at, instead, after is not None and instead == [words[at] + after]


ALONE_IN_THE_TEXT = re.compile(r"\d{4}[NESW]{1,2}|WND \S+ AFT \d{4}")
"""Visibilities by direction and changes of wind within a group: no decoded field has them."""

SLIPS = list(every_slip())
WHOLE = {report: read_whole(report) for report in REPORTS}


def test_the_reports_are_read_whole() -> None:
    unread = {str(word) for groups in WHOLE.values() for group in groups for word in group.conditions.unread}

    assert unread == set()
    assert len(SLIPS) > WORDS


@pytest.mark.parametrize("decoder", DECODERS)
def test_no_garbled_word_of_a_real_report_reads_better(decoder: str) -> None:
    # One legal word in place of another can be told only where another account has the right one.
    whole = decoder == "read the report whole"
    tellable = [
        (report, at, instead, glued)
        for report, at, instead, glued in SLIPS
        if not all(map(is_legal, instead)) or (whole and not ALONE_IN_THE_TEXT.fullmatch(report.split()[at]))
    ]
    better: list[str] = []
    for report, at, instead, glued in random.Random(14).sample(tellable, WORDS // len(DECODERS)):
        broken = garbled(report, at, instead, glued, decoder)
        if broken is None:
            continue
        found = improvements(WHOLE[report], read(broken))
        if found:
            better.append(f"{report.split()[at]} -> {' '.join(instead)} in {report[:40]}: {'; '.join(found[:2])}")

    assert not better, f"{len(better)} read better:\n" + "\n".join(better[:20])


@cache
def told(report: str) -> str:
    """Return a report without the parts in its text alone, whose loss cannot be detected."""
    return re.sub(rf" ({ALONE_IN_THE_TEXT.pattern})(?= |$)", "", report.split(" RMK ", maxsplit=1)[0])


def not_better(report: str, text: str, what: str) -> list[str]:
    """Assert that a report that was decoded whole does not read better with this text."""
    found = improvements(read_whole(told(report)), read(object_of(text, told(report))))
    return [f"{what} in {report[:40]}: {'; '.join(found[:2])}"] if found else []


def test_a_word_that_the_text_lost_does_not_make_it_read_better() -> None:
    better: list[str] = []
    for report in REPORTS:
        words = told(report).split()
        for at in range(len(words)):
            better += not_better(report, " ".join(words[:at] + words[at + 1 :]), f"without {words[at]}")

    assert not better, better[:20]


def test_a_text_that_was_cut_off_does_not_read_better() -> None:
    better: list[str] = []
    for report in REPORTS:
        text = told(report)
        for length in range(0, len(text), 5):
            better += not_better(report, text[:length], f"cut after {text[max(0, length - 10) : length]!r}")

    assert not better, better[:20]


def test_two_texts_that_ran_together_do_not_read_better_than_the_first() -> None:
    chosen = random.Random(14)
    better: list[str] = []
    for report in REPORTS:
        for other in chosen.sample(REPORTS, 5):
            for between in (" ", "", " = "):
                better += not_better(report, f"{told(report)}{between}{other}", f"with {other[:20]}")
            better += not_better(report, f"{report}={other}", f"with {other[:20]} after its remarks")

    assert not better, better[:20]
