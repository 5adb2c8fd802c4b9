"""Read the raw text of METARs: the present weather, with the remarks that make it worse.

The trend (NOSIG, BECMG, TEMPO) is a forecast, and the airport's TAF is the one that counts: its words are passed over.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from flightsched_pipelines.domain.weather.reports.heading import after_heading, without_remarks
from flightsched_pipelines.domain.weather.reports.remarks import remark_elements
from flightsched_pipelines.domain.weather.reports.report_elements import ReportElements, together
from flightsched_pipelines.domain.weather.reports.words.meanings import is_doubtful, read_words, words_of

_AFTER_THE_SKY = re.compile(r"(M?\d{2}|//|XX)/(M?\d{2}|//|XX)?|[AQ](\d{3,4}|////)")
_TREND = re.compile(r"NOSIG|TEMPO|BECMG|INTER|FM ?\d{4,6}")


def metar_words(raw: str, station: str) -> tuple[list[str], list[str]]:
    """Return the words of a METAR's body, without heading and trend, and those of its remarks."""
    words, remarks = without_remarks(after_heading(words_of(raw), station))
    end = next((n for n, word in enumerate(words) if _TREND.fullmatch(word)), len(words))
    doubtful = next((n for n, word in enumerate(words[:end]) if is_doubtful(word)), len(words))
    # A word that is not understood may have been RMK: the words after it are searched for remarks too.
    return words[:end], words[doubtful:] + remarks


def is_cut_off(words: Sequence[str]) -> bool:
    """Return whether a METAR's text ends before its temperature and pressure, which follow clouds, CB among them."""
    return not any(_AFTER_THE_SKY.fullmatch(word) for word in words)


def metar_elements(words: Sequence[str], remarks: Sequence[str]) -> ReportElements:
    """Return the elements of a METAR's text and remarks."""
    said = read_words(words)
    added = remark_elements(remarks, said.temperature_c)
    worse, exact = together((said, added)), together((added, said))  # where they agree, remarks have tenths
    # A remark on visibility or ceiling makes theirs worse; where the report has none, the remark does not replace it.
    return replace(
        worse,
        visibility=worse.visibility if said.visibility else None,
        sky=worse.sky if said.sky else None,
        temperature_c=exact.temperature_c,
        dewpoint_c=exact.dewpoint_c,
    )
