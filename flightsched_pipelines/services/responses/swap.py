"""Swap two lessons when both students agree: revalidated, moved and notified in one transaction."""

from dataclasses import replace
from datetime import datetime
from uuid import uuid4

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError

from flightsched_pipelines.database.frames import newest_written
from flightsched_pipelines.database.queries.cases import case_queries, cases, responses, transitions
from flightsched_pipelines.database.queries.cases.responses import Response
from flightsched_pipelines.database.queries.cases.transitions import Transition
from flightsched_pipelines.database.queries.schedule import booking_moves, changes
from flightsched_pipelines.database.queries.schedule.booking_moves import Move
from flightsched_pipelines.database.queries.schedule.refused_changes import is_taken, is_unwritable
from flightsched_pipelines.domain.cases.lifecycle import OPEN_STATES, CaseState, Slot
from flightsched_pipelines.domain.cases.responses import ResponseRefusedError, to_correct
from flightsched_pipelines.domain.cases.snapshot import CaseSnapshot
from flightsched_pipelines.domain.rescheduling.rules import BUFFER
from flightsched_pipelines.durations import hour_of
from flightsched_pipelines.messages import headlines
from flightsched_pipelines.services.notifications.case_notification import NotificationContext
from flightsched_pipelines.services.notifications.directory import Directory
from flightsched_pipelines.services.notifications.notifications import queue_notifications
from flightsched_pipelines.services.responses import replacement_offers
from flightsched_pipelines.services.responses.decision_effects import moved_notifications
from flightsched_pipelines.services.responses.respond import ResponseOutcome
from flightsched_pipelines.services.responses.slot_revalidation import revalidate
from flightsched_pipelines.settings import Settings
from flightsched_pipelines.text import MAX_KEY_CHARACTERS, accept

TAKEN = ResponseRefusedError("taken", "another lesson has taken one of the two slots")


def swap(
    engine: Engine, key: str, case_ids: tuple[int, int], door: str, now_utc: datetime, settings: Settings, *,
    dispatcher: str | None = None, reason: str | None = None,
) -> ResponseOutcome:  # fmt: skip
    """Swap the lessons of two cases; a used key does nothing again. A weather hold set by hand stays.

    Args:
        engine: the database.
        key: the sender's idempotency key.
        case_ids: both cases; each lesson keeps its length, and takes the other's start, instructor and aircraft.
        door: how it came.
        now_utc: now.
        settings: the bounds of a new time.
        dispatcher: the name of whoever does it, where it is known.
        reason: why, in words; recorded.

    Raises:
        TextError: the key cannot be stored.
    """
    accept(key, "the key", MAX_KEY_CHARACTERS)
    with engine.begin() as connection:
        cases.lock_cases_shared(connection)
        before = responses.find_response(connection, key)
        if before is not None:
            return ResponseOutcome(before.outcome, before.sentence, before.case_id, repeated=True)
        try:
            with connection.begin_nested():
                outcome, sentence = responses.APPLIED, _swap(connection, case_ids, now_utc, settings)
        except ResponseRefusedError as refused:
            outcome, sentence = refused.code, f"{refused.sentence}."
        except IntegrityError as error:
            if not (is_taken(error) or is_unwritable(error)):
                raise
            refused = to_correct() if is_unwritable(error) else TAKEN
            outcome, sentence = refused.code, f"{refused.sentence}."
        said = Response(
            key, case_ids[0], None, "swap", None, None, "dispatcher", None, reason, door, now_utc, outcome, sentence,
            dispatcher,
        )  # fmt: skip
        responses.insert_response(connection, said)
        # The sender's key finds the swap again. The other case's record has one that no sender could choose.
        responses.insert_response(connection, replace(said, key=f"swap-{uuid4()}", case_id=case_ids[1]))
    return ResponseOutcome(outcome, sentence, case_ids[0])


