"""Process expired cases and holds, automatic confirmations, reminders, and messages that are due by the clock."""

from collections import Counter
from datetime import datetime

from sqlalchemy import Connection, Engine

from flightsched_pipelines.database.frames import newest_written
from flightsched_pipelines.database.queries.cases import case_queries, responses
from flightsched_pipelines.database.queries.schedule.violating_rows import unwritable_bookings
from flightsched_pipelines.domain.cases import deadlines
from flightsched_pipelines.domain.cases.actions import ROLE_OF, Action
from flightsched_pipelines.domain.cases.deadlines import DeadlineDue
from flightsched_pipelines.domain.cases.responses import CaseResponse
from flightsched_pipelines.services.independent_steps import independent_steps
from flightsched_pipelines.services.notifications import evening_before, missing_weather
from flightsched_pipelines.services.responses import overdue
from flightsched_pipelines.services.responses.respond import respond
from flightsched_pipelines.services.rules import response_rules
from flightsched_pipelines.settings import Settings

PASSED = {Action.LAPSE: "holds released", Action.CONFIRM: "confirmed unasked", Action.REMIND: "reminded"}


def deadlines_due(engine: Engine, now_utc: datetime, settings: Settings) -> int:
    """Count the actions that are due in cases, the schools whose weather is missing, and who hears of tomorrow."""
    with engine.connect() as connection:
        waiting = _waiting(connection, now_utc, settings)
    ended = overdue.count_to_end(engine, now_utc)
    told = missing_weather.due(engine, now_utc, settings) + evening_before.due(engine, now_utc, settings)
    return len(waiting) + ended + told


def process_deadlines(engine: Engine, now_utc: datetime, settings: Settings) -> Counter[str]:
    """Take the actions that are due, each once even if several processes do so; returns the count of each.

    An error of one is raised when all others were taken.
    """
    passed: Counter[str] = Counter()
    with independent_steps() as step:
        with step():
            ended = overdue.end_overdue(engine, now_utc, settings)
            passed.update({f"cases {event}": count for event, count in ended.items()})
        with step():
            passed["schools notified of missing weather"] = missing_weather.notify_dispatchers(
                engine, now_utc, settings
            )
        with step():
            passed["people told of tomorrow"] = evening_before.tell_people(engine, now_utc, settings)
        with step():
            evening_before.bring_up_to_date(engine, now_utc, settings)
        waiting: dict[str, DeadlineDue] = {}
        with step(), engine.connect() as connection:
            waiting = _waiting(connection, now_utc, settings)
        for key, one in waiting.items():
            with step():
                passed[PASSED[one.action]] += _take(engine, key, one, now_utc, settings)
    return +passed


def _take(engine: Engine, key: str, one: DeadlineDue, now_utc: datetime, settings: Settings) -> bool:
    """Take an action that is due; returns whether it was applied."""
    role = ROLE_OF[one.action]
    person_id = one.instructor_id if role == "instructor" else None
    response = CaseResponse(key, one.case_id, "platform", one.action, role, person_id)
    return respond(engine, response, now_utc, settings).applied


def _waiting(connection: Connection, now_utc: datetime, settings: Settings) -> dict[str, DeadlineDue]:
    """Return the actions that are due and were not taken, by their key.

    A refused automatic confirmation (its forecast is missing) is tried again with each new hour's weather: its
    forecast and its hazard areas.
    """
    weather = newest_written(connection, "forecasts", "hazard_areas")
    hour = "none" if weather is None else f"{weather:%Y%m%dT%H}"
    rules = response_rules(settings)
    unwritable = unwritable_bookings(connection)
    clocks = case_queries.case_clocks(connection, now_utc + rules.remind_before, but_for=unwritable)
    found = {_key(one, hour): one for one in deadlines.deadlines_due(clocks, now_utc, rules)}
    refused = responses.are_known(connection, [key for key, one in found.items() if one.action is Action.CONFIRM])
    return {key: one for key, one in found.items() if key not in refused}


def _key(one: DeadlineDue, hour: str) -> str:
    key = f"{one.action}-{one.case_id}-{one.until_utc.isoformat()}"
    return f"{key}-{hour}" if one.action is Action.CONFIRM else key
