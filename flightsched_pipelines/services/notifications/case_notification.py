"""One step of one case to notify people of, and the times at which they may be notified."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flightsched_pipelines.database.queries.notifications.contacts import Person
from flightsched_pipelines.domain.cases.lifecycle import ENDING_EVENTS, ON_HOLD_AFTER, Slot
from flightsched_pipelines.domain.cases.snapshot import Offer
from flightsched_pipelines.domain.cases.statements import may_wake
from flightsched_pipelines.domain.risk.breach_text import Breach
from flightsched_pipelines.messages import models
from flightsched_pipelines.messages.quiet_hours import not_before
from flightsched_pipelines.services.notifications import channels
from flightsched_pipelines.settings import Settings


@dataclass(frozen=True, slots=True)
class CaseNotification:
    """One transition of one case, for the student and the lesson's instructor, unless ``to`` names others.

    In a ``standby`` case, which offers a freed slot, the instructor is notified only when the lesson moves.
    ``moved_from`` is the place of a moved or changed lesson before.
    ``chosen`` is the alternative that the student took, with its number; it is to be confirmed by ``confirm_by_utc``.
    ``student_id`` is who was asked, if not the lesson's student; ``given_away`` is the lesson as it was when that one
    had it, if the school has given it to another student since.
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
    moved_from: Slot | None = None
    confirm_by_utc: datetime | None = None
    to: Sequence[Person] | None = None
    standby: bool = False
    stays_on_hold: bool = False
    student_id: int | None = None
    given_away: Slot | None = None

    @property
    def first_start_utc(self) -> datetime:
        """The lesson's start, or the one before it was moved if that is earlier: people may be on their way to it."""
        slots = [self.lesson] if self.moved_from is None else [self.lesson, self.moved_from]
        return min(slot.starts_at_utc for slot in slots)

    @property
    def may_wake(self) -> bool:
        """Return whether a near lesson overrides quiet hours."""
        return may_wake(self.event, standby=self.standby)

    @property
    def needs_no_first_message(self) -> bool:
        """Return whether the case has ended so that whoever had no message of it needs none."""
        slot_has_gone = self.standby and self.event == "expired"
        return slot_has_gone or self.event in ENDING_EVENTS - ON_HOLD_AFTER

    @property
    def useful_until_utc(self) -> datetime:
        """A message that asks for a response is useless after its deadline, one about an end after the lesson."""
        ends = self.confirm_by_utc or self.deadline_utc
        return self.lesson.ends_at_utc if self.event in ENDING_EVENTS or ends is None else ends


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
