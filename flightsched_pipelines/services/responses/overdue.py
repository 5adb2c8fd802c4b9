"""End cases between the hours: past their deadline or the lesson's time, or changed by the school."""

from collections import Counter
from datetime import datetime

from sqlalchemy import Connection, Engine

from flightsched_pipelines.database.queries.cases import cases, transitions
from flightsched_pipelines.database.queries.cases.cases import CaseLesson, StoredCase
from flightsched_pipelines.database.queries.schedule.violating_rows import unwritable_bookings
from flightsched_pipelines.domain.cases.lifecycle import CaseTransition, next_transition
from flightsched_pipelines.domain.cases.standby import next_standby_transition
from flightsched_pipelines.services.independent_steps import independent_steps
from flightsched_pipelines.services.notifications.case_notification import NotificationContext
from flightsched_pipelines.services.notifications.case_steps import (
    booking_status,
    notification_of,
    settle,
    transition_of,
)
from flightsched_pipelines.services.notifications.directory import Directory
from flightsched_pipelines.services.notifications.notifications import queue_notifications
from flightsched_pipelines.settings import Settings


def count_to_end(engine: Engine, now_utc: datetime) -> int:
    """Return how many open cases the clock or the school has ended."""
    with engine.connect() as connection:
        return cases.count_to_end(connection, now_utc, but_for=unwritable_bookings(connection))


def end_overdue(engine: Engine, now_utc: datetime, settings: Settings) -> Counter[str]:
    """End the cases that the clock or the school has ended, without waiting for an hour, and notify those concerned.

    A case whose booking's row must be mended first stays open. An error of one is raised when all others have ended.

    Returns:
        The number of cases that ended, by event.
    """
    with independent_steps() as step, engine.begin() as connection:
        cases.lock_cases_exclusive(connection)
        unwritable = unwritable_bookings(connection)
        found = {key: case for key, case in cases.open_cases(connection).items() if key not in unwritable}
        lessons = cases.lessons_of(connection, found)
        ended = [(case, end) for case in found.values() if (end := _step(case, lessons[case.booking_id], now_utc))]
        done: list[tuple[StoredCase, CaseTransition]] = []
        try:
            with connection.begin_nested():
                _end(connection, ended, lessons, now_utc, settings)
                done = ended
        except Exception:  # noqa: BLE001, whatever one of them raises, the others end
            for one in ended:
                with step(), connection.begin_nested():
                    _end(connection, [one], lessons, now_utc, settings)
                    done.append(one)
    return Counter(transition.event for _, transition in done)


def _step(case: StoredCase, lesson: CaseLesson, now_utc: datetime) -> CaseTransition | None:
    if case.standby:
        return next_standby_transition(case.case, booking_status(lesson), now_utc, waits_on_hold=False, is_free=True)
    return next_transition(case.case, booking_status(lesson), now_utc)


def _end(
    connection: Connection,
    ended: list[tuple[StoredCase, CaseTransition]],
    lessons: dict[int, CaseLesson],
    now_utc: datetime,
    settings: Settings,
) -> None:
    if not ended:
        return
    transitions.write_transitions(connection, [transition_of(case, step) for case, step in ended], None, now_utc)
    news = [notification_of(case, step, booking_status(lessons[case.booking_id])) for case, step in ended]
    settle(connection, ended, lessons, now_utc)
    directory = Directory.read(connection, [case.booking_id for case, _ in ended])
    queue_notifications(connection, news, directory, NotificationContext(None, now_utc, settings))
