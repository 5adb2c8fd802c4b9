"""Every kind of record that grows, and how long it is kept.

What a school entered, and what the platform learned about its lessons, is kept for ever unless a window is set.
Dagster's own records have windows from the start.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Kept(StrEnum):
    """The place of records, on which depends how they are deleted."""

    HOURS = "hours"
    """Materialised tables: an hour is archived first."""
    SCHOOL = "school"
    """Tables of the school's, deleted or emptied in batches."""
    RUNS = "runs"
    """Runs of Dagster's, of one kind."""
    DAGSTER = "dagster"
    """Other records of Dagster's."""
    FILES = "files"


@dataclass(frozen=True, slots=True)
class Window:
    """A kind of record: its place and meaning, the days for which it is kept (``None``: for ever), the fewest."""

    kept: Kept
    meaning: str
    days: float | None = None
    least_days: float = 1


PIPELINE = "pipeline"
"""The window of every materialised table that has none of its own."""

_LATER_HOURS_READ = 14
"""Days of the materialised tables that are never deleted: later hours and people's pages read some of them."""

_TABLES = {
    "raw_weather": "weather providers' responses, verbatim",
    "observations": "METARs",
    "forecasts": "forecasts of every airport and hour",
    "hazard_areas": "hazard areas",
    "booking_snapshot": "the bookings as they were at each hour",
    "availability_snapshot": "who and what was available at each hour",
    "reference_snapshot": "which minimums, airports and settings each hour had",
    "at_risk_bookings": "breaches of each lesson that is not ok",
    "lesson_verdicts": "the verdict of every lesson",
    "reschedule_candidates": "slots found for at-risk lessons",
    "unplaceable_bookings": "lessons without a slot, and why",
    "reschedule_plan": "alternatives in the planner's order",
    "solver_runs": "statistics of the solver",
    "reschedule_proposals": "alternatives as they were offered",
    "forecast_verification": "forecasts beside what was observed",
    "verdict_verification": "verdicts beside what was observed",
}

_READ_LONGER = {"forecast_verification": 35, "verdict_verification": 366}
"""The records of forecasts and of verdicts, which the report and a lesson's explanation count over 30 and 365 days."""

_KEPT_RUNS = {
    "hour": ("runs of an hour, with its materializations in the UI", 400.0),
    "report": ("runs of the operations report", 400.0),
    "figures": ("runs of schools' figures by day and week", 400.0),
    "dispatch": ("runs that notify", 90.0),
    "deliver": ("runs that send", 30.0),
    "responses": ("runs that apply queued responses", 90.0),
    "feed": ("runs that import the feed's files", 90.0),
    "redrive": ("runs that send dead letters again", 90.0),
    "by_hand": ("runs that somebody started in the UI, such as a response", 400.0),
    "operations": ("runs of the operational checks, every five minutes", 1.0),
    "retention": ("runs of the archive", 400.0),
}

WINDOWS: Mapping[str, Window] = MappingProxyType(
    {
        PIPELINE: Window(
            Kept.HOURS, "every materialised table without a window of its own", least_days=_LATER_HOURS_READ
        ),
        **{
            name: Window(Kept.HOURS, meaning, least_days=_READ_LONGER.get(name, _LATER_HOURS_READ))
            for name, meaning in _TABLES.items()
        },
        "hourly_metrics": Window(Kept.HOURS, "the platform's metrics of each hour", least_days=35),
        "outbox": Window(Kept.SCHOOL, "messages that were sent or suppressed, once their case is closed", None, 35),
        "responses": Window(
            Kept.SCHOOL, "reasons and dispatchers' names in responses to closed cases; the responses stay", None, 35
        ),
        "llm_calls": Window(Kept.SCHOOL, "calls of the LLM", None, 14),
        "dead_letters": Window(Kept.SCHOOL, "dead letters that were settled", None, 14),
        "live_events": Window(Kept.SCHOOL, "events of the live stream, which a listener can replay", None, 7),
        "alerts": Window(Kept.SCHOOL, "alerts that were resolved", None, 90),
        "settings_changes": Window(Kept.SCHOOL, "people's changes of their own settings", None, 35),
        "sign_ins": Window(Kept.SCHOOL, "dispatchers' sessions and sign-in links that have ended", None, 7),
        "reference_contents": Window(
            Kept.SCHOOL, "minimums, credentials and settings that no kept hour refers to", None, _LATER_HOURS_READ
        ),
        **{
            f"runs_{kind}": Window(Kept.RUNS, meaning, days) for kind, (meaning, days) in _KEPT_RUNS.items()
        },
        "check_executions": Window(Kept.DAGSTER, "results of asset checks; the newest of each check stays", 7.0),
        "reports": Window(Kept.FILES, "pages of the operations report", 14.0),
    }
)  # fmt: skip
"""Every kind by the name that the setting ``KEEP_DAYS__<NAME>`` has."""

FAILED_RUNS_DAYS = 30
"""A run that did not succeed is kept for at least this long, whatever its kind."""


def kept_days(name: str, set_days: Mapping[str, float]) -> float | None:
    """Return the days for which a kind is kept; ``None``: for ever."""
    if name in set_days:
        return set_days[name]
    if WINDOWS[name].kept is Kept.HOURS and PIPELINE in set_days:
        return max(set_days[PIPELINE], WINDOWS[name].least_days)
    return WINDOWS[name].days


def archived_tables(set_days: Mapping[str, float]) -> Mapping[str, float]:
    """Return the materialised tables that have a window, with its days."""
    tables = (name for name, window in WINDOWS.items() if window.kept is Kept.HOURS and name != PIPELINE)
    return {name: days for name in tables if (days := kept_days(name, set_days)) is not None}
