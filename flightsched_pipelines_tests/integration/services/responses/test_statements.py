"""The number of statements that a response takes: each costs a round trip, and they come back one by one."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event

from flightsched_pipelines_tests.integration.services.helpers import (
    LATER,
    book_for_another,
    cases,
    offer,
    run,
    say,
    state,
)

AT_MOST: dict[str, tuple[list[str], int, str]] = {
    "accept": ([], 14, "student_accepted"),
    "confirm": (["accept"], 13, "rescheduled"),
    "withdraw": (["accept"], 16, "proposed"),
    "keep": ([], 12, "kept"),
    "decline": (["accept"], 21, "proposed"),
}
"""By response: the responses before it, the most statements, and the state after it."""


@contextmanager
def counted(engine: Engine) -> Generator[list[str]]:
    """Collect the statements that are sent in the block."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: Any) -> None:
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)


def give(engine: Engine, case_id: int, action: str) -> None:
    """Give a response that is applied."""
    more: dict[str, Any] = {"accept": {"number": 1}, "keep": {"reason": "Local knowledge"}}
    outcome = say(engine, case_id, action, LATER, **more.get(action, {}))
    assert outcome.applied, outcome


@pytest.mark.parametrize("action", AT_MOST)
def test_a_response_takes_few_statements(told_engine: Engine, action: str) -> None:
    before, most, after = AT_MOST[action]
    run(told_engine, "UPDATE school.requirements SET ended_at = now() WHERE ended_at IS NULL")
    case_id, _ = cases(told_engine)[0]
    for one in before:
        give(told_engine, case_id, one)
    with counted(told_engine) as sent:
        give(told_engine, case_id, action)
    assert state(told_engine, case_id) == after
    assert len(sent) <= most, "\n".join(" ".join(one.split())[:200] for one in sent)


@pytest.mark.parametrize(("number", "outcome", "most"), [(9, "not_offered", 4), (1, "taken", 9)])
def test_a_refusal_takes_one_transaction_of_few_statements(
    told_engine: Engine, number: int, outcome: str, most: int
) -> None:
    run(told_engine, "UPDATE school.requirements SET ended_at = now() WHERE ended_at IS NULL")
    case_id, booking_id = cases(told_engine)[0]
    book_for_another(told_engine, booking_id, offer(told_engine, case_id, 1))
    ends: list[str] = []
    for end in ("commit", "rollback"):
        event.listen(told_engine, end, lambda _connection, end=end: ends.append(end))
    with counted(told_engine) as sent:
        assert say(told_engine, case_id, "accept", LATER, number=number).outcome == outcome
    assert len(sent) <= most, "\n".join(" ".join(one.split())[:200] for one in sent)
    assert ends == ["commit"]
