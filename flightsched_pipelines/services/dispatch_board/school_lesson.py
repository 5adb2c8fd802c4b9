"""Read one lesson of a school: as it is booked now, its weather, and what dispatchers did with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Engine

from flightsched_pipelines.database.queries.cases import responses
from flightsched_pipelines.database.queries.dispatch_board.school_rows import lesson_of
from flightsched_pipelines.messages.models import Lesson
from flightsched_pipelines.services.dispatch_board.sign_in import Dispatcher
from flightsched_pipelines.services.notifications.directory import Directory
from flightsched_pipelines.services.pages.history import HistoryLine, orders_of
from flightsched_pipelines.services.pages.lesson_weather import LessonWeather, lesson_weather
from flightsched_pipelines.services.pages.school_weather import newest_assessed
from flightsched_pipelines.services.responses.respond import ResponseOutcome
from flightsched_pipelines.settings import Settings


@dataclass(frozen=True, slots=True)
class LessonDesk:
    """A lesson as a dispatcher handles it. ``outcome`` is what the last order did."""

    lesson: Lesson
    status: str
    case_id: int | None
    standby_since: datetime | None
    standby_until: date | None
    weather: LessonWeather
    history: Sequence[HistoryLine]
    outcome: ResponseOutcome | None


def lesson_desk(
    engine: Engine, dispatcher: Dispatcher, booking_id: int, key: str | None, settings: Settings
) -> LessonDesk | None:
    """Return a lesson of the dispatcher's school; ``None`` if there is none, or it is another school's."""
    with engine.connect() as connection:
        found = lesson_of(connection, booking_id, dispatcher.school_id)
        if found is None:
            return None
        directory = Directory.read(connection, [booking_id])
        given = responses.responses_of_booking(connection, booking_id)
        assessed = newest_assessed(connection)
    answered = (one for one in given if key is not None and one.key == key)
    return LessonDesk(
        directory.lesson(booking_id, found.slot, with_phones=True),
        found.status,
        found.case_id,
        found.standby_since,
        found.standby_until,
        lesson_weather(engine, assessed, dispatcher.school_id, booking_id, found.slot, settings),
        orders_of(given),
        next((ResponseOutcome(one.outcome, one.sentence) for one in answered), None),
    )
