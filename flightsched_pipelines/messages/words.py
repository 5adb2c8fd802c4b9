"""Times, amounts and shortfalls in words: local, with the zone's name and the unit."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from flightsched_pipelines.messages.facts import Event, Lesson, Shortfall
from flightsched_pipelines.risk.explain import AT_LEAST, NAMES

WHOLE = {"ft", "kt", "min"}
"""Units in which people say whole numbers."""

HEADLINES: dict[Event, str] = {
    "opened": "below the school's minimums",
    "updated": "the alternatives have changed",
    "cleared": "above the school's minimums again",
    "expired": "nobody has answered",
    "cancelled": "no longer in the schedule",
    "changed": "changed by the school",
}


def zone_name(instant_utc: datetime, time_zone: str) -> str:
    """The zone as people name it then: PST, or the city where the zone has no letters."""
    name = instant_utc.astimezone(ZoneInfo(time_zone)).tzname() or ""
    return name if name.isalpha() else time_zone.rpartition("/")[2].replace("_", " ") + " time"


def moment(instant_utc: datetime, time_zone: str) -> str:
    """An instant: "Tue 24 Nov 10:00 PST"."""
    return f"{instant_utc.astimezone(ZoneInfo(time_zone)):%a %d %b %H:%M} {zone_name(instant_utc, time_zone)}"


def span(from_utc: datetime, to_utc: datetime, time_zone: str) -> str:
    """A period: "Tue 24 Nov 10:00–11:30 PST"; with both days, or both zones, where they differ."""
    zone = ZoneInfo(time_zone)
    start, end = from_utc.astimezone(zone), to_utc.astimezone(zone)
    before, after = zone_name(from_utc, time_zone), zone_name(to_utc, time_zone)
    begin = f"{start:%a %d %b %H:%M}" + ("" if before == after else f" {before}")
    finish = f"{end:%H:%M}" if start.date() == end.date() else f"{end:%a %d %b %H:%M}"
    return f"{begin}–{finish} {after}"


def amount(value: float, unit: str | None) -> str:
    """A figure with its unit: "1,000 ft", "0.5 SM"."""
    figure = f"{value:,.0f}" if unit in WHOLE else f"{value:,.2f}".rstrip("0").rstrip(".")
    return f"{figure} {unit}" if unit else figure


def rule_name(shortfall: Shortfall) -> str:
    """What is limited: "Visibility", "Convection (TS)"."""
    name = NAMES.get(shortfall.rule, shortfall.rule.replace("_", " "))
    hazard = f" ({', '.join(shortfall.hazard.split())})" if shortfall.hazard and shortfall.value is None else ""
    return name[:1].upper() + name[1:] + hazard


def forecast_value(shortfall: Shortfall) -> str:
    """What is forecast: "0.5 SM", "at times 33 kt", "forecast" of a hazard."""
    often = "at times " if shortfall.temporary else ""
    if shortfall.rule == "forecast":
        return "no forecast can be read"
    return often + (amount(shortfall.value, shortfall.unit) if shortfall.value is not None else "forecast")


def minimum(shortfall: Shortfall) -> str:
    """What the school asks for: "at least 3 SM", "at most 10 kt", "none allowed"."""
    if shortfall.limit is None:
        return "a forecast" if shortfall.rule == "forecast" else "none allowed"
    return f"at {'least' if shortfall.rule in AT_LEAST else 'most'} {amount(shortfall.limit, shortfall.unit)}"


def difference(shortfall: Shortfall) -> str:
    """By how much: "2.5 SM below", "13 kt above"; nothing for hazards."""
    if shortfall.by is None:
        return ""
    return f"{amount(shortfall.by, shortfall.unit)} {'below' if shortfall.rule in AT_LEAST else 'above'}"


def sentence(shortfall: Shortfall, time_zone: str) -> str:
    """One broken rule in a sentence."""
    when = f"{shortfall.airport}, {span(shortfall.from_utc, shortfall.to_utc, time_zone)}"
    by = difference(shortfall)
    return (
        f"{rule_name(shortfall)}: {forecast_value(shortfall)}; the school's minimum: {minimum(shortfall)}"
        f"{f' ({by})' if by else ''}. {when}."
    )


def brief(shortfalls: Sequence[Shortfall]) -> str:
    """The gravest rule in a few words: "visibility 0.5 SM, minimum 3 SM"."""
    if not shortfalls:
        return ""
    first = shortfalls[0]
    if first.value is None or first.limit is None:
        return rule_name(first)
    limit = "minimum" if first.rule in AT_LEAST else "maximum"
    return f"{rule_name(first).lower()} {amount(first.value, first.unit)}, {limit} {amount(first.limit, first.unit)}"


def when_of(lesson: Lesson) -> str:
    """A lesson's time, local."""
    return span(lesson.starts_at_utc, lesson.ends_at_utc, lesson.time_zone)