def _swap(connection: Connection, case_ids: tuple[int, int], now_utc: datetime, settings: Settings) -> str:
    pair = [_open(connection, case_id) for case_id in case_ids]
    if case_ids[0] == case_ids[1]:
        raise ResponseRefusedError("same_case", "a lesson cannot be swapped with itself; name two cases")
    booking_moves.lock_resources(connection, {one for case in pair for one in _needs(case, pair)})
    booking_ids = [case.booking_id for case in pair]
    going = [_place(one, other) for one, other in (pair, pair[::-1])]
    taken = {slot: case.student_id for slot, case in zip(going, pair, strict=True)}
    others = {
        case_id
        for slot, student in taken.items()
        for case_id in booking_moves.cases_offered(connection, slot, student, BUFFER, booking_ids)
    }
    booking_moves.lock_cases(connection, [*case_ids, *others])
    for booking_id in sorted(booking_ids):
        booking_moves.lock_booking(connection, booking_id)
    again = [_open(connection, case_id) for case_id in case_ids]
    if [one.lesson for one in again] != [one.lesson for one in pair]:
        raise ResponseRefusedError("changed", "one of the lessons has changed meanwhile; look at both cases again")
    reached: dict[int, bool] = {}
    for case, slot in zip(again, going, strict=True):
        student, leaving = case.student_id, [key for key in booking_ids if key != case.booking_id]
        moving = Move(case.booking_id, slot)
        found = revalidate(connection, moving, case.school_id, student, now_utc, now_utc, settings, leaving=leaving)
        if found.objections:
            raise ResponseRefusedError(
                "no_longer", f"the lesson of case {case.case_id} cannot take the other slot: {found.objections[0]}"
            )
        if found.verdict == "missing":
            raise ResponseRefusedError(
                "no_forecast",
                f"the lesson of case {case.case_id} cannot take the other slot now: {found.why}; nothing was changed, "
                "try again when the forecast is back",
            )
        reached[case.case_id] = found.verdict != "unforecast"
    hour = hour_of(now_utc)
    transitions.write_transitions(connection, [step for case in again for step in _steps(case)], hour, now_utc)
    moves = [Move(key, slot) for key, slot in zip(booking_ids, going, strict=True)]
    lessons = changes.standing_lessons(connection, booking_ids)
    booking_moves.move(connection, moves, lessons, now_utc)
    stay = {lesson.booking_id for lesson in lessons if lesson.stays_on_hold}
    losing = case_queries.load_cases(connection, sorted(others))
    candidates = newest_written(connection, "reschedule_candidates")
    renewed = replacement_offers.others_who_lose(
        connection, list(losing.values()), taken, candidates, now_utc, settings
    )
    transitions.write_transitions(connection, [one.transition for one in renewed], hour, now_utc)
    directory = Directory.read(connection, [*booking_ids, *(one.news.booking_id for one in renewed)])
    news = [
        one
        for case, slot in zip(again, going, strict=True)
        for one in moved_notifications(
            case, slot, directory, reached=reached[case.case_id], stays_on_hold=case.booking_id in stay
        )
    ]
    news += [one.news for one in renewed]
    queue_notifications(connection, news, directory, NotificationContext(None, now_utc, settings))
    held = [
        f"The lesson of case {case.case_id} {headlines.STAYS_ON_HOLD}." for case in again if case.booking_id in stay
    ]
    return " ".join([f"The lessons of cases {case_ids[0]} and {case_ids[1]} are swapped.", *held])


def _open(connection: Connection, case_id: int) -> CaseSnapshot:
    case = case_queries.load_case(connection, case_id)
    if case is None:
        raise ResponseRefusedError("unknown_case", f"there is no case {case_id}")
    if case.state not in OPEN_STATES:
        raise ResponseRefusedError("ended", f"case {case_id} has ended ({case.state}); nothing was changed")
    if case.standby:
        raise ResponseRefusedError("standby", f"case {case_id} offers a freed slot; only weather cases can be swapped")
    if case.booked != case.lesson:
        raise ResponseRefusedError("changed", f"the school has changed the lesson of case {case_id} since")
    return case


def _place(case: CaseSnapshot, other: CaseSnapshot) -> Slot:
    """Return the slot of a swapped lesson: the other's start, instructor and aircraft, and its own length."""
    lesson, place = case.lesson, other.lesson
    return replace(place, ends_at_utc=place.starts_at_utc + (lesson.ends_at_utc - lesson.starts_at_utc))


def _needs(case: CaseSnapshot, pair: list[CaseSnapshot]) -> frozenset[tuple[str, int]]:
    return booking_moves.resources_of(case.student_id, *(one.lesson for one in pair))


def _steps(case: CaseSnapshot) -> list[Transition]:
    agreed = "both students agreed to swap"
    taken, moved = CaseState.STUDENT_ACCEPTED, CaseState.RESCHEDULED
    return [
        Transition(case.case_id, case.booking_id, "accepted", case.state, taken, agreed, case.round,
                   actor="dispatcher"),
        Transition(case.case_id, case.booking_id, "moved", taken, moved, agreed, case.round),
    ]  # fmt: skip
