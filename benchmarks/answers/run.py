"""Move 2,000 acceptances of 32 clients, two for each free slot: ``python -m benchmarks.answers.run [--json FILE]``.

2,000 threatened lessons in 100 schools; each free slot is offered to two of them. A client accepts, and if the slot is
held it confirms, so that the booking moves. Two rivals take the same slots in the same order from as many clients: one
checks whether the slot is free and then moves the booking, the other leaves that to the constraints, and moves two
bookings at a time in the order in which they come. Neither validates anything, or notifies anybody.

Milliseconds are of a move, the confirmation: from 32 clients at once, where most of it is waiting for a processor; from
32 clients of which one answers every tenth of a second, far more than a school gets; and of one client alone.
Forecasts reach every slot, and none is below a minimum.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import psycopg
from pydantic import SecretStr

from benchmarks.hour.world import HOUR, fill
from benchmarks.measure import machine, markdown
from flightsched_pipelines.database import embedded, migrations
from flightsched_pipelines.database.engine import connect
from flightsched_pipelines.domain.cases.actions import Action
from flightsched_pipelines.domain.cases.responses import CaseResponse
from flightsched_pipelines.services.responses.respond import respond
from flightsched_pipelines.settings import Settings

AIRPORTS, SCHOOLS, BOOKINGS, ACCEPTANCES, CLIENTS = 500, 100, 10_000, 2_000, 32
A_SECOND = 10
"""Responses a second in the measurement at a steady pace."""
NOW = HOUR + timedelta(minutes=10)

PREPARE = """
DELETE FROM school.contact_preferences;
INSERT INTO pipeline.partitions (name, partition_hour, rows) VALUES ('forecasts', %(hour)s, 0);
CREATE TABLE public.offers AS
WITH free AS (
    SELECT *, row_number() OVER (PARTITION BY school_id ORDER BY id) AS n FROM school.bookings
    WHERE lower(period) > %(hour)s + interval '1 day' AND lower(period) < %(hour)s + interval '13 days'
), gone AS (SELECT * FROM free WHERE n <= 10), kept AS (SELECT * FROM free WHERE n > 10 AND n <= 30)
SELECT k.id AS booking_id, lower(g.period) AS starts, upper(g.period) AS ends, g.instructor_id, g.aircraft_id,
       g.id AS gone_id, row_number() OVER (ORDER BY hashint8(k.id)) AS place
FROM kept k JOIN gone g ON g.school_id = k.school_id AND g.n = (k.n - 11) %% 10 + 1;
UPDATE school.bookings SET status = 'cancelled' WHERE id IN (SELECT gone_id FROM public.offers);
UPDATE school.bookings SET status = 'weather_hold' WHERE id IN (SELECT booking_id FROM public.offers);
INSERT INTO school.reschedule_cases (booking_id, state, opened_hour, last_hour, starts_at_utc, ends_at_utc,
    instructor_id, aircraft_id, deadline_utc, round, opened_at)
SELECT b.id, 'proposed', %(hour)s, %(hour)s, lower(b.period), upper(b.period), b.instructor_id, b.aircraft_id,
    lower(b.period) - interval '30 min', 1, %(hour)s FROM school.bookings b JOIN public.offers o ON o.booking_id = b.id;
INSERT INTO school.case_offers (case_id, round, number, starts_at_utc, ends_at_utc, instructor_id, aircraft_id, reason,
    ranked_by, offered_hour)
SELECT c.id, 1, 1, o.starts, o.ends, o.instructor_id, o.aircraft_id, 'free', 'planner', %(hour)s
FROM public.offers o JOIN school.reschedule_cases c USING (booking_id);
INSERT INTO pipeline.forecasts (partition_hour, airport, hour_utc, layer, change, group_from_utc, group_to_utc,
    wind_direction_deg, wind_speed_kt, visibility_sm, visibility_at_least, ceiling_estimated, temperature_c, dewpoint_c,
    hazards, missing, unread, flight_category, source, station, station_distance_nm, issued_at_utc, governs)
SELECT %(hour)s, a.ident, hour, 'prevailing', 'BASE', %(hour)s, %(hour)s + interval '15 days',
    360, 4, 10, false, false, 20, 5, '{}', '{}', '{}', 'VFR', 'TAF', a.ident, 0, %(hour)s, true
FROM school.airports a CROSS JOIN
    generate_series(%(hour)s, %(hour)s + interval '14 days', interval '1 hour') AS hour;
