"""An hour's findings become cases, and people are told: each hour once, the newest only, in one transaction."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine

from flightsched_pipelines.database import cases as rows
from flightsched_pipelines.database import standby, transitions
from flightsched_pipelines.database.transitions import NewCase, Transition
from flightsched_pipelines.desk.findings import Finding, Findings, findings_of, missed_at
from flightsched_pipelines.desk.rules import case_rules
from flightsched_pipelines.desk.telling import Directory, News, Occasion, tell
from flightsched_pipelines.errors import PlainError
from flightsched_pipelines.rescheduling.answers import override_holds
from flightsched_pipelines.rescheduling.cases import (
    CaseState,
    Slot,
    Standing,
    Step,
    next_step,
    opening,
    overdue,
)
from flightsched_pipelines.rescheduling.standby import next_step_on_standby
from flightsched_pipelines.settings import Settings


class DispatchRefused(PlainError, ValueError):  # noqa: N818, it names what happened
    """An hour that nobody is to be told of; the message says why."""


@dataclass(frozen=True, slots=True)
class Dispatched:
    """What a dispatch did: steps of cases by event, what stayed as it was and why, and what was queued.

    ``repeated`` when the hour had been dispatched before: then nothing was done.
    """

    hour_utc: datetime | None
    repeated: bool = False
    steps: Mapping[str, int] = field(default_factory=dict[str, int])
    unchanged: Mapping[str, int] = field(default_factory=dict[str, int])
    queued: Mapping[str, int] = field(default_factory=dict[str, int])
    held_back: Mapping[str, int] = field(default_factory=dict[str, int])
    suppressed: Mapping[str, int] = field(default_factory=dict[str, int])


def newest_to_dispatch(engine: Engine, now_utc: datetime, settings: Settings) -> datetime | None:
    """The hour that people are to be told of now: the newest proven one, if it is recent and nobody was told yet."""
    with engine.connect() as connection:
        newest, told = rows.newest_proven_hour(connection), rows.newest_dispatched_hour(connection)
    if newest is None or (told is not None and newest <= told) or _age(newest, now_utc, settings):
        return None
    return newest


def dispatch(engine: Engine, now_utc: datetime, settings: Settings, hour_utc: datetime | None = None) -> Dispatched:
    """Hold the newest hour against the open cases, write every transition, and queue what people are told.

    Args:
        engine: the database.
        now_utc: now; deadlines and quiet hours count from it.
        settings: deadlines, channels.
        hour_utc: the hour that is meant; the newest when ``None``.

    Raises:
        DispatchRefused: nothing is proven, the hour is not the newest, or it is too old to speak.
    """
    with engine.begin() as connection:
        rows.take_turns(connection)
        newest, told = rows.newest_proven_hour(connection), rows.newest_dispatched_hour(connection)
        if newest is None:
            raise DispatchRefused("no hour's proposals are stored and proven yet; run `flightsched tick` first")
        hour = hour_utc or newest
        if told is not None and hour <= told:
            return Dispatched(hour, repeated=True)
        if hour != newest:
            raise DispatchRefused(
                f"{hour:%Y-%m-%d %H}Z is not the newest proven hour, which is {newest:%Y-%m-%d %H}Z: "
                "people are told of that one only"
            )
        if too_old := _age(hour, now_utc, settings):
            raise DispatchRefused(too_old)
        found = _Decisions(connection, findings_of(engine, hour, settings), hour, now_utc, settings).make()
        rows.note_dispatch(connection, hour, now_utc, asdict(found) | {"hour_utc": hour.isoformat()})
    return found


def expire_overdue(engine: Engine, now_utc: datetime, settings: Settings) -> int:
    """End the cases whose deadline has passed, hour or no hour, and tell those concerned; returns how many."""
    with engine.begin() as connection:
        rows.take_turns(connection)
        late = [
            case
            for case in rows.open_cases(connection).values()
            if case.case.deadline_utc <= now_utc and case.case.state is not CaseState.STUDENT_ACCEPTED
        ]
        steps = [(case, overdue(case.case)) for case in late]
        transitions.write(connection, [_transition(case, step, ()) for case, step in steps], None, now_utc)
        directory = Directory.read(connection, [case.booking_id for case in late])
        news = [_news(case, step, None, case.case.lesson, ()) for case, step in steps]
        if news:
            tell(connection, news, directory, Occasion(None, now_utc, settings))
    return len(late)


def overdue_cases(engine: Engine, now_utc: datetime) -> int:
    """How many open cases have passed their deadline."""
    with engine.connect() as connection:
        return rows.count_overdue(connection, now_utc)


def _age(hour_utc: datetime, now_utc: datetime, settings: Settings) -> str:
    """Why an hour is too old to speak; empty when it is not."""
    if now_utc - hour_utc <= timedelta(hours=settings.dispatch_max_age_hours):
        return ""
    return (
        f"{hour_utc:%Y-%m-%d %H}Z is older than {settings.dispatch_max_age_hours:g} h "
        "(DISPATCH_MAX_AGE_HOURS): people are not told of a forecast that old; run a new hour"
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
        self._occasion = Occasion(hour_utc, now_utc, settings)
        taken = rows.schedule(connection, now_utc)
        self._schedule = {booking.booking_id: booking for booking in taken if booking.status != "held"}
        self._findings = findings.but_for_changed({key: live.slot for key, live in self._schedule.items()})
        found = rows.open_cases(connection)
        self._cases = {key: case for key, case in found.items() if not case.standby}
        self._standby = {key: case for key, case in found.items() if case.standby}
        self._held = rows.held_after_the_end(connection)
        self._refused = rows.refused_slots(connection)
        self._kept = rows.kept_by_instructors(connection)
        self._steps: Counter[str] = Counter()
        self._unchanged: Counter[str] = Counter()
        self._news: list[News] = []
        self._too_late: list[tuple[int, Slot]] = []
        self._left: dict[int, Slot] = {}
        self._directory = Directory.read(connection, [*findings.by_booking, *found, *self._held])
        self._taken = _Taken(taken)

    def make(self) -> Dispatched:
        """Everything, in order: open cases first, then those that the hour adds, then what was on hold."""
        self._go_on_with_open_cases()
        self._go_on_with_standby()
        self._open_new_cases()
        self._release_held()
        standby.note_freed(self._connection, self._left, "changed", self._now)
        unknown: Counter[int] = Counter(
            self._directory.bookings[key].school_id
            for key, finding in self._findings.by_booking.items()
            if finding.verdict == "unknown" and key in self._directory.bookings
        )
        tally = tell(
            self._connection, self._news, self._directory, self._occasion, too_late=self._too_late, unknown=unknown
        )
        return Dispatched(
            self._hour,
            steps=dict(self._steps),
            unchanged=dict(self._unchanged),
            queued=dict(tally.queued),
            held_back=dict(tally.held_back),
            suppressed=dict(tally.suppressed),
        )

    def _standing(self, booking_id: int) -> tuple[Standing, Sequence[rows.Offer]]:
        """How a booking stands; alternatives that somebody has booked since the hour began are left out."""
        live = self._schedule.get(booking_id)
        finding = self._findings.by_booking.get(booking_id)
        refused = self._refused.get(booking_id, set())
        offers = [] if finding is None else [o for o in finding.offers if self._is_free(booking_id, o.slot)]
        offers = [offer for offer in offers if offer.slot not in refused]
        slots = frozenset[Slot]() if finding is None else finding.open_slots
        held = self._cases[booking_id].case.offers if booking_id in self._cases else ()
        still_open = frozenset(slot for slot in (*slots, *held) if slot in slots and self._is_free(booking_id, slot))
        standing = Standing(
            self._findings.verdict(booking_id), live and live.slot, [offer.slot for offer in offers], still_open
        )
        return standing, offers

    def _is_free(self, booking_id: int, slot: Slot) -> bool:
        live = self._schedule.get(booking_id)
        return live is not None and self._taken.is_free(slot, live.student_id, booking_id)

    def _go_on_with_open_cases(self) -> None:
        steps: list[tuple[rows.StoredCase, Step, Sequence[rows.Offer]]] = []
        for booking_id, case in self._cases.items():
            standing, offers = self._standing(booking_id)
            step = next_step(case.case, standing, self._now)
            if step is None:
                self._unchanged[f"still {standing.verdict or 'not assessed'}"] += 1
                continue
            steps.append((case, step, offers))
            self._steps[step.event] += 1
            if step.event == "changed":
                self._left[booking_id] = case.case.lesson
            finding = self._findings.by_booking.get(booking_id)
            self._news.append(_news(case, step, finding, standing.lesson or case.case.lesson, offers))
        transitions.write(
            self._connection,
            [_transition(case, step, offers) for case, step, offers in steps],
            self._hour,
            self._now,
        )
        back = [case.booking_id for case, step, _ in steps if step.event in {"cleared", "cancelled", "changed"}]
        transitions.set_status(self._connection, back, "scheduled", self._now)
        transitions.hold_against(self._connection, [case.case_id for case in self._cases.values()], self._hour)

    def _go_on_with_standby(self) -> None:
        """Cases that offer a freed slot: ended where the slot is lost, or the lesson has other things to wait for."""
        ended: list[tuple[rows.StoredCase, Step]] = []
        for booking_id, case in self._standby.items():
            live = self._schedule.get(booking_id)
            lesson = live.slot if live else case.case.lesson if case.case.lesson.ends_at_utc <= self._now else None
            standing = Standing(self._findings.verdict(booking_id), lesson)
            student_id = self._directory.bookings[booking_id].student_id
            is_free = all(self._taken.is_free(offer, student_id, booking_id) for offer in case.case.offers)
            step = next_step_on_standby(
                case.case, standing, self._now, on_hold=booking_id in self._held, is_free=is_free
            )
            if step is None:
                self._unchanged["a freed slot is offered"] += 1
            else:
                ended.append((case, step))
                if step.event == "changed":
                    self._left[booking_id] = case.case.lesson
        steps = [_transition(case, step, ()) for case, step in ended]
        transitions.write(self._connection, steps, self._hour, self._now)
        self._news += [_news(case, step, None, case.case.lesson, ()) for case, step in ended]
        self._steps["standby_ended"] += len(ended)
        for case, _ in ended:
            del self._standby[case.booking_id]

    def _open_new_cases(self) -> None:
        new: list[NewCase] = []
        steps: list[Step] = []
        for booking_id, finding in self._findings.by_booking.items():
            live = self._schedule.get(booking_id)
            if finding.verdict != "at_risk" or live is None or booking_id in self._cases:
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
            deadline = self._rules.deadline(live.slot.starts_at_utc, told)
            if deadline <= self._now:
                self._unchanged["too late for a case"] += 1
                self._too_late.append((booking_id, live.slot))
                continue
            standing, offers = self._standing(booking_id)
            step = opening(standing)
            steps.append(step)
            new.append(NewCase(booking_id, live.slot, step.state, deadline, step.why, offers))
        ids = transitions.open_new(self._connection, new, self._hour, self._now)
        self._steps["opened"] += len(new)
        for case_id, case in zip(ids, new, strict=True):
            finding = self._findings.by_booking[case.booking_id]
            self._news.append(
                News(
                    case_id, case.booking_id, "opened", case.lesson, 1 if case.offers else 0, case.offers,
                    finding.shortfalls, finding.no_offer_because, (), case.deadline_utc,
                )
            )  # fmt: skip

    def _is_overridden(self, booking_id: int, lesson: Slot, finding: Finding) -> bool:
        """Whether an instructor has kept this lesson, at this time, in the face of a forecast like this."""
        if booking_id not in self._kept or self._kept[booking_id][0] != lesson:
            return False
        then = missed_at(self._connection, booking_id, self._kept[booking_id][1])
        return override_holds(then, finding.missed)

    def _release_held(self) -> None:
        """Bookings on hold after their case ended go back when the forecast is above the minimums again."""
        released: list[Transition] = []
        for booking_id, (case_id, state) in self._held.items():
            live = self._schedule.get(booking_id)
            if live is None or self._findings.verdict(booking_id) != "ok":
                continue
            why = "the forecast is above the school's minimums again"
            released.append(Transition(case_id, booking_id, "released", state, state, why, 0))
            self._news.append(News(case_id, booking_id, "cleared", live.slot, 0))
        transitions.note_events(self._connection, released, self._hour, self._now)
        transitions.set_status(self._connection, [step.booking_id for step in released], "scheduled", self._now)
        self._steps["released"] += len(released)


class _Taken:
    """What the schedule has taken by now: by student, instructor and aircraft."""

    def __init__(self, schedule: Sequence[rows.LiveBooking]) -> None:
        self._by_resource: dict[tuple[str, int], list[tuple[datetime, datetime, int]]] = {}
        for booking in schedule:
            for resource in _resources(booking.slot, booking.student_id):
                self._by_resource.setdefault(resource, []).append(
                    (booking.slot.starts_at_utc, booking.slot.ends_at_utc, booking.booking_id)
                )

    def is_free(self, slot: Slot, student_id: int, booking_id: int) -> bool:
        """Whether nobody else has any of what the slot needs."""
        return not any(
            starts < slot.ends_at_utc and slot.starts_at_utc < ends and other != booking_id
            for resource in _resources(slot, student_id)
            for starts, ends, other in self._by_resource.get(resource, ())
        )


def _resources(slot: Slot, student_id: int) -> list[tuple[str, int]]:
    taken = [("student", student_id), ("aircraft", slot.aircraft_id)]
    return taken if slot.instructor_id is None else [*taken, ("instructor", slot.instructor_id)]


def _transition(case: rows.StoredCase, step: Step, offers: Sequence[rows.Offer]) -> Transition:
    round_ = case.round + 1 if step.new_round else case.round
    return Transition(
        case.case_id, case.booking_id, step.event, case.case.state, step.state, step.why, round_, step.new_round,
        offers if step.new_round else (),
    )  # fmt: skip


def _news(
    case: rows.StoredCase, step: Step, finding: Finding | None, lesson: Slot, offers: Sequence[rows.Offer]
) -> News:
    if step.event in {"cleared", "cancelled", "changed"}:
        finding = None
    return News(
        case.case_id,
        case.booking_id,
        step.event,
        lesson,
        case.round + 1 if step.new_round else case.round,
        offers if step.new_round else (),
        finding.shortfalls if finding else (),
        finding.no_offer_because if finding else None,
        [f"{step.why[:1].upper()}{step.why[1:]}."] if case.standby else step.changes,
        case.case.deadline_utc,
    )
