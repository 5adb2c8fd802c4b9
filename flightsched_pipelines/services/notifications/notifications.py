"""Decide the recipients, channel and time of each notification: from transitions of cases to rows of the outbox."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from flightsched_pipelines.database.queries.live.live_events import NewEvent
from flightsched_pipelines.database.queries.notifications import contacts as people
from flightsched_pipelines.database.queries.notifications import outbox, posting
from flightsched_pipelines.database.queries.notifications.contacts import Person
from flightsched_pipelines.database.queries.schedule.booking_moves import Move
from flightsched_pipelines.database.queries.schedule.person_lessons import uncertain_verdicts
from flightsched_pipelines.domain.cases.lifecycle import Slot
from flightsched_pipelines.domain.cases.snapshot import Offer
from flightsched_pipelines.domain.verification.track_record import TrackRecord
from flightsched_pipelines.messages import models
from flightsched_pipelines.messages.event_payload import event_payload as event_body
from flightsched_pipelines.services.credentials import slot_warnings
from flightsched_pipelines.services.notifications import channels
from flightsched_pipelines.services.notifications.case_notification import CaseNotification, NotificationContext
from flightsched_pipelines.services.notifications.directory import Directory
from flightsched_pipelines.services.notifications.message_facts import MessageFacts, loses_lesson
from flightsched_pipelines.services.track_records import track_records

DIGEST_EXPIRES_AFTER = timedelta(days=1)
ASKING = frozenset({"opened", "updated"})
"""The events of a case whose lesson is below the minimums and has alternatives, or none."""


@dataclass(slots=True)
class NotificationCounts:
    """The messages queued by channel, held back and suppressed, with the reasons."""

    queued: Counter[str] = field(default_factory=Counter[str])
    held_back: Counter[str] = field(default_factory=Counter[str])
    suppressed: Counter[str] = field(default_factory=Counter[str])


@dataclass(frozen=True, slots=True)
class UnknownLessons:
    """A school's lessons of unknown weather: their forecast is missing or cannot be read, or ends before them."""

    missing: int = 0
    beyond_reach: int = 0


def queue_notifications(
    connection: Connection,
    news: Sequence[CaseNotification],
    directory: Directory,
    occasion: NotificationContext,
    *,
    too_late: Sequence[tuple[int, Slot]] = (),
    unknown: Mapping[int, UnknownLessons] | None = None,
) -> NotificationCounts:
    """Queue all messages about these transitions, in the transaction that makes them.

    Args:
        connection: the transaction.
        news: the transitions.
        directory: the people and things that they name.
        occasion: the time and the hour.
        too_late: threatened bookings that start too soon for a case, for the dispatchers.
        unknown: lessons whose weather is unknown, counted by school.
    """
    addressed = {
        (item.case_id, person.role, channel)
        for item in news
        if item.event != "opened"
        for person in directory.audience(item)
        for channel in channels.PERSONAL
    }
    prepared = posting.prepare(connection, {item.booking_id for item in news}, addressed, occasion.now_utc)
    moves = [Move(item.booking_id, offer.slot) for item in news for offer in _slots_told(item)]
    warned = slot_warnings(connection, moves, occasion.now_utc)
    records = _track_records(connection, news, directory, occasion)
    uncertain = _uncertain(connection, news, occasion)
    forecast_hour = occasion.hour_utc or prepared.forecast_hour_utc
    facts = MessageFacts(directory, occasion, prepared.versions, warned, records, uncertain, forecast_hour)
    post = _Post(facts, prepared.unheard, NotificationCounts())
    for item in news:
        post.to_people(item)
        post.to_systems(item)
    post.digests(too_late, unknown or {})
    events = [event for item in news for event in post.live_events(item)]
    posting.post(connection, post.rows, events, occasion.now_utc)
    tally = post.tally
    tally.queued.update(row.channel for row in post.rows)
    tally.held_back.update("quiet hours" for row in post.rows if row.next_attempt_at > occasion.now_utc)
    return tally


