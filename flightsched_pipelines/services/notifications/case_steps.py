"""The current lessons of open cases, and the transitions of cases in stored form and as notifications."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from flightsched_pipelines.database.queries.cases import transitions
from flightsched_pipelines.database.queries.cases.cases import CaseLesson, StoredCase
from flightsched_pipelines.database.queries.cases.transitions import Transition
from flightsched_pipelines.database.queries.standby import freed_slots
from flightsched_pipelines.domain.cases.lifecycle import BookingStatus, CaseTransition, Slot, is_given_away
from flightsched_pipelines.domain.cases.snapshot import Offer
from flightsched_pipelines.services.notifications.case_notification import CaseNotification
from flightsched_pipelines.services.notifications.findings import Finding

LIFTS_HOLD = frozenset({"cleared", "changed"})
"""The transitions that end a weather hold set by the platform."""

SAYS_NOTHING_OF_WEATHER = frozenset({"cleared", "declined", "cancelled", "changed", "begun"})


def booking_status(lesson: CaseLesson, verdict: str | None = None) -> BookingStatus:
    """Return a lesson's status, without alternatives; the verdict is ``None`` if no hour assessed it."""
    return BookingStatus(
        verdict,
        None if lesson.status == "cancelled" else lesson.slot,
        on_hold=lesson.status == "weather_hold",
        hold_by=lesson.hold_by,
        is_flown=lesson.status == "completed",
        student_id=lesson.student_id,
    )


def transition_of(case: StoredCase, step: CaseTransition, offers: Sequence[Offer] = ()) -> Transition:
    """Return a transition in stored form; the alternatives count if they are a new round."""
    round_ = case.round + 1 if step.new_round else case.round
    return Transition(
        case.case_id, case.booking_id, step.event, case.case.state, step.state, step.why, round_, step.new_round,
        offers if step.new_round else (),
    )  # fmt: skip


def notification_of(
    case: StoredCase,
    step: CaseTransition,
    standing: BookingStatus,
    finding: Finding | None = None,
    offers: Sequence[Offer] = (),
) -> CaseNotification:
    """Return a transition as a notification. Once the lesson's time has come, only dispatchers and systems get it."""
    if step.event in SAYS_NOTHING_OF_WEATHER or case.standby:
        finding = None
    return CaseNotification(
        case.case_id,
        case.booking_id,
        step.event,
        case.case.lesson if case.standby else standing.lesson or case.case.lesson,
        case.round + 1 if step.new_round else case.round,
        offers if step.new_round else (),
        finding.breaches if finding else (),
        finding.no_offer_because if finding else None,
        [f"{step.why[:1].upper()}{step.why[1:]}."] if case.standby else step.changes,
        None if step.event == "declined" else case.case.deadline_utc,  # no response is wanted any more
        to=() if step.event == "begun" else None,
        moved_from=case.case.lesson if step.event == "changed" and not case.standby else None,
        standby=case.standby,
        stays_on_hold=step.event in LIFTS_HOLD and standing.on_hold and standing.hold_by != "platform",
        student_id=case.case.student_id,
        given_away=case.case.lesson if is_given_away(case.case, standing) else None,
    )


def settle(
    connection: Connection,
    steps: Sequence[tuple[StoredCase, CaseTransition]],
    lessons: Mapping[int, CaseLesson],
    now_utc: datetime,
) -> None:
    """Lift the holds that these transitions end, and record the slots that changed lessons have left."""
    lifted = (case.booking_id for case, step in steps if step.event in LIFTS_HOLD and not case.standby)
    transitions.lift_hold(connection, lifted, "platform", now_utc)
    freed_slots.insert_freed_slot(connection, _left(steps, lessons), "changed", now_utc)


def _left(steps: Iterable[tuple[StoredCase, CaseTransition]], lessons: Mapping[int, CaseLesson]) -> dict[int, Slot]:
    return {
        case.booking_id: case.case.lesson
        for case, step in steps
        if step.event == "changed" and lessons[case.booking_id].slot != case.case.lesson
    }
