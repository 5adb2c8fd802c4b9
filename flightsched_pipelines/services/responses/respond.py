"""Apply one response in one transaction, from every channel: job, queue, terminal, page.

Locks are taken in the same order everywhere: the turn (shared), the response's key, the case's other responses, people
and aircraft, cases, the booking. So responses never deadlock, and none changes what another has just revalidated.
"""

from dataclasses import dataclass
from datetime import datetime

import stamina
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, IntegrityError

from flightsched_pipelines.database.queries.cases import cases, responses
from flightsched_pipelines.database.queries.cases.responses import Response
from flightsched_pipelines.database.queries.schedule.refused_changes import is_unwritable
from flightsched_pipelines.domain.cases.responses import CaseResponse, ResponseRefusedError, to_correct
from flightsched_pipelines.services.responses.response_handler import (
    CaseChangedError,
    ResponseHandler,
)
from flightsched_pipelines.settings import Settings

ATTEMPTS = 8
"""Transactions that lose their connection or a lock are repeated; the key makes that safe."""


@dataclass(frozen=True, slots=True)
class ResponseOutcome:
    """The outcome of a response, ``applied`` or a kind of refusal, and the sentence for its sender.

    ``repeated``: the key was used before, and this is the outcome of that time.
    """

    outcome: str
    sentence: str
    case_id: int | None = None
    repeated: bool = False

    @property
    def applied(self) -> bool:
        """Return whether the response was applied."""
        return self.outcome == responses.APPLIED


def respond(engine: Engine, response: CaseResponse, now_utc: datetime, settings: Settings) -> ResponseOutcome:
    """Apply a response, or refuse it with one sentence; either is on record.

    A lost connection or lock is tried again. No content of a response makes it raise.
    """
    for attempt in stamina.retry_context(
        on=_worth_another_try, attempts=ATTEMPTS, wait_initial=0.05, wait_max=1.0, wait_jitter=0.05
    ):
        with attempt:
            return _once(engine, response, now_utc, settings)
    raise AssertionError("stamina either returns or raises")


def _worth_another_try(error: Exception) -> bool:
    """Return whether an error may pass: a lost connection, a deadlock, a case that changed before it was locked."""
    if isinstance(error, CaseChangedError):
        return True
    if not isinstance(error, DBAPIError) or isinstance(error, IntegrityError):
        return False
    return error.connection_invalidated or getattr(error.orig, "sqlstate", None) in {
        None, "40P01", "40001", "55P03", "57P01", "57P02", "57P03",
    }  # fmt: skip


def _once(engine: Engine, response: CaseResponse, now_utc: datetime, settings: Settings) -> ResponseOutcome:
    with engine.connect() as connection:
        handler = ResponseHandler(connection, response, now_utc, settings)
        try:
            with connection.begin():
                cases.lock_cases_shared(connection)
                if (before := handler.begin()) is not None:
                    return _repeated(before)
                outcome, sentence = handler.take()
                responses.insert_response(connection, handler.record(outcome, sentence))
        except ResponseRefusedError as refused:
            outcome, sentence = handler.refuse(refused)
        except IntegrityError as error:
            if not is_unwritable(error):
                raise
            outcome, sentence = handler.refuse(to_correct())
        else:
            return ResponseOutcome(outcome, sentence, response.case_id)
        with connection.begin():  # what it had changed is rolled back
            cases.lock_cases_shared(connection)
            if (before := responses.find_response(connection, response.key)) is not None:
                return _repeated(before)
            responses.insert_response(connection, handler.record(outcome, sentence))
    return ResponseOutcome(outcome, sentence, response.case_id)


def _repeated(before: Response) -> ResponseOutcome:
    return ResponseOutcome(before.outcome, before.sentence, before.case_id, repeated=True)
