"""Select the guidance that counts at a station, hour by hour: NBH as far as it reaches, then NBS.

The choice rests on which bulletins are due, not on which came: hours of a bulletin that did not come, cannot be read or
is too old are unreadable, so another source may then make a verdict worse, never better.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

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


@dataclass(frozen=True, slots=True)
class StationGuidance:
    """A station's guidance, each group an hour long, and the hours in which none of it is unreadable or missing."""

    groups: Sequence[ForecastGroup]
    sure_hours: frozenset[datetime]


def station_guidance(
    groups: Sequence[ForecastGroup],
    station: str,
    due: Collection[GuidanceSource],
    hour_utc: datetime | None,
    rules: GuidanceRules,
) -> StationGuidance:
    """Return the guidance of a station, from the running hour on if there is one.

    Args:
        groups: those of every bulletin that may be the station's.
        station: the station.
        due: the bulletins that were requested for it.
        hour_utc: the running hour; ``None`` for stored bulletins alone, of which none is due and none too old.
        rules: the oldest cycle that is relied on, and the least probability that counts.
    """
    since = hour_utc or BEGINNING
    counting: list[ForecastGroup] = []
    sure: set[datetime] = set()
    for source in GUIDANCE_SOURCES:
        of_source = [group for group in groups if group.source == source]
        newest = _newest(of_source, hour_utc)
        hours = [piece for group in newest for piece in _hourly(group, since) if _counts(piece, rules)]
        counting += hours
        if newest and not _is_doubtful(of_source, newest[0].issued_at_utc, hour_utc, rules):
            sure.update(piece.from_utc for piece in hours if piece.layer == "prevailing")
        elif hour_utc is not None and source in due:
            due_until = hour_utc + DUE_HOURS[source] * HOUR
            counting += _unreadable(source, station, since, due_until, hour_utc)
            since = max(since, due_until)
        since = max([since, *(piece.to_utc for piece in hours if piece.layer == "prevailing")])
    return StationGuidance(counting, frozenset(sure))


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


def _counts(group: ForecastGroup, rules: GuidanceRules) -> bool:
    return group.probability is None or group.probability >= rules.least_percent


def _hourly(group: ForecastGroup, since: datetime) -> Iterator[ForecastGroup]:
    """The hours of a group from a time on."""
    hour = max(group.from_utc, since)
    while hour < group.to_utc:
        yield replace(group, from_utc=hour, to_utc=hour + HOUR)
        hour += HOUR


def _unreadable(
    source: GuidanceSource, station: str, since: datetime, until: datetime, issued_at_utc: datetime
) -> Iterator[ForecastGroup]:
    hour = since
    while hour < until:
        yield ForecastGroup(source, station, "prevailing", "HOURLY", None, hour, hour + HOUR, issued_at_utc)
        hour += HOUR
