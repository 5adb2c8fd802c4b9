"""Calls of the LLM and its dead letters, as rows: requests, costs, and failures to retry."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from flightsched_pipelines.database.schema import dead_letters, llm_calls
from flightsched_pipelines.text import storable

LLM_ANSWER = "llm_answer"
MAX_STORED_CHARACTERS = 20_000
REUSED_FOR = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class LlmCall:
    """One call, a row of ``llm_calls``."""

    partition_hour: datetime
    booking_id: int
    question_digest: str
    prompt_version: str
    model: str
    status: str
    problem: str | None
    attempts: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    cost_usd: float
    latency_seconds: float
    answer: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A failed request that waits for a redrive."""

    letter_id: int
    key: str
    partition_hour: datetime
    booking_id: int


def record(engine: Engine, call: LlmCall, request: dict[str, Any], raw_answer: str) -> None:
    """Record a call; a failed one also becomes a dead letter, a successful one settles its earlier letter."""
    values = {name: getattr(call, name) for name in LlmCall.__dataclass_fields__}
    with engine.begin() as connection:
        connection.execute(insert(llm_calls).values(**values))
        if call.status == "ok":
            _settle(connection, call.question_digest, call.partition_hour, "answered")
            return
        letter = upsert(dead_letters).values(
            kind=LLM_ANSWER,
            key=call.question_digest,
            partition_hour=call.partition_hour,
            booking_id=call.booking_id,
            problem=call.problem or call.status,
            request=request,
            answer=storable(raw_answer, MAX_STORED_CHARACTERS) or None,
        )
        again = {
            "problem": letter.excluded.problem,
            "answer": letter.excluded.answer,
            "attempts": dead_letters.c.attempts + 1,
            "last_tried_at": func.now(),
        }
        key = [dead_letters.c.kind, dead_letters.c.key, dead_letters.c.partition_hour]
        waiting = dead_letters.c.settled_at.is_(None)
        connection.execute(letter.on_conflict_do_update(index_elements=key, index_where=waiting, set_=again))


def reusable_responses(engine: Engine, digests: Sequence[str], hour_utc: datetime) -> dict[str, dict[str, Any]]:
    """Return the newest response to each request that succeeded within ``REUSED_FOR``, or for this very hour."""
    calls = llm_calls.c
    query = (
        select(calls.question_digest, calls.answer)
        .where(
            calls.question_digest.in_(digests),
            calls.status == "ok",
            or_(calls.called_at > func.now() - REUSED_FOR, calls.partition_hour == hour_utc),
        )
        .order_by(calls.called_at)
    )
    with engine.connect() as connection:
        return {row.question_digest: row.answer for row in connection.execute(query)}


def failed_requests(engine: Engine, hour_utc: datetime) -> set[str]:
    """Return the requests whose dead letters of an hour are not settled: only a redrive sends them again."""
    letters = dead_letters.c
    query = select(letters.key).where(
        letters.kind == LLM_ANSWER, letters.partition_hour == hour_utc, letters.settled_at.is_(None)
    )
    with engine.connect() as connection:
        return set(connection.execute(query).scalars())


def waiting_dead_letters(engine: Engine) -> list[DeadLetter]:
    """Return all waiting dead letters of the LLM, oldest first."""
    letters = dead_letters.c
    query = (
        select(letters.id, letters.key, letters.partition_hour, letters.booking_id)
        .where(letters.kind == LLM_ANSWER, letters.settled_at.is_(None))
        .order_by(letters.id)
    )
    with engine.connect() as connection:
        return [DeadLetter(*row) for row in connection.execute(query)]


def supersede(engine: Engine, letter_ids: Sequence[int]) -> None:
    """Settle letters that a newer hour has made pointless."""
    with engine.begin() as connection:
        connection.execute(
            update(dead_letters)
            .where(dead_letters.c.id.in_(letter_ids), dead_letters.c.settled_at.is_(None))
            .values(settled_at=func.now(), settlement="superseded")
        )


def spent_usd(engine: Engine, since_utc: datetime) -> float:
    """Return the cost of calls since a moment, US dollars."""
    query = select(func.coalesce(func.sum(llm_calls.c.cost_usd), literal(0))).where(llm_calls.c.called_at >= since_utc)
    with engine.connect() as connection:
        return float(connection.execute(query).scalar_one())


def _settle(connection: Connection, digest: str, hour_utc: datetime, how: str) -> None:
    letters = dead_letters.c
    connection.execute(
        update(dead_letters)
        .where(
            letters.kind == LLM_ANSWER, letters.key == digest, letters.partition_hour == hour_utc,
            letters.settled_at.is_(None),
        )
        .values(settled_at=func.now(), settlement=how)
    )  # fmt: skip
