"""Slots held for students that a file's lessons take: the file counts, and the students are offered others."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from flightsched_pipelines.database.frames import newest_written
from flightsched_pipelines.database.queries.cases import case_queries, transitions
from flightsched_pipelines.database.queries.imports.filed_changes import cases_holding
from flightsched_pipelines.database.queries.schedule import holds
from flightsched_pipelines.domain.cases.snapshot import CaseSnapshot
from flightsched_pipelines.durations import hour_of
from flightsched_pipelines.services.notifications.case_notification import NotificationContext
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

    A case whose lesson the file has changed as well ends by that: the next hour, or the clock, sees it.
    """
    for case in lost:
        now = case_queries.load_case(connection, case.case_id)
        if case.hold is None or now is None or now.booked != case.lesson:
            continue
        hour = newest_written(connection, "reschedule_candidates")
        lost_slots = [case.hold.slot]
        renewed = replacement_offers.replace_lost_offers(connection, case, lost_slots, WHY, hour, now_utc, settings)
        step = replace(renewed.transition, event="hold_released")
        transitions.write_transitions(connection, [step], hour_of(now_utc), now_utc)
        directory = Directory.read(connection, [case.booking_id])
        queue_notifications(connection, [renewed.news], directory, NotificationContext(None, now_utc, settings))
