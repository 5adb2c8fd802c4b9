"""Determine when a report was issued from its fields and its text, even if it cannot be read.

A report replaces an earlier one only if it was certainly issued later (`weather.governing`), so an unknown or
contradictory time is kept as a span.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal

from flightsched_pipelines.domain.weather.conditions import ForecastGroup, Issue
from flightsched_pipelines.domain.weather.reports.heading import is_report_of, issued_at
from flightsched_pipelines.domain.weather.reports.json_fields import (
    BEGINNING,
    END,
    FieldError,
    epoch,
    iso_time,
    station_of,
    text,
)

Source = Literal["TAF", "METAR"]

EVERY_STATION = "*"
"""Station of a report that does not name one: it may belong to any station."""

ISSUED_EARLY = timedelta(hours=1)
"""A TAF is issued no earlier than this before it begins (ICAO Annex 3, 6.2)."""


def taf_issue(report: Mapping[str, Any], valid_from_utc: datetime, valid_to_utc: datetime) -> Issue:
    """Return when a TAF was issued, by its fields, its text and its validity."""
    times = [iso_time(report.get("issueTime")), iso_time(report.get("bulletinTime"))]
    known = [time for time in times if time is not None]
    near = valid_from_utc if valid_from_utc > BEGINNING else max(known, default=None)
    if near is not None and (written := issued_at(text(report.get("rawTAF")) or "", near)) is not None:
        known.append(written)
    latest = max(known, default=END)
    if valid_from_utc > BEGINNING:
        latest = max(latest, valid_from_utc - ISSUED_EARLY)
    if report.get("mostRecent") == 1:
        latest = END  # the service calls it the newest, whatever its times say
    return Issue(min(known, default=BEGINNING), latest, valid_from_utc, valid_to_utc)


def metar_issue(report: Mapping[str, Any]) -> Issue:
    """Return when a METAR was taken, by its fields and its text."""
    observed = epoch(report.get("obsTime"))
    near = observed or iso_time(report.get("reportTime"))
    written = None if near is None else issued_at(text(report.get("rawOb")) or "", near)
    known = [time for time in (observed, written) if time is not None]
    return Issue(min(known, default=BEGINNING), max(known, default=END), BEGINNING, END)


def unread_report(report: Mapping[str, Any], source: Source) -> ForecastGroup:
    """Return the unreadable group for a report that cannot be read; its end of validity is unknown."""
    if source == "METAR":
        issue, change = metar_issue(report), "METAR"
    else:
        begins = epoch(report.get("validTimeFrom")) or BEGINNING
        issue, change = replace(taf_issue(report, begins, END), valid_from_utc=BEGINNING), "BASE"
    station = named_station(report, source)
    return ForecastGroup(source, station, "prevailing", change, None, BEGINNING, END, issue.latest_utc, issue=issue)


def named_station(report: Mapping[str, Any], source: Source) -> str:
    """Return the station that a report names; `EVERY_STATION` if it names none, or its field and its text differ."""
    words = text(report.get("rawTAF" if source == "TAF" else "rawOb"))
    try:
        station = station_of(report)
    except FieldError:
        return EVERY_STATION
    return station if words is None or is_report_of(words, station) else EVERY_STATION
