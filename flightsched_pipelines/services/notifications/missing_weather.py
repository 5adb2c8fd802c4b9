"""Notify each school's dispatchers of weather that is missing for hours: once, and again when it is back.

Missing weather is found in the stored hours: lessons that an hour could not assess, and hours that did not run at all.
A gap is of one airport of a school, so that one that lasts keeps no other from being told. It ends when no lesson ahead
lacks weather there; only if a lesson that lacked it was assessed since is the weather back.
A sensor calls this, not the dispatch, so that dispatchers are notified even if there is no hour to dispatch.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine

from flightsched_pipelines.database.queries.cases import cases
from flightsched_pipelines.database.queries.notifications import contacts, outbox
from flightsched_pipelines.database.queries.notifications import weather_gaps as gaps
from flightsched_pipelines.database.queries.notifications.outbox import Queued
from flightsched_pipelines.database.queries.notifications.weather_gaps import OpenGap, Unjudged
from flightsched_pipelines.domain.cases.lifecycle import Slot
from flightsched_pipelines.domain.risk.missing_forecasts import NO_FORECAST_WORDS, lacks_weather
from flightsched_pipelines.durations import HOUR
from flightsched_pipelines.formatting import format_time
from flightsched_pipelines.messages.models import Digest, Lesson, MissingWeather
from flightsched_pipelines.services.notifications import channels
from flightsched_pipelines.services.notifications.directory import Directory
from flightsched_pipelines.services.notifications.notifications import DIGEST_EXPIRES_AFTER
from flightsched_pipelines.settings import Settings

LOOK_BACK = timedelta(days=14)


Key = tuple[int, str | None]
"""A school and an airport; none if no hour was assessed."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A school's lessons that cannot be assessed now at an airport, since when, and whether a source serves it."""

    since_utc: datetime
    booking_ids: Sequence[int]
    is_served: bool = True


@dataclass(frozen=True, slots=True)
class GapNotice:
    """Gaps to notify dispatchers of: those that have lasted long enough, those whose weather is back.

    ``ended`` are gaps whose lessons have begun, moved or been cancelled: nobody is notified.
    """

    begun: Mapping[Key, Gap] = field(default_factory=dict[Key, Gap])
    back: Sequence[OpenGap] = ()
    ended: Sequence[OpenGap] = ()

    @property
    def notified(self) -> set[int]:
        """The schools whose dispatchers are to be notified."""
        return {school_id for school_id, _ in self.begun} | {gap.school_id for gap in self.back}

    def __len__(self) -> int:
        return len(self.notified | {gap.school_id for gap in self.ended})


@dataclass(frozen=True, slots=True)
class AssessedHours:
    """The stored hours, the newest first; the weather that lessons lacked in them; and the lessons ahead of now.

    Of the newest hour alone: ``unjudged`` lessons at airports, for whatever reason, and airports that no source of
    forecasts served.
    """

    hours: Sequence[datetime]
    lacking: Sequence[Unjudged]
    unjudged: Collection[tuple[int, str]]
    unserved: Collection[str]
    ahead: Mapping[int, Slot]

    @property
    def newest_lacking(self) -> list[Unjudged]:
        """The weather that lessons ahead lack in the newest hour."""
        return [row for row in self.lacking if row.hour_utc == self.hours[0] and row.booking_id in self.ahead]


def due(engine: Engine, now_utc: datetime, settings: Settings) -> int:
    """Return the number of schools with a gap that has lasted long enough, or has ended."""
    with engine.connect() as connection:
        return len(_gaps_to_notify(connection, now_utc, settings))


