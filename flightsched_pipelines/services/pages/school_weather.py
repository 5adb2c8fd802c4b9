"""The newest hour's weather of a school's lessons, assessed once an hour for all of them, however many pages ask.

To assess one lesson takes as long as a school's: mails go out at once, and their pages are opened soon after.
"""

import logging
from collections import OrderedDict, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

import pandas as pd
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from flightsched_pipelines.database.frames import newest_written, read_partition, written_at
from flightsched_pipelines.database.queries.cases import case_queries
from flightsched_pipelines.database.queries.schedule import bookings as schedule
from flightsched_pipelines.database.queries.schedule.person_lessons import uncertain_verdicts
from flightsched_pipelines.database.schema import PIPELINE_TABLES
from flightsched_pipelines.domain.cases.lifecycle import Slot
from flightsched_pipelines.domain.risk.breach_text import Breach
from flightsched_pipelines.domain.risk.lesson_forecast import (
    HourlyGroups,
    LessonForecast,
    Limits,
    hourly_groups,
    lesson_forecast,
    strictest_limits,
)
from flightsched_pipelines.domain.risk.rules import AREA_RULES
from flightsched_pipelines.reporting.area_map import AreaMap
from flightsched_pipelines.services.hourly import hourly_steps
from flightsched_pipelines.services.hourly.area_maps import map_of_lesson
from flightsched_pipelines.services.hourly.carburettor_advice import advice_for
from flightsched_pipelines.services.notifications.findings import breaches_of_cases
from flightsched_pipelines.services.slots import slots_of
from flightsched_pipelines.settings import Settings

logger = logging.getLogger(__name__)

MAX_SCHOOLS = 100
"""Schools whose newest hour is kept."""


@dataclass(frozen=True, slots=True)
class AssessedHour:
    """An hour that assessed lessons, and when it was written: as long as both stay, so do its rows."""

    hour: datetime
    written_at: datetime


@dataclass(frozen=True, slots=True)
class SchoolWeather:
    """An hour's lessons of a school by booking: where they were, their breaches, and what their forecast is made of.

    ``places`` has the airport of departure of the lessons that the hour assessed; ``maps`` those that meet an area.
    ``notes`` are sentences beside the verdicts: where they are uncertain, and advice on carburettor icing.
    """

    hour: datetime
    buffer: timedelta
    slots: Mapping[int, Slot]
    breaches: Mapping[int, list[Breach]]
    places: Mapping[int, str]
    limits: Mapping[tuple[int, str], Limits]
    groups: Mapping[str, HourlyGroups]
    maps: Mapping[int, AreaMap]
    notes: Mapping[int, Sequence[str]]

    def forecast(self, booking_id: int) -> LessonForecast | None:
        """Return the forecast of a lesson where its gravest breach is; ``None`` if the hour assessed none."""
        if booking_id not in self.places:
            return None
        broken, slot = self.breaches.get(booking_id), self.slots[booking_id]
        airport = broken[0].airport if broken else self.places[booking_id]
        during = slot.starts_at_utc - self.buffer, slot.ends_at_utc + self.buffer
        limits = self.limits.get((booking_id, airport), {})
        found = lesson_forecast(self.groups.get(airport, {}), limits, airport, during, self.hour)
        return found if found.quantities else None


def newest_assessed(connection: Connection) -> AssessedHour | None:
    """Return the newest hour that assessed lessons."""
    hour = newest_written(connection, "at_risk_bookings")
    written = None if hour is None else written_at(connection, "at_risk_bookings", hour)
    return None if hour is None or written is None else AssessedHour(hour, written)


def school_weather(engine: Engine, at: AssessedHour, school_id: int, settings: Settings) -> SchoolWeather:
    """Return the weather of a school's lessons at an hour. No connection may be held: it may need some of its own."""
    return _newest_of(engine, school_id).get(at, settings)


def prepare(engine: Engine, settings: Settings) -> None:
    """Read the newest hour's weather of each school with open cases, where that has not been done.

    Nothing happens if PostgreSQL cannot be asked now: pages read it themselves.
    """
    try:
        with engine.connect() as connection:
            at = newest_assessed(connection)
            schools = case_queries.schools_with_open_cases(connection)
        if at is not None:
            for school_id in schools[:MAX_SCHOOLS]:
                school_weather(engine, at, school_id, settings)
    except SQLAlchemyError as error:
        logger.warning("the weather of pages cannot be prepared: %s", type(error).__name__)


