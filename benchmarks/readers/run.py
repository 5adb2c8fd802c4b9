"""Compare readers, and list words that are not understood: ``python -m benchmarks.readers.run``."""

import re
import time
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.measure import machine, markdown
from benchmarks.readers.peers import ELEMENTS, PEERS, station_of, this
from flightsched_pipelines.domain.weather.conditions import UnreadWord
from flightsched_pipelines.domain.weather.reports.heading import is_cancelled
from flightsched_pipelines.domain.weather.reports.metar_text import metar_elements, metar_words
from flightsched_pipelines.domain.weather.reports.taf_text import taf_groups

LINES = (Path(__file__).parent / "reports.tsv").read_text().splitlines()
REPORTS = [(source, report) for source, report in (line.split("\t") for line in LINES) if not is_cancelled(report)]
JULY = datetime(2026, 7, 1, tzinfo=UTC)
_ISSUED_DAY = re.compile(r" (\d{2})\d{4}Z ")
MISSING = "missing"
REASONS = {
    "word": "a word of the report is not understood here, and the peer passes over it",
    "sensor": "a remark says that the sensor is out (PWINO, FZRANO), or the report that it gives nothing (//, ////)",
    "lowest": "the lowest visibility counts here: by direction, or as a remark has it",
    "none": "the peer gives none, or gives up on the report",
}


def unread_words(report: str) -> tuple[UnreadWord, ...]:
    """The words of a report that are not understood."""
    if report.startswith("TAF"):
        issued = JULY.replace(day=int(_ISSUED_DAY.findall(report)[0]))
        return tuple(word for group in taf_groups(report, station_of(report), issued) for word in group.said.unread)
    return metar_elements(*metar_words(report, station_of(report))).unread


def agree(element: str, here: Any, there: Any) -> bool:  # noqa: ANN401, floats, sets and words
    """Return whether two readers agree on an element; beyond 6 SM all visibilities are equal, no hazard is none."""
    if element == "hazards":
        return here == (there or frozenset())
    if here == MISSING:
        return there is None
    if element == "visibility_sm" and None not in (here, there) and min(here, there) >= 6:
        return True
    return here == there or (None not in (here, there) and abs(here - there) <= 0.02)


def reason(report: str, here: Any, there: Any) -> str:  # noqa: ANN401
    """Return why two readers differ."""
    if here == MISSING:
        return "word" if unread_words(report) else "sensor"
    return "none" if there is None or there == frozenset() else "lowest"


def disagreements(peer: str) -> Iterator[tuple[str, str, Any, Any]]:
    """Each METAR and element on which a reader differs, with both values."""
    for _, report in REPORTS:
        if report.startswith("TAF"):
            continue
        here, there = this(report), PEERS[peer](report)
        for element in ELEMENTS:
            if not agree(element, here[element], there[element]):
                yield report, element, here[element], there[element]


def of_words() -> str:
    """Return the share of reports with an unread word by origin, and the words."""
    found: defaultdict[str, list[bool]] = defaultdict(list)
    words: Counter[tuple[str, str]] = Counter()
    for source, report in REPORTS:
        unread = unread_words(report)
        found[source].append(bool(unread))
        words.update((source, str(word)) for word in unread)
    rows = [
        [source, len(flags), sum(flags), f"{100 * sum(flags) / len(flags):.1f} %", _listed(words, source)]
        for source, flags in found.items()
    ]
    return markdown(["found in", "reports", "with an unread word", "share", "words"], rows)


def _listed(words: Counter[tuple[str, str]], source: str, most: int = 8) -> str:
    mine = [word.split(": ")[0] for (place, word), _ in words.most_common() if place == source]
    return ", ".join(f"`{word}`" for word in mine[:most]) + (
        f" and {len(mine) - most} more" if len(mine) > most else ""
    )


def of_peers() -> str:
    """Return the agreement by element, and the reason for each disagreement."""
    metars = sum(not report.startswith("TAF") for _, report in REPORTS)
    rows: list[list[object]] = []
    for peer in PEERS:
        differing = list(disagreements(peer))
        for element in ELEMENTS:
            why = Counter(reason(report, here, there) for report, name, here, there in differing if name == element)
            agreed = metars - sum(why.values())
            rows.append([peer, element, f"{agreed} of {metars}", *(why[name] or "" for name in REASONS)])
    header = ["reader", "element", "agree", *REASONS]
    told = "\n".join(f"- {name}: {words}." for name, words in REASONS.items())
    return f"{markdown(header, rows)}\n\n{told}"


def of_time() -> str:
    """Return the reading time of the texts."""
    began = time.perf_counter()
    for _ in range(10):
        for _, report in REPORTS:
            unread_words(report)
    return f"{len(REPORTS)} texts in {(time.perf_counter() - began) * 100:.0f} ms."


def main() -> None:
    """Print the tables of docs/reference/benchmarks.md."""
    warnings.simplefilter("ignore")  # python-metar says by them what it could not read
    print(machine("avwx-engine", "metar"), of_words(), of_peers(), of_time(), sep="\n\n")


if __name__ == "__main__":
    main()