def notify_dispatchers(engine: Engine, now_utc: datetime, settings: Settings) -> int:
    """Notify them, each once; safe to run concurrently. Returns the number of schools that are notified."""
    with engine.begin() as connection:
        gaps.decide_alone(connection)
        news = _gaps_to_notify(connection, now_utc, settings)
        if not len(news):
            return 0
        gaps.record_over(connection, [gap.gap_id for gap in (*news.back, *news.ended)], now_utc)
        lessons = _lessons_ahead(connection, now_utc, settings)
        directory = Directory.read(connection, [key for gap in news.begun.values() for key in gap.booking_ids])
        schools = contacts.schools(connection, news.notified)
        rows: list[Queued] = []
        for group in _told_together(news.begun):
            (school_id, _), first = next(iter(group.items()))
            ids = [
                gaps.record_notified(connection, *key, gap.since_utc, len(gap.booking_ids), now_utc)
                for key, gap in group.items()
            ]
            named = dict.fromkeys(booking_id for gap in group.values() for booking_id in gap.booking_ids)
            told = [directory.lesson(key, lessons[key], with_phones=True) for key in named]
            why = _why(first, [airport for _, airport in group if airport], schools[school_id])
            missing = MissingWeather(since_utc=first.since_utc, why=why, lessons=_in_time(told))
            rows += _messages(schools[school_id], f"weather-gap-{ids[0]}/missing", missing, now_utc, settings)
        for (school_id, since_utc), ended in _by_since(news.back).items():
            airports = sorted(gap.airport for gap in ended if gap.airport)
            back = MissingWeather(since_utc=since_utc, why="", lessons=[], over=True, airports=airports)
            rows += _messages(schools[school_id], f"weather-gap-{ended[0].gap_id}/over", back, now_utc, settings)
        outbox.queue(connection, rows, now_utc)
    return len(news.notified)


def _told_together(begun: Mapping[Key, Gap]) -> list[dict[Key, Gap]]:
    """Return the gaps of a school that began in one hour, for one reason, in one group each."""
    groups: defaultdict[tuple[int, datetime, bool], dict[Key, Gap]] = defaultdict(dict)
    for (school_id, airport), gap in begun.items():
        groups[school_id, gap.since_utc, gap.is_served][school_id, airport] = gap
    return list(groups.values())


def _by_since(ended: Sequence[OpenGap]) -> Mapping[tuple[int, datetime], list[OpenGap]]:
    groups: defaultdict[tuple[int, datetime], list[OpenGap]] = defaultdict(list)
    for gap in ended:
        groups[gap.school_id, gap.since_utc].append(gap)
    return groups


def _gaps_to_notify(connection: Connection, now_utc: datetime, settings: Settings) -> GapNotice:
    hours = gaps.assessed_hours(connection, now_utc - LOOK_BACK)
    if not hours:
        return GapNotice()
    known = gaps.open_gaps(connection)
    told = {(gap.school_id, gap.airport) for gap in known}
    stored = _stored(connection, hours, _lessons_ahead(connection, now_utc, settings), known)
    is_recent = now_utc - hours[0] <= timedelta(hours=settings.dispatch_max_age_hours)
    standing = _gaps_in(stored) if is_recent else _without_hours(connection, stored, told)
    lasted = now_utc - timedelta(hours=settings.missing_weather_hours)
    begun = {
        key: gap for key, gap in standing.items()
        if gap.since_utc <= lasted and told.isdisjoint({key, (key[0], None)})
    }  # fmt: skip
    if not is_recent:
        return GapNotice(begun)
    buffer = timedelta(minutes=settings.booking_buffer_minutes)
    return GapNotice(begun, *_ended(connection, stored, known, standing.keys(), buffer))


def _stored(
    connection: Connection, hours: Sequence[datetime], ahead: Mapping[int, Slot], known: Sequence[OpenGap]
) -> AssessedHours:
    """Read the newest hour, and of the others what concerns airports that lack weather in it, or have a known gap."""
    newest = gaps.unjudged(connection, hours[:1])
    lacking, unserved = _lacking(connection, hours[:1], newest)
    concerned = {row.airport for row in lacking} | {gap.airport for gap in known if gap.airport is not None}
    older = gaps.unjudged(connection, hours[1:], concerned) if concerned else []
    earlier, _ = _lacking(connection, hours[1:], older)
    unjudged = {(row.booking_id, row.airport) for row in newest}
    return AssessedHours(hours, [*lacking, *earlier], unjudged, unserved, ahead)


def _lacking(
    connection: Connection, hours: Sequence[datetime], rows: Sequence[Unjudged]
) -> tuple[list[Unjudged], set[str]]:
    """Return the rows of hours that lack weather, and the airports that some hour found without any source."""
    unreached = {row.airport for row in rows if NO_FORECAST_WORDS in row.lacks.split(", ")}
    served = gaps.forecast_airports(connection, hours, unreached) if unreached else set[tuple[datetime, str]]()
    lacking = [row for row in rows if lacks_weather(row.lacks, is_served=(row.hour_utc, row.airport) in served)]
    return lacking, {airport for airport in unreached for hour in hours if (hour, airport) not in served}


