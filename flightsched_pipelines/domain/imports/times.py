"""Times of files, with an offset or on a local clock; ambiguous local times are refused."""

from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from flightsched_pipelines.time_zones import instant_in

FIRST, LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
EXAMPLE = "2026-11-24T15:00-08:00"


class Times(StrEnum):
    """The meaning of a time without an offset."""

    OFFSET = "offset"
    LOCAL = "local"
    UTC = "utc"


def parse_moment(text: str) -> datetime:
    """Read a date and a time, with or without an offset.

    Raises:
        ValueError: it is not a date with a time of day.
    """
    if len(text) < len("2026-11-24T15"):
        raise ValueError(text)
    return datetime.fromisoformat(text.replace(" ", "T", 1) if text[10:11] == " " else text)


def instant_of(moment: datetime, times: Times, zone: ZoneInfo | None) -> datetime:
    """Return the instant of a moment, in UTC.

    Args:
        moment: with its offset, or without.
        times: what it means without one.
        zone: the place's, for ``LOCAL``.

    Raises:
        ValueError: it does not say which instant it is, or is none between 2000 and 2200; the message says why.
    """
    if moment.tzinfo is None and times is Times.OFFSET:
        raise ValueError(f"it has no offset; write {EXAMPLE}, or say --times local or --times utc for the whole file")
    if moment.tzinfo is None and times is Times.LOCAL:
        instant = instant_in(moment, zone) if zone is not None else None
        if instant is None:
            raise ValueError("the airport's time zone is not known; give an offset")
    else:
        instant = (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).astimezone(UTC)
    if not FIRST <= instant <= LAST:
        raise ValueError("it does not lie between 2000 and 2200")
    return instant


def parse_clock(text: str) -> time:
    """Read a time of day, such as 07:00 or 7:00 PM.

    Raises:
        ValueError: it is none.
    """
    for form in ("%H:%M", "%H:%M:%S", "%I:%M %p", "%I:%M%p"):
        try:
            return datetime.strptime(text.upper(), form).time()  # noqa: DTZ007, a time of day alone
        except ValueError:
            continue
    raise ValueError(text)


def parse_day(text: str) -> date:
    """Read a day, such as 2026-11-24.

    Raises:
        ValueError: it is none between 2000 and 2200.
    """
    day = date.fromisoformat(text.removesuffix("T00:00:00").removesuffix(" 00:00:00"))
    if not FIRST.date() <= day < LAST.date():
        raise ValueError(text)
    return day


def span_fault(starts: datetime, ends: datetime, longest: timedelta | None) -> str:
    """Return what is wrong with a time from ``starts`` to ``ends``; empty for nothing."""
    if ends <= starts:
        return "it must lie after starts_at"
    if longest is not None and ends - starts > longest:
        hours = (ends - starts) / timedelta(hours=1)
        return f"it lies {hours:,.1f} h after starts_at; at most {longest / timedelta(hours=1):g} h are possible"
    return ""
