"""Select the guidance that counts at a station, hour by hour: NBH as far as it reaches, then NBS.

The choice rests on which bulletins are due, not on which came: hours of a bulletin that did not come, cannot be read or
is too old are unreadable, so another source may then make a verdict worse, never better.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from flightsched_pipelines.domain.weather.conditions import ForecastGroup
from flightsched_pipelines.domain.weather.guidance.bulletin import GUIDANCE_SOURCES, GuidanceSource
from flightsched_pipelines.domain.weather.reports.json_fields import BEGINNING, END
from flightsched_pipelines.durations import HOUR

DUE_HOURS: dict[GuidanceSource, int] = {"NBH": 26, "NBS": 72}
"""Hours from the running one that the newest bulletin may reach: those of one that did not come are missing to there.

So NBS does not take those of NBH, nor One Call those of NBS, and none pass for hours that no forecast reaches yet.
"""


@dataclass(frozen=True, slots=True)
class GuidanceRules:
    """Settings of guidance: distance to a substitute station, age of a cycle, and the probability that counts."""

    max_distance_nm: float = 30
    max_age_hours: float = 7
    least_percent: float = 30


DEFAULT_RULES = GuidanceRules()

UNLIKELY = "UNLIKELY"
"""Kind of a temporary group whose probability is too small to count: forecasts are verified by it."""


@dataclass(frozen=True, slots=True)
class StationGuidance:
    """A station's guidance, each group an hour long, and the hours in which none of it is unreadable or missing.

    ``beside`` are groups that are kept only to be verified, and never govern: NBS where NBH reaches, and thunder that
    is not likely enough to count (``change`` UNLIKELY).
    """

    groups: Sequence[ForecastGroup]
    sure_hours: frozenset[datetime]
    beside: Sequence[ForecastGroup] = ()


def station_guidance(
    groups: Sequence[ForecastGroup],
    station: str,
    due: Collection[GuidanceSource],
    hour_utc: datetime | None,
    rules: GuidanceRules,
    verified_hours: Collection[datetime] = (),
) -> StationGuidance:
    """Return the guidance of a station, from the running hour on if there is one.

    Args:
        groups: those of every bulletin that may be the station's.
        station: the station.
        due: the bulletins that were requested for it.
        hour_utc: the running hour; ``None`` for stored bulletins alone, of which none is due and none too old.
        rules: the oldest cycle that is relied on, and the least probability that counts.
        verified_hours: the hours of which everything is kept.
    """
    since = hour_utc or BEGINNING
    beside: list[ForecastGroup] = []
    counting: list[ForecastGroup] = []
    sure: set[datetime] = set()
    for source in GUIDANCE_SOURCES:
        of_source = [group for group in groups if group.source == source]
        newest = _newest(of_source, hour_utc)
        hours = [piece for group in newest for piece in _hourly(group, since) if _counts(piece, rules)]
        counting += hours
        if newest and not _is_doubtful(of_source, newest[0].issued_at_utc, hour_utc, rules):
            beside += _beside(newest, since, verified_hours, rules)
            sure.update(piece.from_utc for piece in hours if piece.layer == "prevailing")
        elif hour_utc is not None and source in due:
            due_until = hour_utc + DUE_HOURS[source] * HOUR
            counting += _unreadable(source, station, since, due_until, hour_utc)
            since = max(since, due_until)
        since = max([since, *(piece.to_utc for piece in hours if piece.layer == "prevailing")])
    return StationGuidance(counting, frozenset(sure), beside)


def stands_beside(rows: pd.DataFrame) -> "pd.Series[bool]":
    """Return whether rows of a forecast are guidance that is kept only to be verified."""
    airport, hour = (pd.factorize(rows[name])[0].astype(np.int64) for name in ("airport", "hour_utc"))
    place = airport * len(rows) + hour
    is_under_nbh = (rows["source"] == "NBS") & np.isin(place, place[(rows["source"] == "NBH").to_numpy(dtype=bool)])
    return is_under_nbh | (rows["change"] == UNLIKELY)


def _newest(groups: Sequence[ForecastGroup], hour_utc: datetime | None) -> list[ForecastGroup]:
    """The readable groups of the newest cycle; a cycle that is to come is that of a wrong heading."""
    end = END if hour_utc is None else hour_utc + HOUR
    readable = [group for group in groups if group.from_utc > BEGINNING and group.issued_at_utc < end]
    latest = max((group.issued_at_utc for group in readable), default=BEGINNING)
    return [group for group in readable if group.issued_at_utc == latest]


def _is_doubtful(
    groups: Sequence[ForecastGroup], newest_utc: datetime, hour_utc: datetime | None, rules: GuidanceRules
) -> bool:
    """Return whether the newest cycle that can be read is too old, or may not be the newest."""
    unread = any(group.from_utc == BEGINNING and group.issued_at_utc >= newest_utc for group in groups)
    of_a_later_one = any(group.issued_at_utc > newest_utc for group in groups)
    is_old = hour_utc is not None and newest_utc < hour_utc - timedelta(hours=rules.max_age_hours)
    return unread or of_a_later_one or is_old


def _beside(
    newest: Sequence[ForecastGroup], since: datetime, verified_hours: Collection[datetime], rules: GuidanceRules
) -> Iterator[ForecastGroup]:
    """Yield what does not count of a bulletin at some hours: in which NBH is there already, and unlikely thunder."""
    prevailing = [group for group in newest if group.layer == "prevailing"]
    reached = [hour for hour in verified_hours if any(group.from_utc <= hour < group.to_utc for group in prevailing)]
    for group in newest:
        is_likely = _counts(group, rules)
        if group.layer == "temporary" and "TS" not in group.conditions.hazards:
            continue  # no event of verification is freezing precipitation
        for hour in reached:
            if group.from_utc <= hour < group.to_utc and not (is_likely and hour >= since):
                change = group.change if is_likely else UNLIKELY
                yield replace(group, from_utc=hour, to_utc=hour + HOUR, change=change)


def _counts(group: ForecastGroup, rules: GuidanceRules) -> bool:
    return group.probability is None or group.probability >= rules.least_percent


def _hourly(group: ForecastGroup, since: datetime) -> Iterator[ForecastGroup]:
    """The hours of a group from a time on."""
    hour = max(group.from_utc, since)
    if hour == group.from_utc and group.to_utc == hour + HOUR:
        yield group
        return
    while hour < group.to_utc:
        # `replace` looks each field up, and takes twice as long.
        yield ForecastGroup(
            group.source, group.station, group.layer, group.change, group.probability, hour, hour + HOUR,
            group.issued_at_utc, group.conditions, group.issue,
        )  # fmt: skip
        hour += HOUR


def _unreadable(
    source: GuidanceSource, station: str, since: datetime, until: datetime, issued_at_utc: datetime
) -> Iterator[ForecastGroup]:
    hour = since
    while hour < until:
        yield ForecastGroup(source, station, "prevailing", "HOURLY", None, hour, hour + HOUR, issued_at_utc)
        hour += HOUR
