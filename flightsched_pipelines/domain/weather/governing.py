"""Select the reports of a station that govern: the newest issue, as far as it is certain which that is.

A report is set aside only for one that was certainly issued later. An unreadable report counts like any other: if it
may be the newest, its time is missing. So garbling, cutting or ageing one report never makes another govern alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from flightsched_pipelines.domain.weather.conditions import UNREADABLE, ForecastGroup, Issue, ReportSource
from flightsched_pipelines.domain.weather.reports.json_fields import BEGINNING, END
from flightsched_pipelines.domain.weather.reports.taf import MAX_VALIDITY
from flightsched_pipelines.durations import HOUR

MODEL_HOURS = 47
"""One Call returns 48 hours from the one in which it was made, which may be the one before the running hour."""

MODEL_MAX_AGE = 3 * HOUR
"""One Call is made anew every ten minutes and requested each hour: an older response is not the newest forecast."""


@dataclass(frozen=True, slots=True)
class Governing:
    """The groups that govern at a station, and the time until which their content is certain."""

    groups: Sequence[ForecastGroup]
    sure_until_utc: datetime


def governing_taf(groups: Sequence[ForecastGroup], station: str, hour_utc: datetime, max_age: timedelta) -> Governing:
    """Return the groups of a station's newest TAF; if that is missing, uncertain or too old, unreadable ones as well.

    Args:
        groups: those of every TAF that may be the station's; each has an ``issue``.
        station: the station.
        hour_utc: the running hour.
        max_age: an older TAF has missed its replacement. Its hazards still count; its fair weather does not.
    """
    issues = newest(groups, hour_utc)
    latest = hour_utc + 2 * MAX_VALIDITY
    ends = [min(issue.valid_to_utc, latest) for issue in issues if issue.valid_to_utc < END]
    window = hour_utc, max([hour_utc + MAX_VALIDITY, *ends])
    if not any(end > hour_utc for end in ends) or any(_is_old(issue, hour_utc - max_age) for issue in issues):
        missing = [window]
    else:
        missing = _not_in_all(list(issues), window)
    rows = [_within(group, window) for of_issue in issues.values() for group in of_issue if group.to_utc > hour_utc]
    rows += [unreadable("TAF", station, *span, issued_at_utc=hour_utc) for span in missing]
    sure = not missing and len(ends) == len(issues)
    return Governing(rows, min(ends) if sure else hour_utc)


def governing_metars(
    groups: Sequence[ForecastGroup], station: str, hour_utc: datetime, max_age: timedelta
) -> list[ForecastGroup]:
    """Return the newest METAR at the running hour, with any that may be as new; an unreadable one if there is none."""
    recent = [group for group in groups if group.issue is None or group.issue.latest_utc >= hour_utc - max_age]
    rows: list[ForecastGroup] = []
    for issue, of_issue in newest(recent, hour_utc).items():
        sure = hour_utc - max_age <= issue.earliest_utc
        rows += of_issue if sure else [replace(group, conditions=UNREADABLE) for group in of_issue]
    placed = [replace(group, station=station, from_utc=hour_utc, to_utc=hour_utc + HOUR) for group in rows]
    return placed or [unreadable("METAR", station, hour_utc, hour_utc + HOUR, issued_at_utc=hour_utc)]


def governing_model(
    groups: Sequence[ForecastGroup], station: str, hour_utc: datetime, *, is_due: bool
) -> list[ForecastGroup]:
    """Return the hours of a model; beside those that are too old or of unknown issue, unreadable ones as well.

    If the model is due, so are the hours that did not come.
    """
    given = {group.from_utc for group in groups if group.issue is not None and _is_fresh(group.issue, hour_utc)}
    wanted = {group.from_utc for group in groups}
    if is_due:
        wanted.update(hour_utc + n * HOUR for n in range(MODEL_HOURS))
    missing = sorted(wanted - given)
    return [
        *groups,
        *(unreadable("OpenWeatherMap", station, hour, hour + HOUR, issued_at_utc=hour_utc) for hour in missing),
    ]


def newest(groups: Sequence[ForecastGroup], hour_utc: datetime | None) -> dict[Issue, list[ForecastGroup]]:
    """Return the groups of every report except those that another was certainly issued after.

    A time of issue after the running hour is impossible: such a report may have been issued at any time.
    """
    reports: dict[Issue, list[ForecastGroup]] = {}
    for group in groups:
        issue = group.issue or Issue(group.issued_at_utc, group.issued_at_utc, group.from_utc, group.to_utc)
        if hour_utc is not None and issue.latest_utc >= hour_utc + HOUR and issue.latest_utc < END:
            issue = replace(issue, earliest_utc=BEGINNING, latest_utc=END)
        reports.setdefault(issue, []).append(group)
    surely = max((issue.earliest_utc for issue in reports), default=BEGINNING)
    return {issue: of_issue for issue, of_issue in reports.items() if issue.latest_utc >= surely}


def unreadable(
    source: ReportSource, station: str, since: datetime, until: datetime, *, issued_at_utc: datetime
) -> ForecastGroup:
    """Return an unreadable group for a report that was due and did not come."""
    change = {"METAR": "METAR", "TAF": "BASE"}.get(source, "HOURLY")
    return ForecastGroup(source, station, "prevailing", change, None, since, until, issued_at_utc)


def _is_old(issue: Issue, oldest_utc: datetime) -> bool:
    return issue.earliest_utc < oldest_utc


def _is_fresh(issue: Issue, hour_utc: datetime) -> bool:
    """Return whether a model's time of issue is known, not too old, and not to come."""
    return not _is_old(issue, hour_utc - MODEL_MAX_AGE) and issue.latest_utc < hour_utc + HOUR


def _not_in_all(issues: Sequence[Issue], window: tuple[datetime, datetime]) -> list[tuple[datetime, datetime]]:
    """The times at which at least one of the reports should be valid and is not."""
    begins, ends = [issue.valid_from_utc for issue in issues], [issue.valid_to_utc for issue in issues]
    # Until a TAF that is newly issued begins, the METAR of the running hour is enough.
    spans = (window[0] + HOUR, min(begins)), (min(begins), max(begins)), (min(ends), max(ends))
    clipped = [(max(since, window[0]), min(until, window[1])) for since, until in spans]
    return [span for span in clipped if span[0] < span[1]]


def _within(group: ForecastGroup, window: tuple[datetime, datetime]) -> ForecastGroup:
    """A group of unknown beginning or end, cut to the time that counts."""
    if group.from_utc > BEGINNING and group.to_utc <= window[1]:
        return group
    return replace(group, from_utc=max(group.from_utc, window[0]), to_utc=min(group.to_utc, window[1]))
