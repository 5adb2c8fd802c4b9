"""Format times, quantities and breaches in words: local, with the zone's name and the unit."""

from collections.abc import Sequence
from datetime import datetime

from flightsched_pipelines.domain.risk.explain import AT_LEAST, NAMES
from flightsched_pipelines.domain.risk.time_zones import zone_of
from flightsched_pipelines.messages.models import Event, Lesson, Notice, Shortfall

WHOLE = {"ft", "kt", "min"}
"""Units written without decimals."""

HEADLINES: dict[Event, str] = {
    "opened": "forecast below the school's minimums",
    "updated": "the alternatives have changed",
    "cleared": "forecast above the school's minimums again",
    "expired": "no answer was received",
    "cancelled": "no longer in the schedule",
    "changed": "changed by the school, this is its time now",
    "begun": "its time has come",
    "accepted": "another time was chosen",
    "withdrawn": "the choice is withdrawn",
    "hold_released": "your chosen time was released",
    "reminded": "please reply",
    "moved": "moved to this time",
    "handed_over": "another instructor has it",
    "kept": "stays as booked",
    "declined": "a dispatcher takes over",
}

STANDBY_HEADLINES: dict[Event, str] = {
    "opened": "a slot is available",
    "expired": "the free slot has gone to the next in line",
    "cancelled": "the free slot is no longer available",
    "changed": "changed by the school",
    "accepted": "the free slot was taken",
    "withdrawn": "the choice is withdrawn",
    "hold_released": "the slot was released",
    "reminded": "please reply",
    "moved": "moved to the free slot",
    "handed_over": "another instructor has it",
    "declined": "the free slot was not confirmed in time",
}
"""Headlines of cases that offer a freed slot."""


def zone_name(instant_utc: datetime, time_zone: str) -> str:
    """Return the zone's name at that time: PST, or the city if the zone has no letters."""
    local = _local(instant_utc, time_zone)
    name = local.tzname() or ""
    if name.isalpha():
        return name
    city = time_zone.rpartition("/")[2].replace("_", " ") + " time"
    comes_twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return f"{city} (UTC{local:%z})" if comes_twice else city


def format_time(instant_utc: datetime, time_zone: str) -> str:
    """Return an instant: "Tue 24 Nov 10:00 PST"."""
    return f"{_local(instant_utc, time_zone):%a %d %b %H:%M} {zone_name(instant_utc, time_zone)}"


def format_period(from_utc: datetime, to_utc: datetime, time_zone: str) -> str:
    """Return a period: "Tue 24 Nov 10:00–11:30 PST"; with both days, or both zones, if they differ."""
    start, end = _local(from_utc, time_zone), _local(to_utc, time_zone)
    before, after = zone_name(from_utc, time_zone), zone_name(to_utc, time_zone)
    begin = f"{start:%a %d %b %H:%M}" + ("" if before == after else f" {before}")
    finish = f"{end:%H:%M}" if start.date() == end.date() else f"{end:%a %d %b %H:%M}"
    return f"{begin}–{finish} {after}"


def format_quantity(value: float, unit: str | None) -> str:
    """A figure with its unit: "1,000 ft", "0.5 SM"."""
    figure = f"{value:,.0f}" if unit in WHOLE else f"{value:,.2f}".rstrip("0").rstrip(".")
    return f"{figure} {unit}" if unit else figure


def one_line(text: str) -> str:
    """Return a text on one line, without control characters or marks that change the direction of writing."""
    if text.isprintable():
        return text
    return " ".join("".join(c if c.isprintable() else " " if c.isspace() else "" for c in text).split())


def is_minimum(shortfall: Shortfall) -> bool:
    """Return whether the limit is a minimum; a limit of wind is a maximum."""
    return shortfall.rule in AT_LEAST


def rule_name(shortfall: Shortfall) -> str:
    """Return the name of the rule: "Visibility", "Convection (TS)"."""
    name = NAMES.get(shortfall.rule, shortfall.rule.replace("_", " "))
    said = shortfall.hazard or ""
    if not said or shortfall.value is not None or said.lower().endswith(name):
        return name[:1].upper() + name[1:]
    codes = ", ".join(said.split()) if said.isupper() else said
    return f"{name[:1].upper()}{name[1:]} ({codes})"


def forecast_value(shortfall: Shortfall) -> str:
    """Return the forecast value: "0.5 SM", "at times 33 kt", "12 min after sunset", "forecast" of a hazard."""
    if shortfall.rule == "forecast":
        return "cannot be read"
    if shortfall.rule == "daylight" and shortfall.value is not None:
        if shortfall.hazard == "before sunrise":
            return f"{format_quantity(abs(shortfall.value), 'min')} before sunrise"
        return f"{format_quantity(abs(shortfall.value), 'min')} {'before' if shortfall.value >= 0 else 'after'} sunset"
    often = "at times " if shortfall.temporary else ""
    return often + (format_quantity(shortfall.value, shortfall.unit) if shortfall.value is not None else "forecast")


