"""Everyone and everything that messages name, read once a transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from flightsched_pipelines.database.queries.notifications import contacts as people
from flightsched_pipelines.database.queries.notifications.contacts import Person
from flightsched_pipelines.domain.cases.lifecycle import Slot
from flightsched_pipelines.messages import models
from flightsched_pipelines.services.notifications.case_notification import CaseNotification


@dataclass(frozen=True, slots=True)
class Directory:
    """Everyone and everything that messages name, read once; ``unasked`` instructors confirm dual lessons unasked."""

    bookings: Mapping[int, people.BookingFacts]
    students: Mapping[int, Person]
    instructors: Mapping[int, Person]
    schools: Mapping[int, people.School]
    aircraft: Mapping[int, str]
    simulators: frozenset[int] = frozenset()
    unasked: frozenset[int] = frozenset()

    @classmethod
    def read(cls, connection: Connection, booking_ids: Sequence[int]) -> "Directory":
        """Read the data that messages about these bookings need."""
        found = people.named_in(connection, booking_ids)
        return cls(
            found.bookings, found.students, found.instructors, found.schools, found.aircraft, found.simulators,
            found.unasked,
        )  # fmt: skip

    def contact(self, booking_id: int) -> models.Contact:
        """Return where people ask about a booking."""
        school = self.schools[self.bookings[booking_id].school_id]
        return models.Contact(phone=school.phone or None, reply_to=school.reply_to or None)

    def lesson(
        self, booking_id: int, slot: Slot, *, with_phones: bool = False, student: Person | None = None
    ) -> models.Lesson:
        """Return a booking at a slot in the form for messages; dispatchers' have the phone numbers of its people.

        ``student`` is whose lesson it was then, if not whose it is now.
        """
        booking = self.bookings[booking_id]
        teacher = self.instructors.get(slot.instructor_id or 0)
        student = student or self.students[booking.student_id]
        return models.Lesson(
            booking_id=booking_id,
            reference=booking.reference,
            school=self.schools[booking.school_id].name,
            airport=booking.departure,
            airport_name=booking.airport_name,
            time_zone=booking.time_zone,
            starts_at_utc=slot.starts_at_utc,
            ends_at_utc=slot.ends_at_utc,
            student=student.name,
            instructor=self.instructor(slot),
            aircraft=self.aircraft_of(slot),
            form=self.form(slot),
            student_phone=student.phone if with_phones else None,
            instructor_phone=teacher.phone if with_phones and teacher else None,
        )

    def audience(self, news: CaseNotification) -> list[Person]:
        """Return the student, and the instructor of a dual lesson; or those that the notification names."""
        if news.to is not None:
            return list(news.to)
        told = [self.students[news.student_id or self.bookings[news.booking_id].student_id]]
        if news.lesson.instructor_id is not None and (not news.standby or news.event == "moved"):
            told.append(self.instructors[news.lesson.instructor_id])
        return told

    def instructor(self, slot: Slot) -> str | None:
        """Return the name of a slot's instructor; ``None`` for a solo flight."""
        return None if slot.instructor_id is None else self.instructors[slot.instructor_id].name

    def aircraft_of(self, slot: Slot) -> str:
        """Return the name of a slot's aircraft or simulator."""
        if slot.aircraft_id is None:
            return "ground lesson"
        kind = "simulator " if slot.aircraft_id in self.simulators else ""
        return f"{kind}{self.aircraft[slot.aircraft_id]}"

    def form(self, slot: Slot) -> models.Form:
        """Return the form of a lesson in a slot."""
        if slot.aircraft_id is None:
            return "ground"
        return "simulator" if slot.aircraft_id in self.simulators else "flight"

    def people(self, role: str) -> Mapping[int, Person]:
        """Return the students, or the instructors."""
        return self.students if role == "student" else self.instructors

    def student_of(self, booking_id: int) -> Person:
        """Return the student of a booking."""
        return self.students[self.bookings[booking_id].student_id]


class Directories:
    """The directories of sets of bookings, each read when it is first asked for."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._read: dict[tuple[int, ...], Directory] = {}

    def of(self, booking_ids: Sequence[int]) -> Directory:
        """Return everyone and everything that messages about some bookings name."""
        known = tuple(booking_ids)
        if known not in self._read:
            self._read[known] = Directory.read(self._connection, booking_ids)
        return self._read[known]
