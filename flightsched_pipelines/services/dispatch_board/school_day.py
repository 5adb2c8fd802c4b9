"""Read one day of a school: its lessons with their verdicts, and all its aircraft and instructors."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import Engine

from flightsched_pipelines.database.queries.schedule.board_rows import resources_of
from flightsched_pipelines.durations import DAY
from flightsched_pipelines.services.dispatch_board.sign_in import Dispatcher
from flightsched_pipelines.services.hourly.board import BoardLesson, read_lessons
from flightsched_pipelines.settings import Settings
from flightsched_pipelines.time_zones import zone_of


@dataclass(frozen=True, slots=True)
class SchoolDay:
    """A local day of a school, from midnight to midnight.

    ``assessed_utc`` is the hour of the verdicts; ``None`` if it is too old to be shown, and no lesson has a verdict.
    """

    day: date
    today: date
    from_utc: datetime
    to_utc: datetime
    aircraft: Sequence[str]
    instructors: Sequence[str]
    lessons: Sequence[BoardLesson]
    assessed_utc: datetime | None


def school_day(
    engine: Engine, dispatcher: Dispatcher, day: date | None, now_utc: datetime, settings: Settings
) -> SchoolDay:
    """Return a day of the dispatcher's school; today if none is given."""
    zone = zone_of(dispatcher.time_zone)
    today = now_utc.astimezone(zone).date()
    day = day or today
    from_utc, to_utc = (datetime.combine(one, time(), zone).astimezone(UTC) for one in (day, day + DAY))
    with engine.connect() as connection:
        lessons, hour = read_lessons(connection, from_utc, to_utc, dispatcher.school_id)
        resources = resources_of(connection, dispatcher.school_id)
    if hour is None or now_utc - hour > timedelta(hours=settings.dispatch_max_age_hours):
        lessons, hour = [replace(one, verdict=None, uncertainty=None) for one in lessons], None
    return SchoolDay(day, today, from_utc, to_utc, resources["aircraft"], resources["instructor"], lessons, hour)