"""
OVERLAPS = """
SELECT count(*) FROM school.bookings a JOIN school.bookings b ON a.id < b.id AND a.period && b.period
AND a.school_id = b.school_id WHERE a.status IN ('scheduled', 'weather_hold', 'held')
AND b.status IN ('scheduled', 'weather_hold', 'held') AND a.holds_for IS NULL AND b.holds_for IS NULL
AND (a.aircraft_id = b.aircraft_id OR a.student_id = b.student_id OR a.instructor_id = b.instructor_id)
"""


@dataclass(slots=True)
class Counts:
    """The outcomes that clients saw, and the milliseconds of acceptances and of moves."""

    outcomes: Counter[str] = field(default_factory=Counter[str])
    accept_ms: list[float] = field(default_factory=list[float])
    move_ms: list[float] = field(default_factory=list[float])

    def add(self, other: "Counts") -> None:
        """Add another client's counts."""
        self.outcomes += other.outcomes
        self.accept_ms += other.accept_ms
        self.move_ms += other.move_ms


def this(url: str, offers: Sequence[Any], first_after_seconds: float = 0.0, every_seconds: float = 0.0) -> Counts:
    """Accept, and confirm a held slot; one after another, or at a pace."""
    settings = Settings(database_url=SecretStr(url), database_pool_size=1, mail_via="maildir")
    engine, counts = connect(settings), Counts()
    start = time.perf_counter() + first_after_seconds
    for number, (booking_id, case_id, *_) in enumerate(offers):
        time.sleep(max(0.0, start + number * every_seconds - time.perf_counter()))
        began = time.perf_counter()
        accept = CaseResponse(f"accept-{booking_id}", case_id, "queue", Action.ACCEPT, "student", number=1)
        outcome = respond(engine, accept, NOW, settings)
        counts.accept_ms.append((time.perf_counter() - began) * 1000)
        if outcome.applied:
            began = time.perf_counter()
            confirm = CaseResponse(f"confirm-{booking_id}", case_id, "queue", Action.CONFIRM, "instructor")
            outcome = respond(engine, confirm, NOW, settings)
            counts.move_ms.append((time.perf_counter() - began) * 1000)
        counts.outcomes["moved" if outcome.applied else outcome.outcome] += 1
    engine.dispose()
    return counts


def look_then_move(url: str, offers: Sequence[Any]) -> Counts:
    """Check whether the slot is free, then move; no constraint, no lock."""
    counts = Counts()
    busy = (
        "SELECT count(*) FROM school.bookings WHERE status IN ('scheduled', 'weather_hold') AND id <> %s AND period && "
        "tstzrange(%s, %s) AND (aircraft_id = %s OR instructor_id = %s OR student_id = (SELECT student_id FROM "
        "school.bookings WHERE id = %s))"
    )
    with psycopg.connect(url) as connection:
        for booking_id, _, starts, ends, instructor, aircraft in offers:
            began = time.perf_counter()
            values = (booking_id, starts, ends, aircraft, instructor, booking_id)
            if connection.execute(busy, values).fetchone() == (0,):
                connection.execute(MOVE, (starts, ends, aircraft, instructor, booking_id))
                counts.outcomes["moved"] += 1
            else:
                counts.outcomes["taken"] += 1
            connection.commit()
            counts.move_ms.append((time.perf_counter() - began) * 1000)
    return counts


MOVE = (
    "UPDATE school.bookings SET period = tstzrange(%s, %s), aircraft_id = %s, instructor_id = %s, status = 'scheduled' "
    "WHERE id = %s"
)


def constraints_alone(url: str, offers: Sequence[Any]) -> Counts:
    """Move two bookings a transaction, with nothing but the constraints."""
    counts = Counts()
    with psycopg.connect(url) as connection:
        for pair in zip(offers[::2], offers[1::2], strict=False):
            began = time.perf_counter()
            try:
                for booking_id, _, starts, ends, instructor, aircraft in pair:
                    connection.execute(MOVE, (starts, ends, aircraft, instructor, booking_id))
                connection.commit()
                counts.outcomes["moved"] += 2
            except psycopg.errors.DeadlockDetected:
                connection.rollback()
                counts.outcomes["deadlock"] += 1
            except psycopg.errors.ExclusionViolation:
                connection.rollback()
                counts.outcomes["taken"] += 2
            counts.move_ms.append((time.perf_counter() - began) * 1000)
    return counts