def _track_records(
    connection: Connection, news: Sequence[CaseNotification], directory: Directory, occasion: NotificationContext
) -> Mapping[int, TrackRecord]:
    """Return how often forecasts came true like those that an hour's messages are about, by booking."""
    if occasion.hour_utc is None:
        return {}
    asking = [item for item in news if item.event in ASKING and item.breaches and not item.standby]
    lessons = {
        item.booking_id: (
            directory.bookings[item.booking_id].school_id, item.lesson.starts_at_utc, item.breaches[0]
        )
        for item in asking
    }  # fmt: skip
    return track_records(connection, lessons, occasion.hour_utc)


def _uncertain(
    connection: Connection, news: Sequence[CaseNotification], occasion: NotificationContext
) -> Mapping[int, str]:
    """Return why the verdicts that an hour's messages are about are uncertain, by booking."""
    asking = [item.booking_id for item in news if item.event in ASKING and item.breaches and not item.standby]
    return {} if occasion.hour_utc is None else uncertain_verdicts(connection, occasion.hour_utc, asking)


@dataclass(slots=True)
class _Post:
    """The rows of one dispatch, as they are gathered."""

    facts: MessageFacts
    unheard: Collection[tuple[int, str, str]]
    tally: NotificationCounts
    rows: list[outbox.Queued] = field(default_factory=list[outbox.Queued])
    gathered: defaultdict[tuple[str, int], list[CaseNotification]] = field(default_factory=lambda: defaultdict(list))

    def to_people(self, item: CaseNotification) -> None:
        """Add messages to student and instructor, each on the channels they want."""
        for person in self.facts.directory.audience(item):
            for channel in self._wanted(person):
                self._to_person(item, person, channel)
        if item.event == "moved" or (item.event in models.DISPATCHER_EVENTS and not item.standby):
            self.gathered["dispatcher", self.facts.directory.bookings[item.booking_id].school_id].append(item)

    def live_events(self, item: CaseNotification) -> Iterator[NewEvent]:
        """Yield the events for the live stream: of the school's applications, and of the people who are notified.

        The student whose lesson it was gets one of their own, about the lesson as it was.
        """
        directory = self.facts.directory
        school_id = directory.bookings[item.booking_id].school_id
        audience = directory.audience(item)
        others = [_address(person) for person in audience if not loses_lesson(item, person)]
        yield NewEvent(school_id, others, self._event(item, directory.student_of(item.booking_id)))
        for person in audience:
            if loses_lesson(item, person):
                yield NewEvent(school_id, [_address(person)], self._event(item, person))

    def to_systems(self, item: CaseNotification) -> None:
        """Add one event for other systems, without personal data; newly threatened bookings go to the queue too."""
        threatened = item.event == "opened" and not item.standby
        wanted = ["sns", "redis", "sqs"] if threatened else ["sns", "redis"]
        on = sorted(self.facts.context.channels & set(wanted))
        if on:
            body = self._event(item, self.facts.directory.student_of(item.booking_id))
            for channel in on:
                self._add(channel, item, item.event, "system", None, body, self.facts.context.now_utc, None)

    def _event(self, item: CaseNotification, student: Person) -> dict[str, Any]:
        notice = self.facts.notice(item, student)
        return event_body(notice, hour_utc=self.facts.context.hour_utc or self.facts.context.now_utc)

    def digests(self, too_late: Sequence[tuple[int, Slot]], unknown: Mapping[int, UnknownLessons]) -> None:
        """Add one message of all changes, for each school's dispatchers and for people who asked for a digest."""
        late: defaultdict[int, list[models.Lesson]] = defaultdict(list)
        for booking_id, slot in too_late:
            school_id = self.facts.directory.bookings[booking_id].school_id
            late[school_id].append(self.facts.directory.lesson(booking_id, slot, with_phones=True))
            self.gathered["dispatcher", school_id] += []
        for (role, key), items in sorted(self.gathered.items()):
            if role == "dispatcher":
                self._to_dispatchers(
                    self.facts.directory.schools[key], items, late[key], unknown.get(key, UnknownLessons())
                )
            else:
                self._digest_to(self.facts.directory.people(role)[key], items)

    def _wanted(self, person: Person) -> list[str]:
        on = self.facts.context.channels
        wanted: list[str] = []
        if not person.wants_email:
            self.tally.suppressed["does not want mail"] += 1
        elif "email" not in on:
            self.tally.suppressed["mail is off"] += 1
        else:
            wanted.append("email")
        if person.wants_sms and person.phone and "sms" in on:
            wanted.append("sms")
        return wanted

    def _to_person(self, item: CaseNotification, person: Person, channel: str) -> None:
        first = (item.case_id, person.role, channel) in self.unheard
        if first and item.needs_no_first_message:
            self.tally.suppressed["over before the notification"] += 1
        elif channel == "email" and person.wants_digest and not item.standby:
            self.gathered[person.role, person.person_id].append(item)
            self.tally.held_back["in a digest"] += 1
        else:
            notice = self.facts.notice(item, person, as_first=first and item.event == "updated")
            at = self.facts.context.told_from(person, item.first_start_utc, may_wake=item.may_wake)
            payload = notice.model_dump(mode="json")
            self._add(channel, item, notice.event, person.role, person.person_id, payload, at, item.useful_until_utc)

    def _add(
        self, channel: str, item: CaseNotification, event: str, role: str, person_id: int | None,
        payload: Mapping[str, Any], at: datetime, until: datetime | None,
    ) -> None:  # fmt: skip
        whose = f"{role}-{person_id}" if person_id is not None else role
        self.rows.append(
            outbox.Queued(
                key=f"case-{item.case_id}/{self.facts.sequences[item.booking_id]}-{item.event}/{whose}/{channel}",
                channel=channel,
                case_id=item.case_id,
                partition_hour=self.facts.context.hour_utc,
                event=event,
                role=role,
                person_id=person_id,
                payload=payload,
                next_attempt_at=at,
                expires_at=until,
            )
        )

    def _to_dispatchers(
        self,
        school: people.School,
        items: Sequence[CaseNotification],
        too_late: list[models.Lesson],
        unknown: UnknownLessons,
    ) -> None:
        digest = self.facts.digest("dispatch", school, school.time_zone, [self.facts.line(item) for item in items])
        counts = {"unknown": unknown.missing, "beyond_reach": unknown.beyond_reach}
        digest = digest.model_copy(update={"too_late": sorted(too_late, key=_starts), **counts})
        wanted = {"slack", "email"} if school.dispatch_email else {"slack"}
        for channel in self.facts.context.channels & wanted:
            self._add_digest(channel, "dispatcher", school.school_id, digest, items, self.facts.context.now_utc)

    def _digest_to(self, person: Person, items: Sequence[CaseNotification]) -> None:
        school = self.facts.directory.schools[self.facts.directory.bookings[items[0].booking_id].school_id]
        lines = [self.facts.line(item, person) for item in items]
        at = self.facts.context.told_from(person, min(item.first_start_utc for item in items))
        digest = self.facts.digest(person.name, school, person.time_zone, lines)
        self._add_digest("email", person.role, person.person_id, digest, items, at)

    def _about(self, items: Sequence[CaseNotification]) -> str:
        """Identify a digest: by its hour, which is dispatched once; otherwise by the first lesson's next version.

        A time would not do: deadlines in an hour's first second, or two responses at once, have the same time.
        """
        if self.facts.context.hour_utc is not None:
            return f"hour-{self.facts.context.hour_utc:%Y%m%dT%H}"
        first = min(item.booking_id for item in items)
        return f"booking-{first}-{self.facts.sequences[first]}"

    def _add_digest(
        self, channel: str, role: str, key: int, digest: models.Digest, items: Sequence[CaseNotification], at: datetime
    ) -> None:
        self.rows.append(
            outbox.Queued(
                key=f"digest-{self._about(items)}/{role}-{key}/{channel}",
                channel=channel,
                case_id=None,
                partition_hour=self.facts.context.hour_utc,
                event="digest",
                role=role,
                person_id=key,
                payload=digest.model_dump(mode="json"),
                next_attempt_at=at,
                expires_at=self.facts.context.now_utc + DIGEST_EXPIRES_AFTER,
            )
        )


def _starts(lesson: models.Lesson) -> tuple[datetime, str]:
    return lesson.starts_at_utc, lesson.reference


def _address(person: Person) -> str:
    return f"{person.role}-{person.person_id}"


def _slots_told(item: CaseNotification) -> Sequence[Offer]:
    return item.offers if item.chosen is None else [*item.offers, item.chosen[1]]
