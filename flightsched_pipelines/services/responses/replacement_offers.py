"""Make new alternatives at once, between the hours: the newest stored candidates, each revalidated."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import pandas as pd
from sqlalchemy import Connection

from flightsched_pipelines.database.frames import newest_written, read_partition
from flightsched_pipelines.database.queries.cases.transitions import Transition
from flightsched_pipelines.database.queries.schedule import booking_moves
from flightsched_pipelines.database.queries.schedule import bookings as schedule
from flightsched_pipelines.database.queries.schedule.booking_moves import Move
from flightsched_pipelines.database.queries.schedule.violating_rows import unwritable_bookings
from flightsched_pipelines.database.schema import PIPELINE_TABLES
from flightsched_pipelines.domain.cases.lifecycle import CaseState, Slot, keeps_time, lost_offers
from flightsched_pipelines.domain.cases.responses import RequestedTimes
from flightsched_pipelines.domain.cases.snapshot import CaseSnapshot, Offer
from flightsched_pipelines.domain.rescheduling.rules import BUFFER
from flightsched_pipelines.domain.rescheduling.slot_descriptions import slot_descriptions
from flightsched_pipelines.services.notifications.case_notification import CaseNotification
from flightsched_pipelines.services.responses.slot_revalidation import describe_move, revalidate
from flightsched_pipelines.services.slots import slots_of
from flightsched_pipelines.settings import Settings
from flightsched_pipelines.time_zones import zone_of

MAX_OFFERS = 3
MAX_REVALIDATIONS = 12
"""The most candidates that are revalidated for one case, while others wait for the locks."""


@dataclass(frozen=True, slots=True)
class ReplacementRound:
    """A case's new round, or its end: the transition to be written and its notification."""

    transition: Transition
    news: CaseNotification


@dataclass(frozen=True, slots=True)
class Fresh:
    """New alternatives; ``unjudged``: others could not be judged, as their forecast is missing."""

    offers: list[Offer]
    unjudged: bool = False


def fresh_offers(
    connection: Connection,
    case: CaseSnapshot,
    hour: datetime | None,
    now_utc: datetime,
    settings: Settings,
    *,
    wishes: RequestedTimes | None = None,
    but_for: Collection[Slot] = (),
    beside: Sequence[Slot] = (),
    most: int = MAX_OFFERS,
) -> Fresh:
    """Return up to ``most`` candidates of the newest hour that suit, are valid now, and are not offered to others.

    No two begin at about the same time: half an hour later with the same people is not another choice.

    Args:
        connection: the transaction.
        case: the case.
        hour: the newest hour with candidates, if there is one.
        now_utc: now.
        settings: the bounds of a new time.
        wishes: the requested times; any when ``None``.
        but_for: slots that are not to be offered, nor another that begins with them.
        beside: slots that the lesson is offered besides.
        most: how many are wanted.
    """
    if hour is None or most <= 0:
        return Fresh([])
    table = PIPELINE_TABLES["reschedule_candidates"]
    found = read_partition(connection, table, [hour], table.c.booking_id == case.booking_id).sort_values("slot")
    zone = zone_of(case.time_zone)
    starts = {slot.starts_at_utc for slot in but_for}
    student = case.student_id
    offered = list(beside)
    chosen: list[int] = []
    verdicts: list[str] = []
    unjudged = False
    proofs = 0
    slots = slots_of(found)
    elsewhere = booking_moves.offered_to_others(connection, slots, student, BUFFER, case.booking_id)
    for row, slot in enumerate(slots):
        if len(chosen) == most or proofs == MAX_REVALIDATIONS:
            break
        if slot.starts_at_utc in starts or not (wishes or RequestedTimes()).suits(slot.starts_at_utc.astimezone(zone)):
            continue
        if any(_clash(slot, student, other, student) for other in offered):
            continue
        if slot in elsewhere:
            continue
        proofs += 1
        moving = Move(case.booking_id, slot)
        now = revalidate(connection, moving, case.school_id, student, hour, now_utc, settings)
        unjudged |= now.verdict == "missing" and not now.objections
        if now.objections or now.verdict == "missing":
            continue
        offered.append(slot)
        chosen.append(row)
        verdicts.append(now.verdict)
    rows = found.iloc[chosen]
    if hour != newest_written(connection, "forecasts"):
        rows = rows.assign(verdict=verdicts, margin=float("nan"))  # candidates are of the hour before
    return Fresh(_in_words(connection, case, rows), unjudged)


def as_of_now(connection: Connection, case: CaseSnapshot, offer: Offer, now_utc: datetime, settings: Settings) -> Offer:
    """Return an alternative of an earlier message with the newest hour's verdict on it."""
    moving, student = Move(case.booking_id, offer.slot), case.student_id
    offered = case.offered.get(offer.slot, now_utc)
    found = revalidate(connection, moving, case.school_id, student, offered, now_utc, settings)
    reason = describe_move(found, moving) if found.lesson is not None else offer.reason
    return replace(offer, reason=reason, ranked_by="planner")