def _gaps_in(stored: AssessedHours) -> dict[Key, Gap]:
    """By school and airport, the lessons ahead whose weather the newest hour lacks."""
    booking_ids: defaultdict[tuple[int, str], dict[int, None]] = defaultdict(dict)
    for row in stored.newest_lacking:
        booking_ids[row.school_id, row.airport][row.booking_id] = None
    since = _since(stored)
    return {key: Gap(since[key], list(found), key[1] not in stored.unserved) for key, found in booking_ids.items()}


def _without_hours(connection: Connection, stored: AssessedHours, told: Collection[Key]) -> dict[Key, Gap]:
    """By school, the lessons ahead that no hour has assessed for too long; not those of gaps that are known."""
    known = {row.booking_id for row in stored.newest_lacking if (row.school_id, row.airport) in told}
    schools = gaps.schools_of(connection, stored.ahead)
    by_school: defaultdict[int, list[int]] = defaultdict(list)
    for booking_id in stored.ahead:
        if booking_id not in known:
            by_school[schools[booking_id]].append(booking_id)
    return {(school_id, None): Gap(stored.hours[0], found) for school_id, found in by_school.items()}


def _since(stored: AssessedHours) -> dict[tuple[int, str], datetime]:
    """By school and airport, the first of the consecutive hours up to the newest in which a lesson's was missing."""
    lacking: defaultdict[tuple[int, str], set[datetime]] = defaultdict(set)
    for row in stored.lacking:
        lacking[row.school_id, row.airport].add(row.hour_utc)
    since: dict[tuple[int, str], datetime] = {}
    for key, lacked in lacking.items():
        for hour in stored.hours:
            if hour not in lacked:
                break
            since[key] = hour
    return since


def _ended(
    connection: Connection,
    stored: AssessedHours,
    known: Sequence[OpenGap],
    standing: Collection[Key],
    buffer: timedelta,
) -> tuple[list[OpenGap], list[OpenGap]]:
    """Return the gaps whose weather is back, and those of which no lesson ahead is affected any more.

    A gap of an airport without any source lasts until a source serves it, so that dispatchers hear of it once.
    """
    back: list[OpenGap] = []
    ended: list[OpenGap] = []
    if not known:
        return back, ended
    assessed = gaps.assessed_lessons(connection, stored.hours[0])
    schools = gaps.schools_of(connection, stored.ahead)
    for gap in known:
        if gap.airport is None:
            of_school = {key for key in stored.ahead if schools[key] == gap.school_id}
            if of_school & assessed - {booking_id for booking_id, _ in stored.unjudged}:
                back.append(gap)
            elif not of_school:
                ended.append(gap)
        elif (gap.school_id, gap.airport) not in standing and gap.airport not in stored.unserved:
            (back if _is_back(gap, gap.airport, stored, assessed, buffer) else ended).append(gap)
    return back, ended


def _is_back(gap: OpenGap, airport: str, stored: AssessedHours, assessed: Collection[int], buffer: timedelta) -> bool:
    """Return whether the newest hour has the weather of a lesson that lacked it, and no lesson lacks it there.

    The lesson must be ahead and at that time still: of one that has moved, another time was assessed.
    """
    if any(row.airport == airport for row in stored.lacking if row.hour_utc == stored.hours[0]):
        return False
    return any(
        row.booking_id in assessed
        and (row.booking_id, airport) not in stored.unjudged
        and _covers(stored.ahead.get(row.booking_id), row.lacks_from_utc, buffer)
        for row in stored.lacking
        if (row.school_id, row.airport) == (gap.school_id, airport) and row.hour_utc >= gap.since_utc
    )


def _covers(slot: Slot | None, hour_utc: datetime, buffer: timedelta) -> bool:
    """Return whether a lesson needs the weather of an hour."""
    return slot is not None and slot.starts_at_utc - buffer - HOUR < hour_utc < slot.ends_at_utc + buffer


def _lessons_ahead(connection: Connection, now_utc: datetime, settings: Settings) -> dict[int, Slot]:
    """The lessons that have not begun and that an hour run now would assess."""
    until = now_utc + timedelta(hours=settings.lookahead_hours)
    return {
        booking.booking_id: booking.slot
        for booking in cases.schedule(connection, now_utc)
        if booking.status != "held" and booking.flies and now_utc <= booking.slot.starts_at_utc < until
    }


def _why(gap: Gap, airports: Sequence[str], school: contacts.School) -> str:
    if not airports:
        return f"no hour has been assessed since {format_time(gap.since_utc, school.time_zone)}"
    if not gap.is_served:
        return f"no source of forecasts serves {', '.join(airports)}"
    return f"the forecast for {', '.join(airports)} is missing, or cannot be read whole"


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
