"""Turn an hour's findings into cases and notifications: each hour once, the newest only, in one transaction."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine

from flightsched_pipelines.database.queries.cases import cases as rows
from flightsched_pipelines.database.queries.cases import transitions
from flightsched_pipelines.database.queries.cases.transitions import NewCase, Transition
from flightsched_pipelines.database.queries.live import live_events
from flightsched_pipelines.database.queries.schedule.assessed_lessons import changed_since
from flightsched_pipelines.database.queries.schedule.violating_rows import unwritable_bookings
from flightsched_pipelines.domain.cases.decisions import override_still_applies
from flightsched_pipelines.domain.cases.lifecycle import (
    BookingStatus,
    CaseTransition,
    Slot,
    keeps_time,
    next_transition,
    open_case,
)
from flightsched_pipelines.domain.cases.standby import next_standby_transition
from flightsched_pipelines.domain.cases.waking_hours import WakingHours
from flightsched_pipelines.errors import PlainError
from flightsched_pipelines.messages.event_payload import assessed_payload
from flightsched_pipelines.services.hourly.unknown_lessons import beyond_reach
from flightsched_pipelines.services.notifications.case_notification import CaseNotification, NotificationContext
from flightsched_pipelines.services.notifications.case_steps import (
    booking_status,
    notification_of,
    settle,
    transition_of,
)
from flightsched_pipelines.services.notifications.directory import Directory
from flightsched_pipelines.services.notifications.findings import Finding, Findings, findings_of, missed_at
from flightsched_pipelines.services.notifications.notifications import UnknownLessons, queue_notifications
from flightsched_pipelines.services.rules import case_rules
from flightsched_pipelines.services.taken_slots import TakenSlots
from flightsched_pipelines.settings import Settings


class DispatchRefusedError(PlainError, ValueError):
    """An hour for which no notifications may be sent; the message contains the reason."""


@dataclass(frozen=True, slots=True)
class DispatchResult:
    """The result of a dispatch: transitions of cases by event, what stayed unchanged and why, and what was queued.

    ``repeated`` if the hour had been dispatched before: then nothing was done.
    """

    hour_utc: datetime | None
    repeated: bool = False
    steps: Mapping[str, int] = field(default_factory=dict[str, int])
    unchanged: Mapping[str, int] = field(default_factory=dict[str, int])
    queued: Mapping[str, int] = field(default_factory=dict[str, int])
    held_back: Mapping[str, int] = field(default_factory=dict[str, int])
    suppressed: Mapping[str, int] = field(default_factory=dict[str, int])


def newest_to_dispatch(engine: Engine, now_utc: datetime, settings: Settings) -> datetime | None:
    """Return the hour to dispatch now: the newest validated one, if it is recent and was not dispatched yet."""
    with engine.connect() as connection:
        newest, told = rows.newest_proven_hour(connection), rows.newest_dispatched_hour(connection)
    if newest is None or (told is not None and newest <= told) or _age(newest, now_utc, settings):
        return None
    return newest


def dispatch(
    engine: Engine,
    now_utc: datetime,
    settings: Settings,
    hour_utc: datetime | None = None,
    *,
    is_dry_run: bool = False,
) -> DispatchResult:
    """Compare the newest hour with the open cases, write every transition, and queue the notifications.

    Args:
        engine: the database.
        now_utc: now; deadlines and quiet hours count from it.
        settings: deadlines, channels.
        hour_utc: the hour to dispatch; the newest when ``None``.
        is_dry_run: undo all of it in the end; also an hour that was dispatched is then looked at again.

    Raises:
        DispatchRefusedError: no hour is validated, the hour is not the newest, or it is too old.
    """
    with engine.begin() as connection:
        rows.lock_cases_exclusive(connection)
        newest, told = rows.newest_proven_hour(connection), rows.newest_dispatched_hour(connection)
        if newest is None:
            raise DispatchRefusedError("no hour's proposals are stored and validated yet; run `flightsched tick` first")
        hour = hour_utc or newest
        if told is not None and hour <= told and not is_dry_run:
            return DispatchResult(hour, repeated=True)
        if hour != newest:
            raise DispatchRefusedError(
                f"{hour:%Y-%m-%d %H}Z is not the newest validated hour, which is {newest:%Y-%m-%d %H}Z: "
                "notifications are sent for that one only"
            )
        if too_old := _age(hour, now_utc, settings):
            raise DispatchRefusedError(too_old)
        found = _Decisions(connection, findings_of(connection, hour), hour, now_utc, settings).make()
        if is_dry_run:
            connection.rollback()
            return found
        rows.record_dispatch(connection, hour, now_utc, asdict(found) | {"hour_utc": hour.isoformat()})
        live_events.publish_to_all(connection, assessed_payload(hour), now_utc)
    return found


def _age(hour_utc: datetime, now_utc: datetime, settings: Settings) -> str:
    """Return why an hour is too old to dispatch; empty when it is not."""
    if now_utc - hour_utc <= timedelta(hours=settings.dispatch_max_age_hours):
        return ""
    return (
        f"{hour_utc:%Y-%m-%d %H}Z is older than {settings.dispatch_max_age_hours:g} h "
        "(DISPATCH_MAX_AGE_HOURS): no notifications are sent for a forecast that old; run a new hour"
    )


class _Decisions:
    """One dispatch, within its transaction."""

    def __init__(
        self, connection: Connection, findings: Findings, hour_utc: datetime, now_utc: datetime, settings: Settings
    ) -> None:
        self._connection = connection
        self._hour = hour_utc
        self._now = now_utc
        self._rules = case_rules(settings)
        self._occasion = NotificationContext(hour_utc, now_utc, settings)
        taken = rows.schedule(connection, now_utc)
        self._schedule = {booking.booking_id: booking for booking in taken if booking.status != "held"}
        self._unwritable = unwritable_bookings(connection)
        every = rows.open_cases(connection)
        self._to_mend = self._unwritable & every.keys()
        found = {key: case for key, case in every.items() if key not in self._unwritable}
        self._cases = {key: case for key, case in found.items() if not case.standby}
        self._standby = {key: case for key, case in found.items() if case.standby}
        held = rows.held_after_the_end(connection)
        self._held = {key: case for key, case in held.items() if key not in self._unwritable}
        self._lessons = rows.lessons_of(connection, [*found, *self._held])
        self._findings = findings.but_for(changed_since(connection, hour_utc))
        self._refused = rows.refused_slots(connection)
        self._kept = rows.kept_by_instructors(connection)
        self._steps: Counter[str] = Counter()
        self._unchanged: Counter[str] = Counter()
        self._news: list[CaseNotification] = []
        self._too_late: list[tuple[int, Slot]] = []
        self._directory = Directory.read(connection, [*findings.by_booking, *found, *self._held])
        self._taken = TakenSlots(taken)

    def make(self) -> DispatchResult:
        """Make all decisions, in order: open cases first, then new ones, then lessons on hold."""
        self._go_on_with_open_cases()
        self._go_on_with_standby()
        self._open_new_cases()
        self._release_held()
        if self._to_mend:
            self._unchanged["its row must be mended first"] = len(self._to_mend)
        tally = queue_notifications(
            self._connection,
            self._news,
            self._directory,
            self._occasion,
            too_late=self._too_late,
            unknown=self._unknown(),
        )
        return DispatchResult(
            self._hour,
            steps=dict(self._steps),
            unchanged=dict(self._unchanged),
            queued=dict(tally.queued),
            held_back=dict(tally.held_back),
            suppressed=dict(tally.suppressed),
        )

    def _unknown(self) -> Mapping[int, UnknownLessons]:
        """Count the lessons of unknown weather by school."""
        beyond = beyond_reach(self._connection, self._hour, self._hour).get(self._hour, frozenset[int]())
        found: defaultdict[int, Counter[bool]] = defaultdict(Counter)
        for key, finding in self._findings.by_booking.items():
            if finding.verdict == "unknown" and key in self._directory.bookings:
                found[self._directory.bookings[key].school_id][key in beyond] += 1
        return {school: UnknownLessons(counts[False], counts[True]) for school, counts in found.items()}

    def _alternatives(self, booking_id: int) -> tuple[Sequence[rows.Offer], frozenset[Slot]]:
        """The hour's alternatives and all available slots, without those booked by others since.

        A slot that a lesson can keep without flying stays on offer: notice counts from when it was first offered.
        """
        finding = self._findings.by_booking.get(booking_id)
        if finding is None:
            return (), frozenset()
        refused = self._refused.get(booking_id, set())
        proposed = {offer.slot for offer in finding.offers}
        kept = [offer for offer in self._kept_slots(booking_id) if offer.slot not in proposed]
        offers = [o for o in (*finding.offers, *kept) if o.slot not in refused and self._is_free(booking_id, o.slot)]
        slots = {*finding.open_slots, *(offer.slot for offer in kept)}
        return offers, frozenset(slot for slot in slots if self._is_free(booking_id, slot))

    def _kept_slots(self, booking_id: int) -> Sequence[rows.Offer]:
        """Return the slots on the ground or in a simulator that an open case offers."""
        case = self._cases.get(booking_id)
        return [offer for offer in case.offers if keeps_time(offer.slot, case.case.lesson)] if case else ()

    def _standing(self, booking_id: int) -> BookingStatus:
        """The status of a case's lesson."""
        return booking_status(self._lessons[booking_id], self._findings.verdict(booking_id))

    def _is_free(self, booking_id: int, slot: Slot) -> bool:
        live = self._schedule.get(booking_id)
        return live is not None and self._taken.is_free(slot, live.student_id, booking_id)

    def _go_on_with_open_cases(self) -> None:
        steps: list[tuple[rows.StoredCase, CaseTransition]] = []
        written: list[Transition] = []
        for booking_id, case in self._cases.items():
            offers, open_slots = self._alternatives(booking_id)
            slots = [offer.slot for offer in offers]
            standing = replace(self._standing(booking_id), proposals=slots, open_slots=open_slots)
            step = next_transition(case.case, standing, self._now)
            if step is None:
                self._unchanged[f"still {standing.verdict or 'not assessed'}"] += 1
                continue
            steps.append((case, step))
            written.append(transition_of(case, step, offers))
            self._steps[step.event] += 1
            self._news.append(notification_of(case, step, standing, self._findings.by_booking.get(booking_id), offers))
        transitions.write_transitions(self._connection, written, self._hour, self._now)
        settle(self._connection, steps, self._lessons, self._now)
        transitions.record_hour(self._connection, [case.case_id for case in self._cases.values()], self._hour)

    def _go_on_with_standby(self) -> None:
        """Process cases that offer a freed slot: end them if the slot is lost, or the lesson has another case."""
        ended: list[tuple[rows.StoredCase, CaseTransition]] = []
        for booking_id, case in self._standby.items():
            standing = self._standing(booking_id)
            student_id = self._directory.bookings[booking_id].student_id
            is_free = all(self._taken.is_free(offer, student_id, booking_id) for offer in case.case.offers)
            step = next_standby_transition(
                case.case, standing, self._now, waits_on_hold=booking_id in self._held, is_free=is_free
            )
            if step is None:
                self._unchanged["a freed slot is offered"] += 1
            else:
                ended.append((case, step))
                self._news.append(notification_of(case, step, standing))
        steps = [transition_of(case, step) for case, step in ended]
        transitions.write_transitions(self._connection, steps, self._hour, self._now)
        settle(self._connection, ended, self._lessons, self._now)
        self._steps["standby_ended"] += len(ended)
        for case, _ in ended:
            del self._standby[case.booking_id]

    def _open_new_cases(self) -> None:
        new: list[NewCase] = []
        for booking_id, finding in self._findings.by_booking.items():
            live = self._schedule.get(booking_id)
            if finding.verdict != "at_risk" or live is None or booking_id in self._cases:
                continue
            if live.slot.starts_at_utc <= self._now:
                self._unchanged["its time has come"] += 1
                continue
            if booking_id in self._unwritable:
                self._to_mend.add(booking_id)
                continue
            if booking_id in self._held:
                self._unchanged["with a dispatcher"] += 1
                continue
            if booking_id in self._standby:
                self._unchanged["a freed slot is held for it"] += 1
                continue
            if self._is_overridden(booking_id, live.slot, finding):
                self._unchanged["kept by the instructor"] += 1
                continue
            told = self._occasion.told_from(self._directory.student_of(booking_id), live.slot.starts_at_utc)
            school = self._directory.schools[self._directory.bookings[booking_id].school_id]
            deadline = self._rules.deadline(live.slot.starts_at_utc, told, WakingHours(school.time_zone))
            if deadline <= self._now:
                self._unchanged["too late for a case"] += 1
                self._too_late.append((booking_id, live.slot))
                continue
            offers, _ = self._alternatives(booking_id)
            step = open_case(BookingStatus(finding.verdict, live.slot, [offer.slot for offer in offers]))
            new.append(
                NewCase(booking_id, live.slot, step.state, deadline, step.why, offers, student_id=live.student_id)
            )
        ids = transitions.insert_cases(self._connection, new, self._hour, self._now)
        self._steps["opened"] += len(new)
        for case_id, case in zip(ids, new, strict=True):
            finding = self._findings.by_booking[case.booking_id]
            self._news.append(
                CaseNotification(
                    case_id, case.booking_id, "opened", case.lesson, 1 if case.offers else 0, case.offers,
                    finding.breaches, finding.no_offer_because, (), case.deadline_utc,
                )
            )  # fmt: skip

    def _is_overridden(self, booking_id: int, lesson: Slot, finding: Finding) -> bool:
        """Return whether an instructor has kept this lesson, at this time, despite a forecast like this."""
        if booking_id not in self._kept or self._kept[booking_id][0] != lesson:
            return False
        then = missed_at(self._connection, booking_id, self._kept[booking_id][1])
        return override_still_applies(then, finding.missed)

    def _release_held(self) -> None:
        """Lift the platform's holds of lessons whose case has ended and that the hour found above the minimums.

        A lesson for which a freed slot is held is on its way there: nobody is told that it is on as booked.
        """
        released: list[Transition] = []
        for booking_id, (case_id, state) in self._held.items():
            standing = self._standing(booking_id)
            if booking_id in self._standby or not standing.may_be_released(self._now):
                continue
            why = "the forecast is above the school's minimums again"
            released.append(Transition(case_id, booking_id, "released", state, state, why, 0))
            self._news.append(CaseNotification(case_id, booking_id, "cleared", self._lessons[booking_id].slot, 0))
        transitions.insert_events(self._connection, released, self._hour, self._now)
        transitions.lift_hold(self._connection, [step.booking_id for step in released], "platform", self._now)
        self._steps["released"] += len(released)
