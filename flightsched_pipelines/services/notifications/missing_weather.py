"""Notify each school's dispatchers of weather that is missing for hours: once, and again when it is over.

Missing weather is found in the stored hours: lessons that an hour could not assess, and hours that did not run at all.
A sensor calls this, not the dispatch, so that dispatchers are notified even if there is no hour to dispatch.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine

from flightsched_pipelines.database.queries.cases import cases
from flightsched_pipelines.database.queries.notifications import contacts, outbox
from flightsched_pipelines.database.queries.notifications import weather_gaps as gaps
from flightsched_pipelines.database.queries.notifications.outbox import Queued
from flightsched_pipelines.database.queries.notifications.weather_gaps import OpenGap
from flightsched_pipelines.domain.cases.lifecycle import Slot
from flightsched_pipelines.domain.risk.missing_forecasts import lacks_weather
from flightsched_pipelines.formatting import format_time
from flightsched_pipelines.messages.models import Digest, Lesson, MissingWeather
from flightsched_pipelines.services.notifications import channels
from flightsched_pipelines.services.notifications.directory import Directory
from flightsched_pipelines.services.notifications.notifications import DIGEST_EXPIRES_AFTER
from flightsched_pipelines.settings import Settings

LOOK_BACK = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Gap:
    """A school's lessons that cannot be assessed now, since when, and at which airports; none if no hour ran."""

    since_utc: datetime
    booking_ids: Sequence[int]
    airports: Sequence[str]


@dataclass(frozen=True, slots=True)
class GapNotice:
    """Pending notifications to dispatchers, by school: gaps that have lasted long enough, and those that are over."""

    begun: Mapping[int, Gap]
    over: Mapping[int, OpenGap]

    def __len__(self) -> int:
        return len(self.begun) + len(self.over)


def due(engine: Engine, now_utc: datetime, settings: Settings) -> int:
    """Return the number of schools whose dispatchers are to be notified that weather is missing, or is back."""
    with engine.connect() as connection:
        return len(_gaps_to_notify(connection, now_utc, settings))


def notify_dispatchers(engine: Engine, now_utc: datetime, settings: Settings) -> int:
    """Notify them, each once; safe to run concurrently. Returns the number of schools."""
    with engine.begin() as connection:
        gaps.decide_alone(connection)
        news = _gaps_to_notify(connection, now_utc, settings)
        if not len(news):
            return 0
        lessons = _lessons_ahead(connection, now_utc, settings)
        directory = Directory.read(connection, [key for gap in news.begun.values() for key in gap.booking_ids])
        schools = contacts.schools(connection, {*news.begun, *news.over})
        rows: list[Queued] = []
        for school_id, gap in news.begun.items():
            told = [directory.lesson(key, lessons[key], with_phones=True) for key in gap.booking_ids]
            gap_id = gaps.record_notified(connection, school_id, gap.since_utc, len(told), now_utc)
            why = _why(gap, schools[school_id])
            missing = MissingWeather(since_utc=gap.since_utc, why=why, lessons=_in_time(told))
            rows += _messages(schools[school_id], f"weather-gap-{gap_id}/missing", missing, now_utc, settings)
        for school_id, gap in news.over.items():
            back = MissingWeather(since_utc=gap.since_utc, why="", lessons=[], over=True)
            rows += _messages(schools[school_id], f"weather-gap-{gap.gap_id}/over", back, now_utc, settings)
        gaps.record_over(connection, [gap.gap_id for gap in news.over.values()], now_utc)
        outbox.queue(connection, rows, now_utc)
    return len(news)


def _gaps_to_notify(connection: Connection, now_utc: datetime, settings: Settings) -> GapNotice:
    hours = gaps.assessed_hours(connection, now_utc - LOOK_BACK)
    if not hours:
        return GapNotice({}, {})
    known = gaps.open_gaps(connection)
    is_recent = now_utc - hours[0] <= timedelta(hours=settings.dispatch_max_age_hours)
    standing = _gaps_in(connection, hours, now_utc, settings) if is_recent else _without_hours(
        connection, hours, now_utc, settings
    )  # fmt: skip
    lasted = now_utc - timedelta(hours=settings.missing_weather_hours)
    begun = {key: gap for key, gap in standing.items() if key not in known and gap.since_utc <= lasted}
    over = {key: gap for key, gap in known.items() if is_recent and key not in standing}
    return GapNotice(begun, over)