def replace_lost_offers(
    connection: Connection, case: CaseSnapshot, lost: Collection[Slot], why: str, hour: datetime | None,
    now_utc: datetime, settings: Settings,
) -> ReplacementRound:  # fmt: skip
    """Return the next round of a case that lost alternatives: the remaining ones, and new ones for the lost.

    A case that offers a freed slot has no other alternative, and ends.
    """
    if case.standby:
        return _gone(case, why)
    kept = [
        as_of_now(connection, case, offer, now_utc, settings)
        for offer in case.offers.values()
        if offer.slot not in lost
    ]
    flying, on_the_spot = ([o for o in kept if keeps_time(o.slot, case.lesson) is stays] for stays in (False, True))
    beside = [offer.slot for offer in flying]
    fresh = fresh_offers(
        connection,
        case,
        hour,
        now_utc,
        settings,
        but_for=[*case.offered, *lost],
        beside=beside,
        most=MAX_OFFERS - len(flying),
    ).offers
    return new_round(
        case, "updated", [*flying, *fresh, *on_the_spot], why, [_described(len(lost), len(kept), len(fresh), why)]
    )


def new_round(
    case: CaseSnapshot, event: str, offers: Sequence[Offer], why: str, changes: Sequence[str]
) -> ReplacementRound:
    """Return the next round of a case."""
    state = CaseState.PROPOSED if offers else CaseState.OPEN
    transition = Transition(case.case_id, case.booking_id, event, case.state, state, why, case.round + 1, True, offers)
    news = CaseNotification(
        case.case_id, case.booking_id, "updated", case.lesson, case.round + 1, offers,
        changes=changes, deadline_utc=case.deadline_utc, standby=case.standby,
    )  # fmt: skip
    return ReplacementRound(transition, news)


def others_who_lose(
    connection: Connection, cases: Sequence[CaseSnapshot], taken: Mapping[Slot, int], hour: datetime | None,
    now_utc: datetime, settings: Settings,
) -> list[ReplacementRound]:  # fmt: skip
    """Return new rounds for the cases that were offered what is taken now, but for rows that must be mended first.

    A case whose lesson the school has given to another student ends by that, without a new round.

    Args:
        connection: the transaction that took it; the cases are locked.
        cases: those that were offered any of it.
        taken: the slots, with the student who has each.
        hour: the newest hour with candidates, if there is one.
        now_utc: now.
        settings: the bounds of a new time.
    """
    renewed: list[ReplacementRound] = []
    unwritable = unwritable_bookings(connection) if cases else set[int]()
    for case in cases:
        if case.state is not CaseState.PROPOSED or case.booking_id in unwritable or case.given_away:
            continue
        lost = [
            offer.slot
            for offer in case.offers.values()
            if any(_loses(case, offer.slot, slot, student) for slot, student in taken.items())
        ]
        if lost:
            renewed.append(
                replace_lost_offers(connection, case, lost, "another lesson has taken it", hour, now_utc, settings)
            )
    return renewed


def _gone(case: CaseSnapshot, why: str) -> ReplacementRound:
    """Return the end of a case whose freed slot is no longer available."""
    ended = Transition(case.case_id, case.booking_id, "cancelled", case.state, CaseState.CANCELLED, why, case.round)
    changes = [f"The slot is no longer available: {why}."]
    about = case.case_id, case.booking_id
    news = CaseNotification(*about, "cancelled", case.lesson, case.round, changes=changes, standby=case.standby)
    return ReplacementRound(ended, news)


def _loses(case: CaseSnapshot, offered: Slot, taken: Slot, student_id: int) -> bool:
    """Return whether a case loses a slot: of one that its lesson keeps, only a simulator can be lost."""
    if keeps_time(offered, case.lesson) and (offered.aircraft_id is None or offered.aircraft_id != taken.aircraft_id):
        return False
    return _clash(offered, case.student_id, taken, student_id)


def _clash(one: Slot, one_student: int, other: Slot, other_student: int) -> bool:
    """Return whether two slots exclude each other."""
    shared = booking_moves.resources_of(one_student, one) & booking_moves.resources_of(other_student, other)
    apart = one.starts_at_utc >= other.ends_at_utc + BUFFER or other.starts_at_utc >= one.ends_at_utc + BUFFER
    return bool(shared) and not apart


def _in_words(connection: Connection, case: CaseSnapshot, rows: pd.DataFrame) -> list[Offer]:
    if rows.empty:
        return []
    lesson = case.lesson
    near = lesson.starts_at_utc, lesson.ends_at_utc
    booking = schedule.bookings_beside(connection, case.booking_id, [("student", case.student_id)], *near)
    booking = booking[booking["booking_id"] == case.booking_id]
    lessons = booking.loc[booking.index.repeat(len(rows))].set_index(rows.index)
    return [
        Offer(slot, reason, "planner")
        for slot, reason in zip(slots_of(rows), slot_descriptions(rows, lessons), strict=True)
    ]


def _described(lost: int, kept: int, fresh: int, why: str) -> str:
    words = f"{lost_offers(lost, lost + kept)}: {why}."
    if not kept + fresh:
        return f"{words} There is no other alternative now."
    now = "This one replaces" if kept + fresh == 1 else f"These {kept + fresh} replace"
    return f"{words} {now} those in the last message."
