"""Decide the recipients, channel and time of each notification: from transitions of cases to rows of the outbox."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from flightsched_pipelines.database.queries.cases import cases as case_rows
from flightsched_pipelines.database.queries.cases import transitions
from flightsched_pipelines.database.queries.notifications import contacts as people
from flightsched_pipelines.database.queries.notifications import outbox
from flightsched_pipelines.database.queries.notifications.contacts import Person
from flightsched_pipelines.database.queries.schedule.booking_moves import Move
from flightsched_pipelines.domain.cases.lifecycle import ENDING_EVENTS, Slot
from flightsched_pipelines.domain.cases.snapshot import Offer
from flightsched_pipelines.domain.risk.breach import Breach
from flightsched_pipelines.messages import models
from flightsched_pipelines.messages.event_payload import event_payload as event_body
from flightsched_pipelines.messages.quiet_hours import not_before
from flightsched_pipelines.services.credentials import slot_warnings
from flightsched_pipelines.services.notifications import channels
from flightsched_pipelines.services.notifications.links import response_url
from flightsched_pipelines.settings import Settings

DIGEST_EXPIRES_AFTER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class CaseNotification:
    """One transition of one case, for the student and the lesson's instructor, unless ``to`` names others.

    In a ``standby`` case, which offers a freed slot, the instructor is notified only when the lesson moves; `tell` sets
    that mark.
    ``chosen`` is the alternative that the student took, with its number; it is to be confirmed by ``confirm_by_utc``.
    """

    case_id: int
    booking_id: int
    event: models.Event
    lesson: Slot
    round: int
    offers: Sequence[Offer] = ()
    breaches: Sequence[Breach] = ()
    no_offer_because: str | None = None
    changes: Sequence[str] = ()
    deadline_utc: datetime | None = None
    chosen: tuple[int, Offer] | None = None
    confirm_by_utc: datetime | None = None
    to: Sequence[Person] | None = None
    standby: bool = False
    stays_on_hold: bool = False


@dataclass(frozen=True, slots=True)
class Directory:
    """Everyone and everything that messages name, read once."""

    bookings: Mapping[int, people.BookingFacts]
    students: Mapping[int, Person]
    instructors: Mapping[int, Person]
    schools: Mapping[int, people.School]
    aircraft: Mapping[int, str]

    @classmethod
    def read(cls, connection: Connection, booking_ids: Sequence[int]) -> "Directory":
        """Read the data that messages about these bookings need."""
        bookings = people.booking_facts(connection, booking_ids)
        schools = {booking.school_id for booking in bookings.values()}
        return cls(
            bookings,
            people.students(connection, {booking.student_id for booking in bookings.values()}),
            people.instructors(connection, schools=schools),
            people.schools(connection, schools),
            people.aircraft_names(connection, schools),
        )

    def lesson(self, booking_id: int, slot: Slot) -> models.Lesson:
        """Return a booking at a slot in the form for messages."""
        booking = self.bookings[booking_id]
        return models.Lesson(
            booking_id=booking_id,
            reference=booking.reference,
            school=self.schools[booking.school_id].name,
            airport=booking.departure,
            time_zone=booking.time_zone,
            starts_at_utc=slot.starts_at_utc,
            ends_at_utc=slot.ends_at_utc,
            student=self.students[booking.student_id].name,
            instructor=self.instructor(slot),
            aircraft=self.aircraft[slot.aircraft_id],
        )

    def audience(self, news: CaseNotification) -> list[Person]:
        """Return the student, and the instructor of a dual lesson; or those that the notification names."""
        if news.to is not None:
            return list(news.to)
        told = [self.students[self.bookings[news.booking_id].student_id]]
        if news.lesson.instructor_id is not None and (not news.standby or news.event == "moved"):
            told.append(self.instructors[news.lesson.instructor_id])
        return told

    def instructor(self, slot: Slot) -> str | None:
        """Return the name of a slot's instructor; ``None`` for a solo flight."""
        return None if slot.instructor_id is None else self.instructors[slot.instructor_id].name

    def people(self, role: str) -> Mapping[int, Person]:
        """Return the students, or the instructors."""
        return self.students if role == "student" else self.instructors

    def student_of(self, booking_id: int) -> Person:
        """Return the student of a booking."""
        return self.students[self.bookings[booking_id].student_id]


