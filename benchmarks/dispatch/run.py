"""2,000 newly threatened bookings dispatched, without delivery: ``python -m benchmarks.dispatch.run [--json FILE]``.

10,000 bookings of a fortnight in 100 schools; the hour's findings are stored already: 2,000 lessons at risk with two
broken rules and three alternatives each. Mail, SNS, Redis and SQS are on. The rival is the loop that one would write
first, a transaction a booking: it locks the booking, writes the same rows, and judges nothing. The two take turns.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
from psycopg.types.json import Jsonb
from pydantic import SecretStr
from sqlalchemy import Engine, text

from benchmarks.dispatch.findings import Row, alternatives, slot_of, store_findings
from benchmarks.hour.world import HOUR, fill
from benchmarks.measure import machine, markdown
from flightsched_pipelines.database import embedded, migrations
from flightsched_pipelines.database.engine import connect
from flightsched_pipelines.services.notifications.dispatch import dispatch
from flightsched_pipelines.settings import Settings

AIRPORTS, SCHOOLS, BOOKINGS, THREATENED = 500, 100, 10_000, 2_000
AIM_SECONDS = 10
NOW = HOUR + timedelta(hours=4, minutes=8)
"""Morning at most of the airports: nobody's quiet hours hold anything back, and few lessons are too near."""

COUNTED = ("reschedule_cases", "case_offers", "case_events", "outbox")


def main() -> None:
    """Measure, and print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--json", type=Path, help="write the figures to this file too")
    options.add_argument("--repeats", type=int, default=3)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        settings = Settings(
            flightsched_home=Path(folder),
            aws_region="us-east-1",
            redis_url=SecretStr("redis://127.0.0.1:1"),
            dispatch_max_age_hours=24,
        )
        embedded.start(settings.flightsched_home)
        stack.callback(embedded.stop, settings.flightsched_home)
        engine = connect(settings)
        stack.callback(engine.dispose)
        migrations.upgrade(engine)
        fill(engine, AIRPORTS, SCHOOLS, BOOKINGS)
        threatened = store_findings(engine, NOW, THREATENED)
        contenders: dict[str, Callable[[], None]] = {
            "this": lambda: _this(engine, settings),
            "a transaction a booking": lambda: _one_by_one(settings, threatened),
        }
        seconds: dict[str, list[float]] = {name: [] for name in contenders}
        written: dict[str, dict[str, int]] = {}
        for _ in range(chosen.repeats):
            for name, work in contenders.items():
                _forget(engine)
                began = time.perf_counter()
                work()
                seconds[name].append(time.perf_counter() - began)
                written[name] = _counts(engine)
    _report(seconds, written)
    if chosen.json:
        chosen.json.write_text(json.dumps({"seconds": seconds, "written": written}, indent=1) + "\n")


def _this(engine: Engine, settings: Settings) -> None:
    result = dispatch(engine, NOW, settings)
    if result.steps["opened"] != THREATENED:
        raise SystemExit(f"{result.steps['opened']} cases opened of {THREATENED}: {result.unchanged}")


def _one_by_one(settings: Settings, threatened: Sequence[Row]) -> None:
    with psycopg.connect(embedded.url(settings.flightsched_home, "flightsched"), autocommit=True) as connection:
        for booking in threatened:
            with connection.transaction():
                _open_case(connection, booking)


def _open_case(connection: psycopg.Connection[Any], booking: Row) -> None:
    key = booking["id"]
    connection.execute("SELECT status FROM school.bookings WHERE id = %s FOR UPDATE", [key])
    opened = connection.execute(
        "SELECT id FROM school.reschedule_cases WHERE booking_id = %s AND closed_at IS NULL", [key]
    )
    if opened.fetchone() is not None:
        return
    inserted = connection.execute(
        "INSERT INTO school.reschedule_cases (booking_id, state, opened_hour, last_hour, starts_at_utc, ends_at_utc, "
        "instructor_id, aircraft_id, deadline_utc, round, opened_at) "
        "VALUES (%s, 'proposed', %s, %s, %s, %s, %s, %s, %s, 1, %s) RETURNING id",
        [key, HOUR, HOUR, *slot_of(booking), booking["starts"] - timedelta(minutes=30), NOW],
    ).fetchone()
    case_id = inserted[0] if inserted else 0
    for number, slot in enumerate(alternatives(booking), start=1):
        connection.execute(
            "INSERT INTO school.case_offers (case_id, round, number, starts_at_utc, ends_at_utc, instructor_id, "
            "aircraft_id, reason, ranked_by, offered_hour) VALUES (%s, 1, %s, %s, %s, %s, %s, %s, 'planner', %s)",
            [case_id, number, *slot, "Same instructor and aircraft", HOUR],
        )
    connection.execute(
        "INSERT INTO school.case_events (case_id, at, actor, event, to_state, partition_hour, why) "
        "VALUES (%s, %s, 'platform', 'opened', 'proposed', %s, 'the forecast is below the minimums')",
        [case_id, NOW, HOUR],
    )
    connection.execute(
        "UPDATE school.bookings SET status = 'weather_hold', calendar_sequence = calendar_sequence + 1 WHERE id = %s",
        [key],
    )
    payload = Jsonb({"case_id": case_id, "booking_id": key, "offers": [str(slot) for slot in alternatives(booking)]})
    for whose, channel in (("student", "email"), ("instructor", "email"), *(("system", c) for c in _SYSTEMS)):
        connection.execute(
            "INSERT INTO school.outbox (key, channel, case_id, partition_hour, event, role, person_id, payload, "
            "next_attempt_at, due_at, created_at) VALUES (%s, %s, %s, %s, 'opened', %s, %s, %s, %s, %s, %s)",
            [f"{case_id}/{whose}/{channel}", channel, case_id, HOUR, whose, key, payload, NOW, NOW, NOW],
        )


_SYSTEMS = ("sns", "redis", "sqs")


def _forget(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("TRUNCATE school.reschedule_cases, school.dispatches, school.outbox CASCADE"))
        connection.execute(text("UPDATE school.bookings SET status = 'scheduled'"))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE school.bookings"))


def _counts(engine: Engine) -> dict[str, int]:
    with engine.connect() as connection:
        return {
            table: int(connection.execute(text(f"SELECT count(*) FROM school.{table}")).scalar_one())  # noqa: S608
            for table in COUNTED
        }


def _report(seconds: dict[str, list[float]], written: dict[str, dict[str, int]]) -> None:
    print(machine("sqlalchemy", "psycopg", "pydantic"), "\n")
    medians = {name: statistics.median(of_name) for name, of_name in seconds.items()}
    rows = [
        [name, f"{taken:.2f}", f"{taken / medians['this']:.2f}", *(f"{n:,}" for n in written[name].values())]
        for name, taken in medians.items()
    ]
    header = [f"{THREATENED:,} newly threatened", "s", "of this", "cases", "alternatives", "events", "messages"]
    print(markdown(header, rows), "\n")
    print(f"Under {AIM_SECONDS} s: {'met' if medians['this'] < AIM_SECONDS else 'missed'}.")


if __name__ == "__main__":
    main()