def _gaps_in(
    connection: Connection, hours: Sequence[datetime], now_utc: datetime, settings: Settings
) -> dict[int, Gap]:
    """By school, the lessons ahead whose weather the newest hour lacks."""
    ahead = _lessons_ahead(connection, now_utc, settings)
    booking_ids: defaultdict[int, dict[int, None]] = defaultdict(dict)
    airports: defaultdict[int, set[str]] = defaultdict(set)
    for row in gaps.unjudged(connection, hours[:1]):
        if lacks_weather(row.lacks) and row.booking_id in ahead:
            booking_ids[row.school_id][row.booking_id] = None
            airports[row.school_id].add(row.airport)
    if not booking_ids:
        return {}
    since = _since(connection, hours)
    return {key: Gap(since[key], list(found), sorted(airports[key])) for key, found in booking_ids.items()}


def _without_hours(
    connection: Connection, hours: Sequence[datetime], now_utc: datetime, settings: Settings
) -> dict[int, Gap]:
    """By school, all lessons ahead: no hour has assessed them for too long."""
    ahead = _lessons_ahead(connection, now_utc, settings)
    schools = gaps.schools_of(connection, ahead)
    since = _since(connection, hours)
    by_school: defaultdict[int, list[int]] = defaultdict(list)
    for booking_id in ahead:
        by_school[schools[booking_id]].append(booking_id)
    return {key: Gap(since.get(key, hours[0]), found, []) for key, found in by_school.items()}


def _since(connection: Connection, hours: Sequence[datetime]) -> dict[int, datetime]:
    """By school, the first of the consecutive hours up to the newest in which some lesson's weather was missing."""
    lacking: defaultdict[int, set[datetime]] = defaultdict(set)
    for row in gaps.unjudged(connection, hours):
        if lacks_weather(row.lacks):
            lacking[row.school_id].add(row.hour_utc)
    since: dict[int, datetime] = {}
    for school_id, lacked in lacking.items():
        for hour in hours:
            if hour not in lacked:
                break
            since[school_id] = hour
    return since


def _lessons_ahead(connection: Connection, now_utc: datetime, settings: Settings) -> dict[int, Slot]:
    """The lessons that have not begun and that an hour run now would assess."""
    until = now_utc + timedelta(hours=settings.lookahead_hours)
    return {
        booking.booking_id: booking.slot
        for booking in cases.schedule(connection, now_utc)
        if booking.status != "held" and booking.flies and now_utc <= booking.slot.starts_at_utc < until
    }


def _why(gap: Gap, school: contacts.School) -> str:
    if not gap.airports:
        return f"no hour has been assessed since {format_time(gap.since_utc, school.time_zone)}"
    return f"the forecast for {', '.join(gap.airports)} is missing, or cannot be read whole"


def _in_time(lessons: Sequence[Lesson]) -> list[Lesson]:
    return sorted(lessons, key=lambda lesson: (lesson.starts_at_utc, lesson.reference))


def _messages(
    school: contacts.School, key: str, missing: MissingWeather, now_utc: datetime, settings: Settings
) -> list[Queued]:
    """The message on each channel of the school's dispatchers."""
    digest = Digest(
        name="dispatch", school=school.name, time_zone=school.time_zone, hour_utc=now_utc, lines=[], missing=missing,
        sent_at_utc=now_utc,
    )  # fmt: skip
    wanted = {"slack", "email"} if school.dispatch_email else {"slack"}
    return [
        Queued(
            f"{key}/dispatcher-{school.school_id}/{channel}", channel, None, None, "digest", "dispatcher",
            school.school_id, digest.model_dump(mode="json"), now_utc, now_utc + DIGEST_EXPIRES_AFTER,
        )
        for channel in sorted(channels.configured_channels(settings) & wanted)
    ]  # fmt: skip
