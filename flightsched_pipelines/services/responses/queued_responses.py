"""Apply responses from the queue, each message once; messages that can never be applied become dead letters.

A message is deleted once its response is on record, also if it was refused. If the process is killed in between, the
message comes again, and its key shows that it was applied. After an internal error it stays in the queue.
"""

import hashlib
from collections import Counter
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    StringConstraints,
    ValidationError,
    WithJsonSchema,
)
from sqlalchemy import Engine

from flightsched_pipelines.clients.delivery import aws
from flightsched_pipelines.clients.delivery.delivery_errors import ChannelDownError
from flightsched_pipelines.database.queries.cases import responses
from flightsched_pipelines.database.queries.cases.responses import Response
from flightsched_pipelines.database.queries.notifications import outbox
from flightsched_pipelines.database.queries.notifications.outbox import Queued
from flightsched_pipelines.domain.cases.actions import PEOPLES_ACTIONS, Action, PersonRole
from flightsched_pipelines.domain.cases.responses import CaseResponse, RequestedTimes
from flightsched_pipelines.formatting import plural
from flightsched_pipelines.services.responses.respond import ResponseOutcome, respond
from flightsched_pipelines.settings import Settings
from flightsched_pipelines.text import MAX_REASON_CHARACTERS, accept

MAX_MESSAGE_BYTES = 16_384
MAX_MESSAGES = 500

Id = Annotated[int, Field(ge=1, lt=2**63)]


def _acceptable(reason: str) -> str:
    return accept(reason, "it", MAX_REASON_CHARACTERS)


def _action_of_a_person(value: object) -> Action:
    known = {str(action): action for action in PEOPLES_ACTIONS}
    if not isinstance(value, str) or value not in known:
        raise ValueError(f"it must be one of {', '.join(known)}")
    return known[value]


PersonsAction = Annotated[
    Action, PlainValidator(_action_of_a_person), WithJsonSchema({"enum": [*PEOPLES_ACTIONS], "type": "string"})
]


class QueuedRequestedTimes(BaseModel):
    """The times that a student asks for, with the action none_suit."""

    model_config = ConfigDict(extra="forbid")

    days: list[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]] = []
    parts_of_day: list[Literal["morning", "afternoon", "evening"]] = []
    earliest_date: date | None = None
    latest_date: date | None = None

    def wishes(self) -> RequestedTimes:
        """Return the requested times as the domain has them."""
        return RequestedTimes(frozenset(self.days), frozenset(self.parts_of_day), self.earliest_date, self.latest_date)


class QueuedResponse(BaseModel):
    """A message of the queue, as JSON: a response, its case and its sender."""

    model_config = ConfigDict(extra="forbid")

    key: Annotated[str, StringConstraints(min_length=8, max_length=200, pattern=r"^[\x21-\x7e]+$")] = Field(
        description="The sender's idempotency key: a repeated response is applied once."
    )
    case_id: Id = Field(description="The case.")
    action: PersonsAction
    role: PersonRole
    person_id: Id = Field(description="Which student or instructor.")
    number: Annotated[int, Field(ge=1, le=99)] | None = Field(default=None, description="The alternative, to accept.")
    round: Annotated[int, Field(ge=1, le=10_000)] | None = Field(default=None, description="Of which message.")
    reason: Annotated[str, StringConstraints(max_length=MAX_REASON_CHARACTERS), AfterValidator(_acceptable)] = ""
    wishes: QueuedRequestedTimes = QueuedRequestedTimes()

    def response(self) -> CaseResponse:
        """Return the response as the domain has it."""
        wishes = self.wishes.wishes()
        return CaseResponse(
            self.key, self.case_id, "queue", self.action, self.role, self.person_id, self.number, self.round,
            self.reason, wishes,
        )  # fmt: skip


FIELDS = frozenset({*QueuedResponse.model_fields, *QueuedRequestedTimes.model_fields})


class UnreadableResponseError(ValueError):
    """A message that is not a response; the words say what is wrong, without quoting it."""