def limit(shortfall: Shortfall) -> str:
    """Return the school's limit: "at least 3 SM", "more than 3 SM", "at most 10 kt", "none allowed"."""
    if shortfall.rule == "forecast":
        return "a forecast"
    if shortfall.rule == "daylight":
        return f"{format_quantity(shortfall.limit, 'min')} before sunset" if shortfall.limit else "by day only"
    if shortfall.limit is None:
        return "none allowed"
    met = shortfall.by == 0
    least, most = ("more than", "less than") if met else ("at least", "at most")
    return f"{least if is_minimum(shortfall) else most} {format_quantity(shortfall.limit, shortfall.unit)}"


def difference(shortfall: Shortfall) -> str:
    """By how much: "2.5 SM below", "13 kt above", "at the limit"; nothing for hazards and daylight."""
    if shortfall.by is None or shortfall.rule == "daylight":
        return ""
    if shortfall.by == 0:
        return "at the limit"
    return f"{format_quantity(shortfall.by, shortfall.unit)} {'below' if is_minimum(shortfall) else 'above'}"


def whose(shortfall: Shortfall) -> str:
    """Name the limit: the school's minimum or maximum, or the aircraft's demonstrated crosswind."""
    if shortfall.rule == "aircraft_crosswind":
        return "the aircraft's demonstrated crosswind"
    is_maximum = shortfall.limit is not None and not is_minimum(shortfall) and shortfall.rule != "daylight"
    return f"the school's {'maximum' if is_maximum else 'minimum'}"


def breach_sentence(shortfall: Shortfall, time_zone: str) -> str:
    """One broken rule in a sentence: "Visibility 0.5 SM, 2.5 SM below the school's minimum of 3 SM: KPAO, Tue ..."."""
    when = f"{shortfall.airport}, {format_period(shortfall.from_utc, shortfall.to_utc, time_zone)}"
    said = f"{rule_name(shortfall)} {forecast_value(shortfall)}"
    if shortfall.by and shortfall.limit is not None and shortfall.rule != "daylight":
        most = f"{whose(shortfall)} of {format_quantity(shortfall.limit, shortfall.unit)}"
        return f"{said}, {difference(shortfall)} {most}: {when}."
    return f"{said}; {whose(shortfall)}: {limit(shortfall)}. {when}."


def breach_brief(shortfalls: Sequence[Shortfall]) -> str:
    """The gravest rule in a few words: "visibility 0.5 SM, minimum 3 SM"."""
    if not shortfalls:
        return ""
    first = shortfalls[0]
    if first.value is None or first.limit is None:
        return rule_name(first)
    if first.rule == "daylight":
        return forecast_value(first)
    kind = "minimum" if is_minimum(first) else "maximum"
    value, limit_ = format_quantity(first.value, first.unit), format_quantity(first.limit, first.unit)
    return f"{rule_name(first).lower()} {value}, {kind} {limit_}"


def when_of(lesson: Lesson) -> str:
    """Return a lesson's time, local."""
    return format_period(lesson.starts_at_utc, lesson.ends_at_utc, lesson.time_zone)


def headline(notice: Notice) -> str:
    """Return a notice's event in a few words."""
    return (STANDBY_HEADLINES if notice.standby else HEADLINES)[notice.event]


def lessons(number: int) -> str:
    """Return a number of lessons: "1 lesson", "2 lessons"."""
    return f"{number} lesson{'s' * (number != 1)}"


WHY_NOTHING: dict[str, str] = {
    "student not available": "the student is not available at any suitable time",
    "no instructor": "no instructor is free at any suitable time",
    "no aircraft": "no aircraft of the type is free at any suitable time",
    "no daylight": "no suitable time is in daylight",
    "no weather": "the forecast is below the minimums at every suitable time",
    "school closed": "the school is closed at every suitable time",
    "no slot left": "every suitable time is offered to another student",
}


def why_nothing(reason: str) -> str:
    """Return in words why no alternative can be offered."""
    return WHY_NOTHING.get(reason, reason)


def _local(instant_utc: datetime, time_zone: str) -> datetime:
    if instant_utc.tzinfo is None:
        raise ValueError(f"{instant_utc.isoformat()} has no time zone; give instants in UTC")
    return instant_utc.astimezone(zone_of(time_zone))
