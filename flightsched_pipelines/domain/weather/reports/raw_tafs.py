"""Turn the raw text of TAFs into reports as the Aviation Weather Center would send them, without decoded fields."""

import re
from collections.abc import Mapping
from datetime import datetime

from flightsched_pipelines.domain.weather.reports.heading import moment

_HEADING = re.compile(
    r"^\s*(?:TAF\s+)?(?:(?:AMD|COR|TAF)\s+)*([A-Z][A-Z0-9]{3})\s+(\d{2})(\d{2})(\d{2})Z\s", re.MULTILINE
)


def raw_tafs(text: str, near_utc: datetime) -> list[Mapping[str, object]]:
    """Return each TAF of a text as a report, its days in the month nearest to a time; empty if the text has none.

    A TAF begins a line with its station and the time of issue, after "TAF" or not, and ends where the next begins.
    """
    begins = list(_HEADING.finditer(text))
    ends = [*(match.start() for match in begins[1:]), len(text)][: len(begins)]
    found: list[Mapping[str, object]] = []
    for match, end in zip(begins, ends, strict=True):
        issued = moment(int(match[2]), int(match[3]), int(match[4]), near_utc)
        words = " ".join(text[match.start() : end].replace("=", " ").split())
        issue = {"issueTime": f"{issued:%Y-%m-%dT%H:%M:%SZ}"} if issued else {}
        found.append({"icaoId": match[1], "rawTAF": words} | issue)
    return found
