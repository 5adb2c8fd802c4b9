"""Decide when a person may be notified: quiet hours in the person's own zone, which a near lesson overrides."""

from datetime import datetime, time, timedelta

from flightsched_pipelines.time_zones import zone_of


def not_before(
    now_utc: datetime, lesson_utc: datetime, quiet: tuple[time, time] | None, time_zone: str, override: timedelta
) -> datetime:
    """Return the first instant, UTC, from ``now_utc`` on at which a message about a lesson may reach a person.

    Args:
        now_utc: now.
        lesson_utc: start of the lesson; within ``override`` of now, quiet hours do not apply.
        quiet: begin and end of the quiet hours, local; the end is before the begin when they span midnight.
        time_zone: IANA zone of the quiet hours.
        override: as above.
    """
    if quiet is None or lesson_utc - now_utc <= override:
        return now_utc
    begin, end = quiet
    zone = zone_of(time_zone)
    local = now_utc.astimezone(zone)
    clock = local.time()
    within = begin <= clock < end if begin <= end else clock >= begin or clock < end
    if not within:
        return now_utc
    day = local.date() + timedelta(days=1 if clock >= end else 0)
    # The end of the quiet hours may not exist on the night that clocks go forward: then it is an hour later.
    wakes = datetime.combine(day, end, zone).astimezone(now_utc.tzinfo)
    return max(wakes, now_utc)
