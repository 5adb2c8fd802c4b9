"""Text for a school's manager about a week that has ended."""

from flightsched_pipelines.formatting import format_day, plural
from flightsched_pipelines.messages.models import SchoolDay, SchoolWeek


def title(week: SchoolWeek) -> str:
    """Return what the mail is about: "Mon 16 Nov to Sun 22 Nov: 8 lessons moved, 3 lost"."""
    saved, lost = sum(day.saved for day in week.days), sum(day.lost for day in week.days)
    first, last = week.days[0].day, week.days[-1].day
    return f"{format_day(first)} to {format_day(last)}: {plural(saved, 'lesson')} moved, {lost} lost"


def sentences(week: SchoolWeek) -> list[str]:
    """Return the week in sentences."""
    threatened, saved, lost = (sum(getattr(day, name) for day in week.days) for name in ("threatened", "saved", "lost"))
    rest = (
        " The others were kept, or cleared by a better forecast, or are still open."
        if threatened > saved + lost
        else ""
    )
    said = [
        f"{plural(threatened, 'lesson')} had a forecast below the school's minimums: {saved} moved, {lost} lost.{rest}",
        _hours(week),
        _answers(week),
    ]
    if week.cancelled:
        causes = ", ".join(f"{cause} {count}" for cause, count in week.cancelled)
        said.append(f"Cancelled lessons, by the cause on record: {causes}.")
    return said


def hours_flown(day: SchoolDay) -> str:
    """Return the hours flown of a day, "unknown" where the scheduler does not say."""
    return "unknown" if day.hours_flown is None else f"{day.hours_flown:,.4g}"


def _hours(week: SchoolWeek) -> str:
    booked = sum(day.hours_booked for day in week.days)
    flown = [day.hours_flown for day in week.days if day.hours_flown is not None]
    if len(flown) < len(week.days):
        return (
            f"{booked:,.4g} hours of flights were booked. The hours flown are unknown: your scheduler's file has no "
            "lesson of this week as completed."
        )
    share = f" ({100 * sum(flown) / booked:.0f} %)" if booked else ""
    return f"{sum(flown):,.4g} of {booked:,.4g} hours booked were flown{share}."


def _answers(week: SchoolWeek) -> str:
    if week.median_answer_minutes is None or week.p90_answer_minutes is None:
        return "No student chose another time."
    often = "once" if week.answers == 1 else plural(week.answers, "time")
    median = plural(round(week.median_answer_minutes), "minute")
    slow = plural(round(week.p90_answer_minutes), "minute")
    return f"Students chose another time {often}, after {median} at the median; nine of ten within {slow}."