@dataclass(frozen=True, slots=True)
class NotificationContext:
    """The hour (``None`` for responses and deadlines), the present time, and the settings of some notifications."""

    hour_utc: datetime | None
    now_utc: datetime
    settings: Settings

    @property
    def channels(self) -> frozenset[str]:
        """Return the enabled channels."""
        return channels.configured_channels(self.settings)

    def told_from(self, person: Person, lesson_utc: datetime, *, may_wake: bool = True) -> datetime:
        """Return when to notify a person of a lesson; quiet hours apply even to a near one unless it ``may_wake``."""
        override = timedelta(hours=self.settings.quiet_override_hours) if may_wake else timedelta.min
        return not_before(self.now_utc, lesson_utc, person.quiet, person.time_zone, override)


@dataclass(slots=True)
class NotificationCounts:
    """The messages queued by channel, held back and suppressed, with the reasons."""

    queued: Counter[str] = field(default_factory=Counter[str])
    held_back: Counter[str] = field(default_factory=Counter[str])
    suppressed: Counter[str] = field(default_factory=Counter[str])


def queue_notifications(
    connection: Connection,
    news: Sequence[CaseNotification],
    directory: Directory,
    occasion: NotificationContext,
    *,
    too_late: Sequence[tuple[int, Slot]] = (),
    unknown: Mapping[int, int] | None = None,
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
    on_standby = case_rows.offering_freed_slots(connection, {item.case_id for item in news})
    news = [replace(item, standby=item.case_id in on_standby) for item in news]
    sequences = transitions.next_sequences(connection, [item.booking_id for item in news])
    addressed = {
        (item.case_id, person.role, channel)
        for item in news
        if item.event != "opened"
        for person in directory.audience(item)
        for channel in channels.PERSONAL
    }
    unheard = outbox.replace_earlier(connection, addressed, occasion.now_utc)
    moves = [Move(item.booking_id, offer.slot) for item in news for offer in _slots_told(item)]
    warned = slot_warnings(connection, moves, occasion.now_utc)
    post = _Post(directory, occasion, sequences, unheard, warned, NotificationCounts())
    for item in news:
        post.to_people(item)
        post.to_systems(item)
    post.digests(too_late, unknown or {})
    outbox.queue(connection, post.rows, occasion.now_utc)
    tally = post.tally
    tally.queued.update(row.channel for row in post.rows)
    tally.held_back.update("quiet hours" for row in post.rows if row.next_attempt_at > occasion.now_utc)
    return tally


@dataclass(slots=True)
class _Post:
    """The rows of one dispatch, as they are gathered."""

    directory: Directory
    occasion: NotificationContext
    sequences: Mapping[int, int]
    unheard: Collection[tuple[int, str, str]]
    warned: Mapping[tuple[int, Slot], Sequence[str]]
    tally: NotificationCounts
    rows: list[outbox.Queued] = field(default_factory=list[outbox.Queued])
    gathered: defaultdict[tuple[str, int], list[CaseNotification]] = field(default_factory=lambda: defaultdict(list))

    def to_people(self, item: CaseNotification) -> None:
        """Add messages to student and instructor, each on the channels they want."""
        for person in self.directory.audience(item):
            for channel in self._wanted(person):
                self._to_person(item, person, channel)
        if item.event == "moved" or (item.event in models.DISPATCHER_EVENTS and not item.standby):
            self.gathered["dispatcher", self.directory.bookings[item.booking_id].school_id].append(item)

    def to_systems(self, item: CaseNotification) -> None:
        """Add one event for other systems, without personal data; newly threatened bookings go to the queue too."""
        threatened = item.event == "opened" and not item.standby
        wanted = ["sns", "redis", "sqs"] if threatened else ["sns", "redis"]
        on = sorted(self.occasion.channels & set(wanted))
        if on:
            notice = self._notice(item, self.directory.student_of(item.booking_id))
            body = event_body(notice, hour_utc=self.occasion.hour_utc or self.occasion.now_utc)
            for channel in on:
                self._add(channel, item, item.event, "system", None, body, self.occasion.now_utc, None)

    def digests(self, too_late: Sequence[tuple[int, Slot]], unknown: Mapping[int, int]) -> None:
        """Add one message of all changes, for each school's dispatchers and for people who asked for a digest."""
        late: defaultdict[int, list[models.Lesson]] = defaultdict(list)
        for booking_id, slot in too_late:
            school_id = self.directory.bookings[booking_id].school_id
            late[school_id].append(self.directory.lesson(booking_id, slot))
            self.gathered["dispatcher", school_id] += []
        for (role, key), items in sorted(self.gathered.items()):
            if role == "dispatcher":
                self._to_dispatchers(self.directory.schools[key], items, late[key], unknown.get(key, 0))
            else:
                self._digest_to(self.directory.people(role)[key], items)

    def _wanted(self, person: Person) -> list[str]:
        on = self.occasion.channels
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
        if first and item.event in ENDING_EVENTS:
            self.tally.suppressed["over before the notification"] += 1
        elif channel == "email" and person.wants_digest and not item.standby:
            self.gathered[person.role, person.person_id].append(item)
            self.tally.held_back["in a digest"] += 1
        else:
            notice = self._notice(item, person, as_first=first and item.event == "updated")
            at = self.occasion.told_from(person, item.lesson.starts_at_utc, may_wake=not item.standby)
            payload = notice.model_dump(mode="json")
            self._add(channel, item, notice.event, person.role, person.person_id, payload, at, _until(item))

    def _add(
        self, channel: str, item: CaseNotification, event: str, role: str, person_id: int | None,
        payload: Mapping[str, Any], at: datetime, until: datetime | None,
    ) -> None:  # fmt: skip
        whose = f"{role}-{person_id}" if person_id is not None else role
        self.rows.append(
            outbox.Queued(
                key=f"case-{item.case_id}/{self.sequences[item.booking_id]}-{item.event}/{whose}/{channel}",
                channel=channel,
                case_id=item.case_id,
                partition_hour=self.occasion.hour_utc,
                event=event,
                role=role,
                person_id=person_id,
                payload=payload,
                next_attempt_at=at,
                expires_at=until,
            )
        )

    def _to_dispatchers(
        self, school: people.School, items: Sequence[CaseNotification], too_late: list[models.Lesson], unknown: int
    ) -> None:
        digest = self._digest("dispatch", school.name, school.time_zone, [self._line(item) for item in items])
        digest = digest.model_copy(update={"too_late": too_late, "unknown": unknown})
        wanted = {"slack", "email"} if school.dispatch_email else {"slack"}
        for channel in self.occasion.channels & wanted:
            self._add_digest(channel, "dispatcher", school.school_id, digest, items, self.occasion.now_utc)

    def _digest_to(self, person: Person, items: Sequence[CaseNotification]) -> None:
        school = self.directory.schools[self.directory.bookings[items[0].booking_id].school_id]
        lines = [self._line(item, person) for item in items]
        at = self.occasion.told_from(person, min(item.lesson.starts_at_utc for item in items))
        digest = self._digest(person.name, school.name, person.time_zone, lines)
        self._add_digest("email", person.role, person.person_id, digest, items, at)

    def _digest(self, name: str, school: str, time_zone: str, lines: list[models.DigestLine]) -> models.Digest:
        now_utc = self.occasion.now_utc
        hour_utc = self.occasion.hour_utc or now_utc
        return models.Digest(
            name=name, school=school, time_zone=time_zone, hour_utc=hour_utc, lines=lines, sent_at_utc=now_utc
        )

    def _about(self, items: Sequence[CaseNotification]) -> str:
        """Identify a digest: by its hour, which is dispatched once; otherwise by the first lesson's next version.

        A time would not do: deadlines in an hour's first second, or two responses at once, have the same time.
        """
        if self.occasion.hour_utc is not None:
            return f"hour-{self.occasion.hour_utc:%Y%m%dT%H}"
        first = min(item.booking_id for item in items)
        return f"booking-{first}-{self.sequences[first]}"

    def _add_digest(
        self, channel: str, role: str, key: int, digest: models.Digest, items: Sequence[CaseNotification], at: datetime
    ) -> None:
        self.rows.append(
            outbox.Queued(
                key=f"digest-{self._about(items)}/{role}-{key}/{channel}",
                channel=channel,
                case_id=None,
                partition_hour=self.occasion.hour_utc,
                event="digest",
                role=role,
                person_id=key,
                payload=digest.model_dump(mode="json"),
                next_attempt_at=at,
                expires_at=self.occasion.now_utc + DIGEST_EXPIRES_AFTER,
            )
        )

    def _line(self, item: CaseNotification, person: Person | None = None) -> models.DigestLine:
        return models.DigestLine(
            event=item.event,
            case_id=item.case_id,
            lesson=self.directory.lesson(item.booking_id, item.lesson),
            breaches=list(item.breaches),
            offers=self._offers(item, None),
            no_offer_because=item.no_offer_because,
            deadline_utc=item.deadline_utc,
            case_url=person and response_url(self.occasion.settings, item.case_id, item.round, person),
        )

    def _notice(self, item: CaseNotification, person: Person, *, as_first: bool = False) -> models.Notice:
        return models.Notice(
            event="opened" if as_first else item.event,
            case_id=item.case_id,
            role="student" if person.role == "student" else "instructor",
            name=person.name,
            lesson=self.directory.lesson(item.booking_id, item.lesson),
            breaches=list(item.breaches),
            offers=self._offers(item, person),
            no_offer_because=item.no_offer_because,
            changes=[] if as_first else list(item.changes),
            chosen=item.chosen and self._offer(item, *item.chosen, None),
            confirm_by_utc=item.confirm_by_utc,
            confirm_url=self._confirm_url(item, person),
            deadline_utc=item.deadline_utc,
            case_url=response_url(self.occasion.settings, item.case_id, item.round, person),
            standby=item.standby,
            stays_on_hold=item.stays_on_hold,
            sequence=self.sequences[item.booking_id],
            sent_at_utc=self.occasion.now_utc,
        )

    def _offers(self, item: CaseNotification, person: Person | None) -> list[models.Offer]:
        """The alternatives; a student gets a link for each."""
        chooser = person if person is not None and person.role == "student" else None
        return [self._offer(item, number, offer, chooser) for number, offer in enumerate(item.offers, start=1)]

    def _offer(self, item: CaseNotification, number: int, offer: Offer, chooser: Person | None) -> models.Offer:
        return models.Offer(
            number=number,
            starts_at_utc=offer.slot.starts_at_utc,
            ends_at_utc=offer.slot.ends_at_utc,
            instructor=self.directory.instructor(offer.slot),
            aircraft=self.directory.aircraft[offer.slot.aircraft_id],
            reason=offer.reason,
            warnings=list(self.warned.get((item.booking_id, offer.slot), ())),
            accept_url=chooser and response_url(self.occasion.settings, item.case_id, item.round, chooser, number),
        )

    def _confirm_url(self, item: CaseNotification, person: Person) -> str | None:
        """The URL where an instructor confirms the student's choice."""
        if item.chosen is None or item.confirm_by_utc is None or person.role != "instructor":
            return None
        return response_url(self.occasion.settings, item.case_id, item.round, person, item.chosen[0])


def _slots_told(item: CaseNotification) -> Sequence[case_rows.Offer]:
    return item.offers if item.chosen is None else [*item.offers, item.chosen[1]]


def _until(item: CaseNotification) -> datetime:
    """A message that asks for a response is useless after its deadline, one about an end after the lesson."""
    ends = item.confirm_by_utc or item.deadline_utc
    return item.lesson.ends_at_utc if item.event in ENDING_EVENTS or ends is None else ends
