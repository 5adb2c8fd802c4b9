"""Times, quantities and numbers of things in words: the same in terminal, mail, text message, calendar and page.

What people read has no other form of them: "Sun 8 Nov 15:00 PST", "1/4 SM", "1 alert".
"""

from datetime import date, datetime, timedelta
from math import floor

from flightsched_pipelines.durations import MINUTE
from flightsched_pipelines.time_zones import zone_of

NEAR = 0.006
"""The most that rounding to hundredths changes a fraction by: sources give 1/8 SM as 0.125, 0.13 and 0.12."""

_FRACTIONS = {
    sixteenths / 16: words
    for sixteenths, words in (
        (1, "1/16"), (2, "1/8"), (3, "3/16"), (4, "1/4"), (5, "5/16"), (6, "3/8"), (8, "1/2"), (10, "5/8"), (12, "3/4"),
        (14, "7/8"),
    )
}  # fmt: skip
"""The fractions of a mile in which visibility is reported (FMH-1, table 6-1)."""
_OF_A_MILE_ONLY = ("1/16", "3/16", "5/16")
"""Fractions that are not reported beside whole miles."""


def format_time(instant_utc: datetime, time_zone: str) -> str:
    """Return an instant on the local clock: "Sun 8 Nov 15:00 PST"."""
    local = _local(instant_utc, time_zone)
    return f"{format_day(local)} {local:%H:%M} {zone_name(instant_utc, time_zone)}"


def format_clock(instant_utc: datetime, time_zone: str) -> str:
    """Return the local clock alone, where a heading has day and zone: "15:00"."""
    return f"{_local(instant_utc, time_zone):%H:%M}"


def format_utc(instant_utc: datetime) -> str:
    """Return an instant for operators, whose schools are in several zones: "Sun 8 Nov 23:00 UTC"."""
    return format_time(instant_utc, "UTC")


def format_period(from_utc: datetime, to_utc: datetime, time_zone: str) -> str:
    """Return a period: "Sun 8 Nov 15:00–16:30 PST"; with both days, or both zones, where they differ."""
    start, end = _local(from_utc, time_zone), _local(to_utc, time_zone)
    before, after = zone_name(from_utc, time_zone), zone_name(to_utc, time_zone)
    begin = f"{format_day(start)} {start:%H:%M}" + ("" if before == after else f" {before}")
    finish = f"{end:%H:%M}" if start.date() == end.date() else f"{format_day(end)} {end:%H:%M}"
    return f"{begin}–{finish} {after}"


def format_day(day: date) -> str:
    """Return a day: "Sun 8 Nov"."""
    return f"{day:%a} {day.day} {day:%b}"


def zone_name(instant_utc: datetime, time_zone: str) -> str:
    """Return the zone's name at an instant: "PST", or its city where it has no letters, "Sao Paulo time".

    Within the hour that comes twice a city is followed by the offset.
    """
    local = _local(instant_utc, time_zone)
    name = local.tzname() or ""
    if name.isalpha():
        return name
    city = time_zone.rpartition("/")[2].replace("_", " ") + " time"
    comes_twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return f"{city} (UTC{local:%z})" if comes_twice else city


def format_quantity(value: float, unit: str | None) -> str:
    """Return an amount with its unit: "1 1/4 SM", "1,000 ft", "10.3 kt", "30 min"."""
    if unit == "SM":
        return f"{_miles(value)} SM"
    figure = f"{value:,.0f}" if unit in {"ft", "min"} else f"{value:,.1f}".removesuffix(".0")
    return f"{figure} {unit}" if unit else figure


def format_visibility(miles: float, *, at_least: bool = False) -> str:
    """Return a visibility; "more than 6 SM" where a report gives a bound, as P6SM does."""
    if not at_least:
        return format_quantity(miles, "SM")
    return f"{'more than' if miles == 6 else 'at least'} {format_quantity(miles, 'SM')}"


def plural(number: int, singular: str, more: str | None = None) -> str:
    """Return a number of things: "1 alert", "2 alerts", "1,000 alerts"; ``more`` is a plural that is not in -s."""
    return f"{number:,} {singular if number == 1 else more or singular + 's'}"


def format_duration(length: timedelta) -> str:
    """Return a length of time in whole minutes: "45 min", "1 h", "1 h 30 min"; not negative."""
    hours, minutes = divmod(length // MINUTE, 60)
    return " ".join([f"{hours} h"] * bool(hours) + [f"{minutes} min"] * bool(minutes or not hours))


def _miles(value: float) -> str:
    """Return miles as a report has them, in fractions; what is no such fraction as a decimal, rounded down."""
    whole, part = divmod(value, 1)
    for fraction, words in _FRACTIONS.items():
        if abs(part - fraction) <= NEAR and not (whole and words in _OF_A_MILE_ONLY):
            return f"{whole:,.0f} {words}" if whole else words
    # 4.999 is not 5: a limit of 5 would seem to be met.
    return f"{floor(value * 100 + 1e-6) / 100:,.2f}".rstrip("0").rstrip(".")


def _local(instant_utc: datetime, time_zone: str) -> datetime:
    if instant_utc.tzinfo is None:
        raise ValueError(f"{instant_utc.isoformat()} has no time zone; give instants in UTC")
    return instant_utc.astimezone(zone_of(time_zone))
