"""A database in which two hours were dispatched and answered, and statements asked of one."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pandas as pd
import pytest
from sqlalchemy import Engine, text

from flightsched_pipelines.database import frames
from flightsched_pipelines.database.schema import PIPELINE_TABLES
from flightsched_pipelines.domain.cases.actions import ROLE_OF, Action
from flightsched_pipelines.domain.cases.responses import CaseResponse
from flightsched_pipelines.services.hourly import proposal_validation
from flightsched_pipelines.services.notifications.dispatch import dispatch
from flightsched_pipelines.services.responses.overdue import end_overdue
from flightsched_pipelines.services.responses.respond import respond
from flightsched_pipelines_tests.conftest import SEED_HOUR, clone, connected, settings_for

HOUR = timedelta(hours=1)
NOW = SEED_HOUR + timedelta(minutes=8)
SETTINGS = settings_for()
MOVED = 6
PRIVATE = "Her checkride is on Friday and she asked me"


def ask(engine: Engine, query: str, role: str | None = None, **values: Any) -> list[dict[str, Any]]:
    """Return a query's rows, with the rights of a role."""
    with engine.connect() as connection:
        if role:
            connection.execute(text(f"SET LOCAL ROLE {role}"))
        return [dict(row) for row in connection.execute(text(query), values).mappings()]


def run(engine: Engine, statement: str, **values: Any) -> None:
    """Execute a statement."""
    with engine.begin() as connection:
        connection.execute(text(statement), values)


@pytest.fixture(scope="package")
def lived_in(server_home: Path, ticked_template: str) -> Iterator[Engine]:
    """A database with two hours dispatched: cases moved, kept, cleared, expired and open. Tests leave it as it is."""
    for url in clone(server_home, ticked_template):
        for engine in connected(url):
            live(engine)
            yield engine


def live(ticked_engine: Engine) -> None:
    """Dispatch, answer, dispatch again, and let time pass."""
    run(ticked_engine, "DELETE FROM school.contact_preferences")
    run(ticked_engine, "UPDATE school.schools SET dispatch_email = NULL")
    dispatch(ticked_engine, NOW, SETTINGS)
    proposed = ask(
        ticked_engine,
        "SELECT c.id, c.booking_id, b.solo FROM school.reschedule_cases c "
        "JOIN school.bookings b ON b.id = c.booking_id WHERE c.state = 'proposed' ORDER BY c.starts_at_utc DESC, c.id",
    )
    moved, kept, cleared = proposed[:MOVED], next(case for case in proposed[MOVED:] if not case["solo"]), proposed[-4:]
    for case in moved:
        answer(ticked_engine, case["id"], Action.ACCEPT, minutes=20, number=1)
        answer(ticked_engine, case["id"], Action.CONFIRM, minutes=45)
    answer(ticked_engine, kept["id"], Action.KEEP, minutes=50, reason=PRIVATE)
    above = {case["booking_id"] for case in (*moved, kept, *cleared)}
    later_hour(ticked_engine, 1, above)
    dispatch(ticked_engine, NOW + HOUR, SETTINGS)
    deadlines = ask(
        ticked_engine, "SELECT deadline_utc FROM school.reschedule_cases WHERE closed_at IS NULL ORDER BY 1"
    )
    end_overdue(ticked_engine, deadlines[4]["deadline_utc"], SETTINGS)


def answer(engine: Engine, case_id: int, action: Action, minutes: int, **words: Any) -> None:
    """Give a response some time after the dispatch; it is applied."""
    response = CaseResponse(uuid4().hex, case_id, "terminal", action, ROLE_OF[action], **words)
    outcome = respond(engine, response, NOW + timedelta(minutes=minutes), SETTINGS)
    assert outcome.applied, outcome


def later_hour(engine: Engine, n: int, above: set[int]) -> None:
    """Store an hour like the first, with these lessons above the minimums; validated, as the check records it."""
    hour = SEED_HOUR + n * HOUR
    for name in (
        "booking_snapshot", "lesson_verdicts", "at_risk_bookings", "reschedule_candidates", "reschedule_proposals",
        "unplaceable_bookings",
    ):  # fmt: skip
        frame = frames.read_partition(engine, PIPELINE_TABLES[name], [SEED_HOUR])
        if name == "lesson_verdicts":
            frame["verdict"] = frame["verdict"].mask(frame["booking_id"].isin(above), "ok")
        elif name != "booking_snapshot":
            frame = frame[~frame["booking_id"].isin(above)]
        frame = frame.assign(partition_hour=pd.Timestamp(hour).as_unit("us"))
        frames.write_partition(engine, PIPELINE_TABLES[name], frame, [hour])
    proposal_validation.record_validated(engine, hour, 1)
