"""Responses as rows, also refused ones; a key is stored once, so that a repeated response is applied once."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, insert, literal, select, text

from flightsched_pipelines.database.schema import responses

APPLIED = "applied"
PROLONGED = "prolonged"
"""A hold that ended while its forecast was missing is held for longer."""


_LOCK_KEY = "pg_advisory_xact_lock(hashtext('school.responses'), hashtext(:key))"


@dataclass(frozen=True, slots=True)
class Response:
    """A response and its outcome. ``reason`` and ``dispatcher`` may be personal; ``sentence`` is not."""

    key: str
    case_id: int | None
    booking_id: int | None
    action: str
    number: int | None
    round: int | None
    role: str
    person_id: int | None
    reason: str | None
    door: str
    received_at: datetime
    outcome: str
    sentence: str
    dispatcher: str | None = None


def find_response(connection: Connection, key: str) -> Response | None:
    """Return the response with this key, if there is one; locks the key until the transaction ends."""
    connection.execute(text(f"SELECT {_LOCK_KEY}"), {"key": key})
    return read_response(connection.execute(select_response(literal(key))).all())


def lock_key_and_case(connection: Connection, key: str, case_id: int) -> None:
    """Lock a response's key, then its case's other responses, until the transaction ends.

    One response to a case is processed at a time, before any other lock; otherwise many find it changed, and retry.
    In this transaction PostgreSQL keeps its plans whatever the values: each statement looks up few rows by their keys,
    and to plan a wide one takes longer than to run it.
    """
    lock = text(
        f"SELECT {_LOCK_KEY}, pg_advisory_xact_lock(hashtext('school.answers'), CAST(:case AS integer)), "
        "set_config('plan_cache_mode', 'force_generic_plan', true)"
    )
    connection.execute(lock, {"key": key, "case": case_id % 2147483647})


def select_response(key: ColumnElement[str]) -> Select[*tuple[Any, ...]]:
    """Return the query for the response with a key; `read_response` reads its rows."""
    return select(*(column for column in responses.c if column.name != "id")).where(responses.c.key == key)


def read_response(rows: Sequence[Any]) -> Response | None:
    """Return the response that `select_response` found, if any."""
    return Response(**rows[0]._asdict()) if rows else None


def insert_response(connection: Connection, response: Response) -> None:
    """Add a response."""
    connection.execute(insert(responses).values(asdict(response)))


def responses_of_case(connection: Connection, case_id: int) -> Sequence[Response]:
    """Return the responses to a case, in their order."""
    return _read(connection, responses.c.case_id == case_id)


def responses_of_booking(connection: Connection, booking_id: int) -> Sequence[Response]:
    """Return the responses about a booking, in their order."""
    return _read(connection, responses.c.booking_id == booking_id)


def are_known(connection: Connection, keys: Collection[str]) -> set[str]:
    """Return those of some keys that have a response; unlike `find_response` this locks nothing."""
    known = select(responses.c.key).where(responses.c.key.in_(sorted(keys)))
    return set(connection.execute(known).scalars())


def _read(connection: Connection, which: ColumnElement[bool]) -> Sequence[Response]:
    rows = connection.execute(select(responses).where(which).order_by(responses.c.id)).mappings()
    return [Response(**{name: value for name, value in row.items() if name != "id"}) for row in rows]
