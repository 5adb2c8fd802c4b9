"""Every METAR among stored responses, for verification; one that cannot be read leaves its hour unreadable.

It may have been the worst of its hour: without it, what the others do not have is missing, and no fair weather.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

from flightsched_pipelines.domain.weather.conditions import ELEMENTS, UNREADABLE, ForecastGroup, UnreadWord
from flightsched_pipelines.domain.weather.governing import unreadable
from flightsched_pipelines.domain.weather.issue_times import EVERY_STATION
from flightsched_pipelines.domain.weather.provider_responses import ProviderResponse, read_responses
from flightsched_pipelines.domain.weather.reports.json_fields import BEGINNING, END
from flightsched_pipelines.durations import DAY, HOUR, hour_of

_PRODUCTS = frozenset({"metar", "metar_history"})
_HISTORY = re.compile(r"date=(\d{8}_\d{4})&hours=(\d{1,3})\b")
_UNREAD = replace(UNREADABLE, unread=(UnreadWord("a whole report", ELEMENTS),))
"""Conditions of a report that came and cannot be read: `words_are_understood` counts and names it."""


def every_metar(answers: Iterable[ProviderResponse]) -> list[ForecastGroup]:
    """Return the METARs in stored responses, those of a history included, each report once.

    Of a report that cannot be read there is an unreadable one in each hour in which it may have been taken, at each
    station of which it may be.
    """
    found: dict[ForecastGroup, None] = {}
    for answer in answers:
        if answer.product not in _PRODUCTS:
            continue
        reading = read_responses([replace(answer, product="metar")])
        found |= dict.fromkeys(group for group in reading.groups if group.source == "METAR")
        unread = list(reading.unread)
        if not answer.failed and "metar" not in reading.answered:
            unread.append(unreadable("METAR", EVERY_STATION, BEGINNING, END, issued_at_utc=END))
        found |= dict.fromkeys(hour for group in unread for hour in _hours_of(group, answer))
    return list(found)


def is_unread(group: ForecastGroup) -> bool:
    """Return whether a METAR stands for a report that came and cannot be read."""
    return group.conditions == _UNREAD


def _hours_of(group: ForecastGroup, answer: ProviderResponse) -> Iterator[ForecastGroup]:
    """Yield an unreadable report for each hour and station."""
    since, until = _taken_within(group, answer)
    stations = answer.stations if group.station == EVERY_STATION else [group.station]
    hour = hour_of(since)
    while hour <= until:
        for station in stations:
            whole = unreadable("METAR", station, hour, hour + HOUR, issued_at_utc=hour)
            yield replace(whole, conditions=_UNREAD)
        hour += HOUR


def _taken_within(group: ForecastGroup, answer: ProviderResponse) -> tuple[datetime, datetime]:
    """Return when a report that cannot be read was taken: by what it has of its time, else as it was requested."""
    if group.issue is not None and group.issue.latest_utc < END and group.issue.earliest_utc > BEGINNING:
        earliest, latest = group.issue.earliest_utc, group.issue.latest_utc
        if latest - earliest < DAY:
            return earliest, latest
    asked = _HISTORY.search(answer.request)
    if asked is None:
        return answer.fetched_at_utc - HOUR, answer.fetched_at_utc
    until = datetime.strptime(asked[1], "%Y%m%d_%H%M").replace(tzinfo=UTC)
    return until - int(asked[2]) * HOUR, until
