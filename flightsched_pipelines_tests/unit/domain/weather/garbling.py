"""Reports with a word wrong, and comparisons of readings.

The *legal* words are written here once more, from the manuals (FMH-1 chapter 12, WMO 306 FM 15 and FM 51), and not
taken from the reader: a slip that makes one legal word of another cannot be detected from the text alone.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from flightsched_pipelines.domain.weather.conditions import CONVECTIVE, FREEZING, WIND_SHEAR, Conditions, ForecastGroup
from flightsched_pipelines.domain.weather.reports.json_fields import FieldError
from flightsched_pipelines.domain.weather.reports.metar import read_metar
from flightsched_pipelines.domain.weather.reports.taf import read_taf

REPORTS = (Path(__file__).parent / "real_reports.txt").read_text().splitlines()
"""Real reports, from the providers' own answers and from public parsers' test data."""

_LEGAL = re.compile(
    r"(?:(?:0[0-9]|[12]\d|3[0-6])0|VRB)\d{2,3}(?:G\d{2,3})?(?:KT|MPS)"
    r"|P?\d{1,2}SM|\d{1,2}/\d{1,2}SM|(?:\d{2}[05]0|[1-9]\d00|9999)(?:[NS]?[EW]|[NS]|NDV)?|CAVOK"
    r"|(?:FEW|SCT|BKN|OVC|VV)\d{3}(?:CB|TCU)?|CB|TCU|SKC|CLR|NSC"
    r"|(?:[+-]?(?:VC)?|RE)(?:(?:MI|PR|BC|DR|BL|SH|TS|FZ)?"
    r"(?:DZ|RA|SN|SG|IC|PL|GR|GS|UP|BR|FG|FU|VA|DU|SA|HZ|PY|PO|SQ|FC|SS|DS)+|TS|SH)+|NSW"
    r"|FM(?:0[1-9]|[12]\d|3[01])(?:[01]\d|2[0-4])[0-5]\d|(?:0[1-9]|[12]\d|3[01])(?:[01]\d|2[0-4])/\d{4}"
    r"|PROB[345]0|TEMPO|BECMG|NIL|CNL|WS\d{3}/\d{5}KT|[56]\d{5}|M?\d{2}/M?\d{2}|[AQ]\d{4}|TSNO|\d{3}V\d{3}"
)


_LOOK_ALIKE = {"0": "O", "O": "0", "1": "I", "I": "1", "8": "B", "B": "8", "5": "S", "S": "5", "2": "Z", "C": "G"}


_RULES = (
    (CONVECTIVE, {"weather", "thunderstorm"}), (FREEZING, {"weather"}), (WIND_SHEAR, {"weather"}),
    (frozenset({"FG"}), {"weather"}),
)  # fmt: skip
"""The hazards that one minimum forbids together, and what must be missing where none of them is left."""


def is_legal(word: str) -> bool:
    """Return whether the manuals contain such a word."""
    return _LEGAL.fullmatch(word) is not None


def slips(word: str, next_word: str | None) -> Iterator[list[str]]:
    """Every way in which one slip changes a word: what stands in its place, or in that of both words."""
    for n in range(len(word)):
        if word[n : n + 1] != word[n + 1 : n + 2] and n + 1 < len(word):
            yield [word[:n] + word[n + 1] + word[n] + word[n + 2 :]]
        if len(word) > 1:
            yield [word[:n] + word[n + 1 :]]
        yield [word[: n + 1] + word[n:]]
        if n:
            yield [word[:n], word[n:]]
        for wrong in sorted({_LOOK_ALIKE.get(word[n], "X"), *"X7/S"} - {word[n]}):
            yield [word[:n] + wrong + word[n + 1 :]]
    if next_word is not None:
        yield [word + next_word]


def read(report: dict[str, Any]) -> list[ForecastGroup]:
    """Return the groups of a METAR or TAF; none if nothing of it can be placed."""
    try:
        return read_taf(report) if "rawTAF" in report else [read_metar(report)]
    except FieldError:
        return []


def improvements(before: Sequence[ForecastGroup], after: Sequence[ForecastGroup]) -> list[str]:
    """Return everything that reads better after than before, hour by hour: in any group, and in prevailing ones."""
    found: list[str] = []
    times = sorted({time for group in (*before, *after) for time in (group.from_utc, group.to_utc)})
    for since, until in pairwise(times):
        for prevailing in (False, True):
            one, other = (_overlapping(groups, since, until, prevailing) for groups in (before, after))
            if not one or (not other and not prevailing) or (prevailing and not _whole(after, since, until)):
                continue  # nothing was said, or nothing is said any more
            found += [f"{what} at {since:%d %H:%M}" for what in _improved(one, other)]
    return found


def _whole(groups: Sequence[ForecastGroup], since: datetime, until: datetime) -> bool:
    return bool(_overlapping(groups, since, until, prevailing=True))


def _overlapping(
    groups: Sequence[ForecastGroup], since: datetime, until: datetime, prevailing: bool
) -> list[Conditions]:
    return [
        group.conditions
        for group in groups
        if group.from_utc < until and group.to_utc > since and (not prevailing or group.layer == "prevailing")
    ]


def _improved(before: Sequence[Conditions], after: Sequence[Conditions]) -> Iterator[str]:
    missing = {element for one in after for element in one.missing}
    lost = {element for one in before for element in one.missing} - missing - {"temperature"}
    if any("TS" in one.hazards for one in after):
        lost -= {"thunderstorm"}  # one that is there needs no sensor
    if lost:
        yield f"{', '.join(sorted(lost))} is missed no more"
    if "wind" not in missing:
        if max(_wind(one) for one in after) < max(_wind(one) for one in before):
            yield "wind"
        directions = {one.wind_direction_deg for one in after}
        if None not in directions and not {one.wind_direction_deg for one in before if _wind(one)} <= directions:
            yield "direction of the wind"
    if "visibility" not in missing and min(_miles(one) for one in after) > min(_miles(one) for one in before):
        yield "visibility"
    if "ceiling" not in missing and min(_ceiling(one) for one in after) > min(_ceiling(one) for one in before):
        yield "ceiling"
    for codes, element in _RULES:
        gone = {code for one in before for code in one.hazards} & codes
        if gone and not any(one.hazards & codes for one in after) and not missing & element:
            yield f"hazards {', '.join(sorted(gone))}"


def _wind(one: Conditions) -> float:
    return max(one.wind_speed_kt or 0, one.wind_gust_kt or 0)


def _miles(one: Conditions) -> float:
    # 6+ and 6.21+ are both "beyond what is given".
    return 6.0 if one.visibility_at_least and one.visibility_sm else one.visibility_sm or 0.0


def _ceiling(one: Conditions) -> float:
    return 99_999.0 if one.ceiling_ft is None else one.ceiling_ft


def clock_of(report: str) -> datetime:
    """Return when a report of the collection was taken or issued, in July 2026."""
    matched = re.search(r" (\d{2})(\d{2})(\d{2})Z ", report)
    assert matched is not None, report
    return datetime.fromisoformat("2026-07-01T00:00:00+00:00") + timedelta(
        days=int(matched[1]) - 1, hours=int(matched[2]), minutes=int(matched[3])
    )