def read_message(body: str) -> QueuedResponse:
    """Read a message.

    Raises:
        UnreadableResponseError: it is too large, not JSON, or not of the form of `QueuedResponse`.
    """
    size = len(body.encode(errors="surrogatepass"))
    if size > MAX_MESSAGE_BYTES:
        raise UnreadableResponseError(f"the message has {size:,} bytes; an answer has at most {MAX_MESSAGE_BYTES:,}")
    try:
        return QueuedResponse.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        # Names of unknown fields are not quoted: they may contain anything.
        known = [str(part) for part in first["loc"] if isinstance(part, int) or part in FIELDS]
        where = ".".join(known) or "the message"
        wrong = first["msg"].removeprefix("Value error, ")
        raise UnreadableResponseError(
            f"{where}: {wrong}; see the form of messages in docs/concepts/responses.md"
        ) from None


def apply_queued(
    engine: Engine, queue: aws.Queue, dead_letters: aws.Queue, now_utc: datetime, settings: Settings
) -> Counter[str]:
    """Apply what is in the queue, up to a bound; returns the number of messages by outcome.

    A message that meets an error stays in the queue, and the others are applied all the same; its error is raised at
    the end.

    Raises:
        ChannelDownError: Amazon cannot be reached; what was applied stays applied.
        ExceptionGroup: messages met errors.
    """
    outcomes: Counter[str] = Counter()
    errors: list[Exception] = []
    while outcomes.total() < MAX_MESSAGES and not errors and (messages := queue.receive()):
        for message in messages:
            try:
                outcomes[_take(engine, message, dead_letters, now_utc, settings)] += 1
            except ChannelDownError:
                raise
            except Exception as error:  # noqa: BLE001, one message's error must not stop the others; it is raised below
                errors.append(error)
            else:
                queue.delete(message)
    if errors:
        raise ExceptionGroup(f"left in the queue after an error: {plural(len(errors), 'message')}", errors)
    return outcomes


def _take(
    engine: Engine, message: aws.QueueMessage, dead_letters: aws.Queue, now_utc: datetime, settings: Settings
) -> str:
    try:
        queued = read_message(message.body)
    except UnreadableResponseError as error:
        _keep_unreadable(engine, message.body, str(error), now_utc)
        dead_letters.send(message.body, {**message.attributes, "problem": str(error)[:250]})
        return "unreadable"
    outcome = respond(engine, queued.response(), now_utc, settings)
    if not outcome.applied:
        _notify_sender(engine, queued, outcome, now_utc, settings)
    return "repeated" if outcome.repeated else outcome.outcome


def _keep_unreadable(engine: Engine, body: str, problem: str, now_utc: datetime) -> None:
    """Record that a message could not be read, by its digest: the message may contain anything."""
    digest = hashlib.sha256(body.encode(errors="surrogatepass")).hexdigest()
    key = f"unreadable-{digest}"
    with engine.begin() as connection:
        if responses.find_response(connection, key) is None:
            responses.insert_response(
                connection,
                Response(key, None, None, "unreadable", None, None, "unknown", None, None, "queue", now_utc,
                         "unreadable", problem),
            )  # fmt: skip


def _notify_sender(
    engine: Engine, queued: QueuedResponse, outcome: ResponseOutcome, now_utc: datetime, settings: Settings
) -> None:
    """Notify the sender, through the topic of notifications, that the response was refused, and why."""
    if settings.aws_region is None:
        return
    payload = {
        "event": "response_refused", "key": queued.key, "case_id": queued.case_id, "outcome": outcome.outcome,
        "sentence": outcome.sentence,
    }  # fmt: skip
    refusal = Queued(
        f"response-{queued.key}/refused/system/sns", "sns", None, None, "response_refused", "system", None, payload,
        now_utc, None,
    )  # fmt: skip
    with engine.begin() as connection:
        outbox.queue(connection, [refusal], now_utc)


def queues(settings: Settings) -> tuple[aws.Queue, aws.Queue]:
    """Return the queue of responses, and that of its dead letters.

    Raises:
        ValueError: there is no region.
    """
    if settings.aws_region is None:
        raise ValueError("AWS_REGION is not set, so there is no queue of responses")
    region, endpoint, environment = settings.aws_region, settings.aws_endpoint_url, settings.environment
    return (
        aws.Queue(region, endpoint, aws.responses_queue(environment)),
        aws.Queue(region, endpoint, aws.responses_dead_letters(environment)),
    )
