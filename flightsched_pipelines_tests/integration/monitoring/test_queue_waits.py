"""The age of the queue of responses, which SQS does not give."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, text

from flightsched_pipelines.database.queries.monitoring.queue_waits import waiting_since

NOW = datetime(2026, 11, 8, 12, tzinfo=UTC)
QUEUE = "reschedule-responses-test"


def at(minutes: int) -> datetime:
    return NOW + timedelta(minutes=minutes)


def take_one(engine: Engine, minutes: int, door: str = "queue") -> None:
    row = """INSERT INTO school.responses (key, action, role, door, received_at, outcome, sentence)
             VALUES (:key, 'accept', 'student', :door, :at, 'applied', 'Done.')"""
    with engine.begin() as connection:
        connection.execute(text(row), {"key": f"{door}-{minutes}", "door": door, "at": at(minutes)})


def test_a_queue_waits_from_the_first_look_that_found_messages_or_the_last_response(
    seeded_engine: Engine,
) -> None:
    def look(minutes: int, depth: int) -> datetime | None:
        return waiting_since(seeded_engine, QUEUE, depth, at(minutes))

    assert look(0, depth=0) is None
    assert look(5, depth=3) == at(5)
    assert look(10, depth=30) == at(5)
    take_one(seeded_engine, 11, door="terminal")
    assert look(15, depth=30) == at(5), "a response by another door takes nothing from the queue"
    take_one(seeded_engine, 12)
    assert look(15, depth=29) == at(12)
    assert look(40, depth=29) == at(12)
    assert look(45, depth=0) is None
    assert look(50, depth=1) == at(50), "an emptied queue begins anew, whatever was taken before"
