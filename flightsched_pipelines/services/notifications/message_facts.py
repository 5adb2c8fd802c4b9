"""The facts of messages, from steps of cases: what `messages.models` holds of a notice and of a digest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flightsched_pipelines.database.queries.notifications.contacts import Person, School
from flightsched_pipelines.domain.cases.lifecycle import Slot
from flightsched_pipelines.domain.cases.snapshot import Offer
from flightsched_pipelines.domain.verification.track_record import TrackRecord
from flightsched_pipelines.messages import models
from flightsched_pipelines.services.notifications.case_notification import CaseNotification, NotificationContext
from flightsched_pipelines.services.notifications.directory import Directory
from flightsched_pipelines.services.notifications.links import person_url, response_url


@dataclass(frozen=True, slots=True)
class MessageFacts:
    """The facts of messages: people and things, the context, each booking's version, each slot's warnings.

    ``track_records`` is how often forecasts like a booking's came true, where there are cases enough. ``uncertain`` has
    the bookings of which guidance would give another verdict. ``forecast_hour_utc`` is the hour of the forecast that
    alternatives are described by.
    """

    directory: Directory
    context: NotificationContext
    sequences: Mapping[int, int]
    warned: Mapping[tuple[int, Slot], Sequence[str]]
    track_records: Mapping[int, TrackRecord]
    uncertain: Mapping[int, str]
    forecast_hour_utc: datetime | None

    def digest(self, name: str, school: School, time_zone: str, lines: list[models.DigestLine]) -> models.Digest:
        """Return a digest of some lines, the lesson that starts first at the top."""
        now_utc = self.context.now_utc
        hour_utc = self.context.hour_utc or now_utc
        return models.Digest(
            name=name,
            school=school.name,
            time_zone=time_zone,
            hour_utc=hour_utc,
            lines=sorted(lines, key=lambda line: (line.lesson.starts_at_utc, line.case_id)),
            contact=models.Contact(phone=school.phone or None, reply_to=school.reply_to or None),
            forecast_hour_utc=self.forecast_hour_utc,
            sent_at_utc=now_utc,
        )

    def line(self, item: CaseNotification, person: Person | None = None) -> models.DigestLine:
        """Return a line of a digest; with a link for a person, with phone numbers for dispatchers."""
        return models.DigestLine(
            event=item.event,
            case_id=item.case_id,
            lesson=self._lesson(item, person),
            breaches=list(item.breaches),
            track_record=self.track_records.get(item.booking_id),
            uncertainty=self.uncertain.get(item.booking_id),
            offers=self._offers(item, None),
            no_offer_because=item.no_offer_because,
            changes=list(item.changes) if item.event == "moved" else [],
            moved_from_utc=_moved_from(item),
            deadline_utc=item.deadline_utc,
            case_url=person and self._url(item, person),
            stays_on_hold=item.stays_on_hold,
            given_away=loses_lesson(item, person),
        )

    def notice(self, item: CaseNotification, person: Person, *, as_first: bool = False) -> models.Notice:
        """Return a message to one person; ``as_first`` for whoever heard nothing of the case before."""
        return models.Notice(
            event="opened" if as_first else item.event,
            case_id=item.case_id,
            role="student" if person.role == "student" else "instructor",
            name=person.name,
            lesson=self._lesson(item, person),
            breaches=list(item.breaches),
            track_record=self.track_records.get(item.booking_id),
            uncertainty=self.uncertain.get(item.booking_id),
            offers=self._offers(item, person),
            no_offer_because=item.no_offer_because,
            changes=[] if as_first else list(item.changes),
            chosen=item.chosen and self._offer(item, *item.chosen, None),
            moved_from_utc=_moved_from(item),
            confirm_by_utc=item.confirm_by_utc,
            confirm_url=self._confirm_url(item, person),
            deadline_utc=item.deadline_utc,
            case_url=self._url(item, person),
            person_url=person_url(self.context.settings, person, self.context.now_utc),
            standby=item.standby,
            stays_on_hold=item.stays_on_hold,
            given_away=loses_lesson(item, person),
            contact=self.directory.contact(item.booking_id),
            sequence=self.sequences[item.booking_id],
            forecast_hour_utc=self.forecast_hour_utc,
            sent_at_utc=self.context.now_utc,
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
            aircraft=self.directory.aircraft_of(offer.slot),
            form=self.directory.form(offer.slot),
            reason=offer.reason,
            warnings=list(self.warned.get((item.booking_id, offer.slot), ())),
            accept_url=chooser and self._url(item, chooser, number),
        )

    def _confirm_url(self, item: CaseNotification, person: Person) -> str | None:
        """The URL where an instructor confirms the student's choice."""
        if item.chosen is None or item.confirm_by_utc is None or person.role != "instructor":
            return None
        return self._url(item, person, item.chosen[0])

    def _lesson(self, item: CaseNotification, person: Person | None) -> models.Lesson:
        """The lesson; to the student who has it no more, as it was then."""
        if item.given_away is not None and person is not None and loses_lesson(item, person):
            return self.directory.lesson(item.booking_id, item.given_away, student=person)
        return self.directory.lesson(item.booking_id, item.lesson, with_phones=person is None)

    def _url(self, item: CaseNotification, person: Person, number: int | None = None) -> str | None:
        if loses_lesson(item, person):
            return None
        context = self.context
        return response_url(context.settings, item.case_id, item.round, person, context.now_utc, number)


def loses_lesson(item: CaseNotification, person: Person | None) -> bool:
    """Return whether a person is the student whose lesson the school gave to another one."""
    asked = person is not None and (person.role, person.person_id) == ("student", item.student_id)
    return item.given_away is not None and asked


def _moved_from(item: CaseNotification) -> tuple[datetime, datetime] | None:
    return item.moved_from and (item.moved_from.starts_at_utc, item.moved_from.ends_at_utc)
