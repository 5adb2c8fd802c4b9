"""Faults of schedule, feed, database and clock."""

from collections.abc import Generator
from contextlib import ExitStack
from datetime import timedelta
from tempfile import TemporaryDirectory

import psycopg
import pytest
from sqlalchemy.exc import OperationalError

from flightsched_pipelines.database.engine import connect
from flightsched_pipelines.database.schema import metadata
from flightsched_pipelines_tests.conftest import settings_for
from flightsched_pipelines_tests.integration.monitoring.builders import TurnedClock, Watch
from flightsched_pipelines_tests.integration.monitoring.faults.fault import do, fault, run_hour
from flightsched_pipelines_tests.servers.proxy import wire_to


@fault("a schedule that is off", "is_fresh", "hours_are_complete")
def _(watch: Watch) -> Generator[None]:
    now = watch.hour
    tables = ", ".join(table.fullname for table in metadata.sorted_tables if table.schema == "pipeline")
    do(watch, f"TRUNCATE {tables}")
    for job in ("hourly_tick", "report"):
        watch.run(job, now - timedelta(hours=3))
    yield
    for hours_ago in (2, 1, 0):
        watch.run("hourly_tick", now - timedelta(hours=hours_ago))
    watch.run("report", now)


@fault(
    "a late and bad feed, a move that nobody enters, and a database that fills",
    "schedule_is_recent", "feed_files_are_sound", "changes_are_entered", "database_has_connections", "disk_has_room",
    "databases_grow_slowly",
)  # fmt: skip
def _(watch: Watch) -> Generator[None]:
    usual = watch.settings
    url = watch.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    few = {"database_has_connections": 25, "disk_has_room": 0, "databases_grow_slowly": 0.001}
    with TemporaryDirectory() as folder, ExitStack() as crowd:
        watch.restart_with(schedule_feed=f"dir:{folder}", alarms=few)
        for _ in range(60):
            crowd.enter_context(psycopg.connect(url))
        do(
            watch,
            "INSERT INTO school.imports (kind, imported_at, digest, complete, added, changed, unchanged, gone) "
            "VALUES ('bookings', now() - interval '5 hours', '', false, 1, 0, 0, 0)",
            "INSERT INTO school.feed_files (name, size_bytes, modified_at, seen_at, kind, outcome, taken_at) "
            "VALUES ('bookings.csv', 1, now(), now(), 'bookings', 'rejected', now())",
            "UPDATE school.bookings SET external_id = 'X-1' WHERE id = 1",
            "INSERT INTO school.schedule_changes (booking_id, kind, from_period, from_aircraft_id, made_at) "
            "SELECT id, 'cancellation', tstzrange(now() + interval '1 day', now() + interval '2 days'), aircraft_id, "
            "now() - interval '6 hours' FROM school.bookings WHERE id = 1",
            "INSERT INTO pipeline.hourly_metrics (partition_hour, metric, value) "
            "SELECT date_trunc('hour', now() - interval '5 days'), 'databases_megabytes', 1",
        )
        yield
        do(
            watch,
            "UPDATE school.imports SET imported_at = now()",
            "UPDATE school.feed_files SET outcome = 'imported'",
            "DELETE FROM school.schedule_changes",
            "DELETE FROM pipeline.hourly_metrics WHERE partition_hour < now() - interval '4 days'",
        )
        crowd.close()
        watch.check_operations()
        watch.settings = usual


@fault("a database that goes away", "job/hourly_tick")
def _(watch: Watch) -> Generator[None]:
    url = watch.engine.url
    with wire_to(url.host or "", url.port or 0) as wire:
        far = url.set(drivername="postgresql", port=wire.end).render_as_string(hide_password=False)
        near, watch.engine = watch.engine, connect(settings_for(database_url=far, database_connect_attempts=1))
        wire.cut()
        failed = watch.execute("hourly_tick", watch.hour)
        with pytest.raises(OperationalError):
            watch.see(failed)
        wire.mend()
        watch.see(failed)
        yield
        run_hour(watch)
        watch.engine.dispose()
        watch.engine = near


@fault("a clock that jumps", "clocks_agree")
def _(watch: Watch) -> Generator[None]:
    watch.clock = TurnedClock(minutes=5)
    yield
    watch.clock = TurnedClock()