class _NewestOfSchool:
    """The newest hour's weather of one school; whoever asks while it is read waits for it."""

    def __init__(self, engine: Engine, school_id: int) -> None:
        self._engine, self._school_id = engine, school_id
        self._lock = Lock()
        self._known: tuple[AssessedHour, SchoolWeather] | None = None

    def get(self, at: AssessedHour, settings: Settings) -> SchoolWeather:
        """Return the weather at an hour."""
        with self._lock:
            if self._known is None or self._known[0] != at:
                self._known = at, _read(self._engine, at.hour, self._school_id, settings)
            return self._known[1]


_SCHOOLS: OrderedDict[tuple[Engine, int], _NewestOfSchool] = OrderedDict()
_SCHOOLS_LOCK = Lock()


def _newest_of(engine: Engine, school_id: int) -> _NewestOfSchool:
    with _SCHOOLS_LOCK:
        key = engine, school_id
        known = _SCHOOLS.setdefault(key, _NewestOfSchool(engine, school_id))
        _SCHOOLS.move_to_end(key)
        if len(_SCHOOLS) > MAX_SCHOOLS:
            _SCHOOLS.popitem(last=False)
        return known


def _read(engine: Engine, hour: datetime, school_id: int, settings: Settings) -> SchoolWeather:
    snapshot, forecast = PIPELINE_TABLES["booking_snapshot"], PIPELINE_TABLES["forecasts"]
    settings = hourly_steps.settings_at(engine, hour, settings)
    known = read_partition(engine, snapshot, [hour], snapshot.c.school_id == school_id)
    ahead = hourly_steps.lessons_ahead(known, hour, settings.lookahead_hours)
    here = forecast.c.airport.in_(sorted(hourly_steps.airports_of(ahead)))
    forecasts = read_partition(engine, forecast, [hour], forecast.c.governs, here)
    with engine.connect() as connection:
        broken = breaches_of_cases(connection, {(int(booking_id), hour) for booking_id in known["booking_id"]})
        uncertain = uncertain_verdicts(connection, hour, ahead["booking_id"].tolist())
    advice = advice_for(engine, ahead, forecasts)
    breaches = {booking_id: found for (booking_id, _), found in broken.items()}
    return SchoolWeather(
        hour,
        timedelta(minutes=settings.booking_buffer_minutes),
        dict(zip(known["booking_id"].tolist(), slots_of(known), strict=True)),
        breaches,
        dict(zip(ahead["booking_id"].tolist(), map(str, ahead["departure"]), strict=True)),
        _limits(engine, ahead, forecasts, hour, settings),
        hourly_groups(forecasts),
        dict(_maps(engine, ahead, hour)),
        {
            booking_id: [known[booking_id] for known in (uncertain, advice) if booking_id in known]
            for booking_id in {*uncertain, *advice}
        },
    )


def _maps(engine: Engine, ahead: pd.DataFrame, hour: datetime) -> Iterator[tuple[int, AreaMap]]:
    """Yield the bookings that meet a hazard area, each with its map."""
    table = PIPELINE_TABLES["at_risk_bookings"]
    which = table.c.rule.in_(AREA_RULES), table.c.booking_id.in_(ahead["booking_id"].tolist())
    broken = read_partition(engine, table, [hour], *which, names=["booking_id", "rule", "hazard"])
    if broken.empty:
        return
    areas, airports = hourly_steps.hazard_areas_at(engine, hour), schedule.airports(engine)
    met: defaultdict[int, list[tuple[str, str]]] = defaultdict(list)
    for booking_id, rule, hazard in zip(*(broken[name].tolist() for name in broken), strict=True):
        met[booking_id].append((rule, hazard))
    lessons = ahead[ahead["booking_id"].isin(list(met))]
    for booking_id, departure, route in zip(
        lessons["booking_id"].tolist(), lessons["departure"], lessons["route"], strict=True
    ):
        drawn = map_of_lesson(areas, airports, [str(departure), *route], met[booking_id])
        if drawn is not None:
            yield booking_id, drawn


def _limits(
    engine: Engine, ahead: pd.DataFrame, forecasts: pd.DataFrame, hour: datetime, settings: Settings
) -> Mapping[tuple[int, str], Limits]:
    if ahead.empty:
        return {}
    return strictest_limits(hourly_steps.assess_lessons(engine, ahead, forecasts, hour, settings).limits)