def main() -> None:
    """Measure, and print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--json", type=Path, help="write the figures to this file too")
    options.add_argument("--acceptances", type=int, default=ACCEPTANCES, help="fewer, for a quick look")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        home = Path(folder)
        embedded.start(home)
        stack.callback(embedded.stop, home)
        template = embedded.url(home, "postgres").rpartition("/")[0]
        _administer(template, "CREATE DATABASE answers")
        settings = Settings(database_url=SecretStr(f"{template}/answers"))
        engine = connect(settings)
        migrations.upgrade(engine)
        fill(engine, AIRPORTS, SCHOOLS, BOOKINGS)
        with psycopg.connect(f"{template}/answers", cursor_factory=psycopg.ClientCursor) as connection:
            connection.execute(PREPARE, {"hour": HOUR})
            connection.execute("ANALYZE")
        engine.dispose()
        found = [
            _run(template, name, client, drop, chosen.acceptances)
            for name, client, drop in (
                ("this", this, False),
                ("look, then move", look_then_move, True),
                ("constraints, no sorted locks", constraints_alone, False),
            )
        ]
    rows = [[row[name] for name in HEADER] for row in found]
    print(machine("psycopg", "sqlalchemy"))
    print(markdown(HEADER, rows))
    if chosen.json:
        chosen.json.write_text(json.dumps(found, indent=2), encoding="utf-8")


PACED = (f"{A_SECOND} a second: p50 ms", f"{A_SECOND} a second: p95 ms")
HEADER = (
    "way",
    "acceptances",
    "moved",
    "refused",
    "a second",
    "p50 ms",
    "p95 ms",
    "overlaps",
    "deadlocks",
    "alone p50 ms",
    "alone p95 ms",
    *PACED,
)


def _run(
    template: str, name: str, client: Callable[[str, Sequence[Any]], Counts], drop: bool, acceptances: int
) -> dict[str, Any]:
    """Measure one way in a database of its own: a tenth with one client, a tenth at a pace (ours), the rest at once."""
    url = f"{template}/run"
    _administer(template, "DROP DATABASE IF EXISTS run")
    _administer(template, "CREATE DATABASE run TEMPLATE answers")
    with psycopg.connect(url, autocommit=True) as connection:
        if drop:
            for thing in ("aircraft", "instructor", "student"):
                connection.execute(f"ALTER TABLE school.bookings DROP CONSTRAINT bookings_no_double_{thing}".encode())
        offers = connection.execute(
            "SELECT o.booking_id, c.id, starts, ends, o.instructor_id, o.aircraft_id FROM public.offers o "
            "JOIN school.reschedule_cases c USING (booking_id) ORDER BY place"
        ).fetchall()
    tenth = acceptances // 10
    alone = client(url, offers[-tenth:])
    paced_offers, offers = offers[-2 * tenth : -tenth], offers[: acceptances - 2 * tenth]
    shares = [offers[n::CLIENTS] for n in range(CLIENTS)]
    with ProcessPoolExecutor(CLIENTS, mp_context=get_context("fork")) as hands:
        list(hands.map(abs, range(CLIENTS)))
        paced = Counts()
        if client is this:
            paced_shares = [paced_offers[n::CLIENTS] for n in range(CLIENTS)]
            firsts = [n / A_SECOND for n in range(CLIENTS)]
            for done in hands.map(this, [url] * CLIENTS, paced_shares, firsts, [CLIENTS / A_SECOND] * CLIENTS):
                paced.add(done)
        began = time.perf_counter()
        counts = Counts()
        for done in hands.map(client, [url] * CLIENTS, shares):
            counts.add(done)
        seconds = time.perf_counter() - began
    with psycopg.connect(url) as connection:
        overlaps = connection.execute(OVERLAPS.encode()).fetchone()
    return {
        "way": name, "acceptances": len(offers), "moved": counts.outcomes["moved"],
        "refused": counts.outcomes.total() - counts.outcomes["moved"] - counts.outcomes["deadlock"],
        "a second": round(len(offers) / seconds), "p50 ms": round(statistics.median(counts.move_ms), 1),
        "p95 ms": round(statistics.quantiles(counts.move_ms, n=20)[18], 1),
        "overlaps": overlaps[0] if overlaps else None, "deadlocks": counts.outcomes["deadlock"],
        "alone p50 ms": round(statistics.median(alone.move_ms), 1),
        "alone p95 ms": round(statistics.quantiles(alone.move_ms, n=20)[18], 1),
        PACED[0]: round(statistics.median(paced.move_ms), 1) if paced.move_ms else "",
        PACED[1]: round(statistics.quantiles(paced.move_ms, n=20)[18], 1) if paced.move_ms else "",
        "outcomes": dict(counts.outcomes),
    }  # fmt: skip


def _administer(server: str, statement: str) -> None:
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(statement.encode())


if __name__ == "__main__":
    main()
