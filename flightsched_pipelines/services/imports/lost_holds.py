"""Slots held for students that a file's lessons take: the file counts, and the students are offered others."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from flightsched_pipelines.database.frames import newest_written
from flightsched_pipelines.database.queries.cases import case_queries, transitions
from flightsched_pipelines.database.queries.cases.transitions import Transition
from flightsched_pipelines.database.queries.imports.filed_changes import cases_holding
from flightsched_pipelines.database.queries.schedule import holds
from flightsched_pipelines.domain.cases.decisions import without_slot
from flightsched_pipelines.domain.cases.snapshot import CaseSnapshot, Decision
from flightsched_pipelines.durations import hour_of
from flightsched_pipelines.services.notifications.case_notification import CaseNotification, NotificationContext
from flightsched_pipelines.services.notifications.directory import Directory
from flightsched_pipelines.services.notifications.notifications import queue_notifications
from flightsched_pipelines.services.responses import replacement_offers
from flightsched_pipelines.settings import Settings

WHY = "the school has booked it for another lesson"


def release(connection: Connection, booking_ids: Sequence[int]) -> list[CaseSnapshot]:
    """Release the slots that are held for these lessons; returns their cases as they were."""
    found = [case_queries.load_case(connection, case_id) for case_id in cases_holding(connection, booking_ids)]
    holds.release_holds(connection, booking_ids)
    return [case for case in found if case is not None]


def offer_others(connection: Connection, lost: Sequence[CaseSnapshot], now_utc: datetime, settings: Settings) -> None:
    """Offer the students of released slots what is left, once the file's lessons are stored.

    After its deadline a case ends, and a dispatcher takes over.
    A case whose lesson the file has changed as well ends by that: the next hour, or the clock, sees it.
    """
    for case in lost:
        now = case_queries.load_case(connection, case.case_id)
        if case.hold is None or now is None or now.booked != case.lesson:
            continue
        decision = without_slot(case, "lose", "hold_released", WHY, now_utc)
        if decision.effect == "end":
            step, news = _ended(case, decision)
        else:
            hour = newest_written(connection, "reschedule_candidates")
            slots = [case.hold.slot]
            renewed = replacement_offers.replace_lost_offers(connection, case, slots, WHY, hour, now_utc, settings)
            step, news = replace(renewed.transition, event="hold_released"), renewed.news
        transitions.write_transitions(connection, [step], hour_of(now_utc), now_utc)
        directory = Directory.read(connection, [case.booking_id])
        queue_notifications(connection, [news], directory, NotificationContext(None, now_utc, settings))


def _ended(case: CaseSnapshot, decision: Decision) -> tuple[Transition, CaseNotification]:
    """Return the end of a case that a dispatcher takes over, as its student cannot choose again."""
    about = case.case_id, case.booking_id
    step = Transition(*about, decision.event, case.state, decision.state, decision.why, case.round)
    return step, CaseNotification(*about, "declined", case.lesson, case.round)
