"""An answer taken: the one function behind every door (job, queue, terminal, page), one transaction an answer.

The order of locks is the same for everybody: the turn (shared), the answer's key, the case's other answers, people and
aircraft, cases, the booking. So no two answers wait for each other, and none comes between another's proof and its
move.
"""

from dataclasses import dataclass
from datetime import datetime

import stamina
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, IntegrityError

from flightsched_pipelines.database.queries.cases import cases, responses
from flightsched_pipelines.domain.cases.responses import ResponseRefusedError
from flightsched_pipelines.services.responses.response_handler import (
    CaseChangedError,
    IncomingResponse,
    ResponseHandler,
)
from flightsched_pipelines.settings import Settings

ATTEMPTS = 8
"""A transaction that lost its connection, or a lock, is tried again: its key makes that safe."""


@dataclass(frozen=True, slots=True)
class ResponseOutcome:
    """What came of an answer: ``applied``, or a kind of refusal, and the sentence for its sender.

    ``repeated`` when the key had been answered before: then this is what came of it that time.
    """

    outcome: str
    sentence: str
    case_id: int | None = None
    repeated: bool = False

    @property
    def applied(self) -> bool:
        """Whether it did what it says."""
        return self.outcome == responses.APPLIED


def respond(engine: Engine, received: IncomingResponse, now_utc: datetime, settings: Settings) -> ResponseOutcome:
    """Take an answer: do what it says, or refuse it with one sentence; either way it is on record.

    A lost connection or lock is tried again. Never raises for what an answer says.
    """
    for attempt in stamina.retry_context(
        on=_worth_another_try, attempts=ATTEMPTS, wait_initial=0.05, wait_max=1.0, wait_jitter=0.05
    ):
        with attempt:
            return _once(engine, received, now_utc, settings)
    raise AssertionError("stamina either returns or raises")


def _worth_another_try(error: Exception) -> bool:
    """Whether a fault is one of the moment: a lost connection, a deadlock, a case that changed under our hands."""
    if isinstance(error, CaseChangedError):
        return True
    if not isinstance(error, DBAPIError) or isinstance(error, IntegrityError):
        return False
    return error.connection_invalidated or getattr(error.orig, "sqlstate", None) in {
        None, "40P01", "40001", "55P03", "57P01", "57P02", "57P03",
    }  # fmt: skip


def _once(engine: Engine, received: IncomingResponse, now_utc: datetime, settings: Settings) -> ResponseOutcome:
    with engine.begin() as connection:
        cases.lock_cases_shared(connection)
        before = responses.find_response(connection, received.key)
        if before is not None:
            return ResponseOutcome(before.outcome, before.sentence, before.case_id, repeated=True)
        taking = ResponseHandler(connection, received, now_utc, settings)
        try:
            with connection.begin_nested():
                outcome, sentence = taking.take()
        except ResponseRefusedError as refused:
            outcome, sentence = refused.code, taking.refusal(refused)
        responses.insert_response(connection, taking.response(outcome, sentence))
    return ResponseOutcome(outcome, sentence, received.case_id)
