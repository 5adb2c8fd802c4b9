"""The raw text of METARs: what it says now, with the remarks that make it worse.

The trend (NOSIG, BECMG, TEMPO) is a forecast, and the field's TAF is the one that counts: its words are passed over.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from flightsched_pipelines.domain.weather.reports.heading import after_heading, without_remarks
from flightsched_pipelines.domain.weather.reports.remarks import remark_elements
from flightsched_pipelines.domain.weather.reports.report_elements import ReportElements, together
from flightsched_pipelines.domain.weather.reports.words import is_doubtful, read_words, words_of

_AFTER_THE_SKY = re.compile(r"(M?\d{2}|//|XX)/(M?\d{2}|//|XX)?|[AQ](\d{3,4}|////)")
_TREND = re.compile(r"NOSIG|TEMPO|BECMG|INTER|FM ?\d{4,6}")


def metar_words(raw: str, station: str) -> tuple[list[str], list[str]]:
    """The words of a METAR's body, without heading and trend, and those of its remarks."""
    words, remarks = without_remarks(after_heading(words_of(raw), station))
    end = next((n for n, word in enumerate(words) if _TREND.fullmatch(word)), len(words))
    doubtful = next((n for n, word in enumerate(words[:end]) if is_doubtful(word)), len(words))
    # A word that is not understood may have been RMK: what follows it is looked through for remarks too.
    return words[:end], words[doubtful:] + remarks


def is_cut_off(words: Sequence[str]) -> bool:
    """Whether a METAR's text ends before its temperature and pressure: clouds, and CB among them, come before these."""
    return not any(_AFTER_THE_SKY.fullmatch(word) for word in words)


def metar_elements(words: Sequence[str], remarks: Sequence[str]) -> ReportElements:
    """What a METAR's text says now."""
    said = read_words(words)
    added = remark_elements(remarks, said.temperature_c)
    worse = together((said, added))
    # A remark on visibility or ceiling makes theirs worse; where the report gives none it does not stand for it.
    return replace(worse, visibility=worse.visibility if said.visibility else None, sky=worse.sky if said.sky else None)
