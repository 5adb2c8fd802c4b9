"""An hour's run and its dispatch, killed at commits: stored data are whole, and running again converges.

Between two commits the database is as after the first, so that killing right after one tries the rest. The dispatch has
one commit, and is killed before and after it; an hour has many, and is killed after every third.
"""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from pandas.testing import assert_frame_equal
from sqlalchemy import Engine, text

from flightsched_pipelines.clients.weather.simulation.source import SimulatedWeather
from flightsched_pipelines.services.notifications.dispatch import dispatch
from flightsched_pipelines_tests.conftest import SEED_HOUR, settings_for
from flightsched_pipelines_tests.integration.defs.test_hourly_tick import RESULTS, rows, run

NOW = SEED_HOUR + timedelta(minutes=8)
SETTINGS = settings_for(aws_region="us-east-1")

KILLS = r"""
import os, signal, sys
from datetime import datetime

import dagster as dg

from flightsched_pipelines.database.engine import connect
from flightsched_pipelines.definitions import build_definitions
from flightsched_pipelines.services.notifications.dispatch import dispatch
from flightsched_pipelines.settings import Settings

what, url, now, step = sys.argv[1], sys.argv[2], datetime.fromisoformat(sys.argv[3]), int(sys.argv[4])
settings = Settings(database_url=url, weather_source="simulated", aws_region="us-east-1")

engine = connect(settings)
job = build_definitions(engine=engine, settings=settings).resolve_job_def("hourly_tick")

def work():
    if what == "dispatch":
        dispatch(engine, now, settings)
        return
    with dg.DagsterInstance.ephemeral() as instance:
        job.execute_in_process(instance=instance, partition_key=now.strftime("%Y-%m-%d-%H:00"))

def killed_at(n):
    # right after the n-th commit, before the first one where n is 0; false when the work came through
    if (worker := os.fork()):
        return os.waitpid(worker, 0)[1] == signal.SIGKILL
    engine.dispose(close=False)  # its connections are the parent's
    commit, commits = engine.dialect.do_commit, 0

    def counted(connection):
        nonlocal commits
        if n == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        commit(connection)
        commits += 1
        if commits == n:
            os.kill(os.getpid(), signal.SIGKILL)

    engine.dialect.do_commit = counted
    os.close(1)
    work()
    os._exit(0)

kills = 0
while killed_at(kills * step):
    kills += 1
print(kills)
"""


def killed_everywhere(engine: Engine, what: str, folder: Path, step: int = 1) -> int:
    """Return how often it was killed before it came through: before its first commit, and after each ``step``-th."""
    script = folder / "kills.py"
    script.write_text(KILLS)
    url = engine.url.render_as_string(hide_password=False)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, str(script), what, url, NOW.isoformat(), str(step)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=1_200)  # noqa: S603
    assert done.returncode == 0, done.stderr[-2_000:]
    return int(done.stdout)


def test_an_hour_that_is_killed_between_its_commits_converges(seeded_engine: Engine, tmp_path: Path) -> None:
    with seeded_engine.begin() as connection:
        connection.execute(text("DELETE FROM school.bookings WHERE id % 20 <> 0"))
    run(seeded_engine, SimulatedWeather(), SEED_HOUR)
    undisturbed = {name: rows(seeded_engine, name) for name in RESULTS}
    assert all(len(frame) for frame in undisturbed.values())
    with seeded_engine.begin() as connection:
        for table in connection.execute(
            text("SELECT tablename FROM pg_tables WHERE schemaname = 'pipeline'")
        ).scalars():
            connection.execute(text(f"TRUNCATE pipeline.{table}"))

    assert killed_everywhere(seeded_engine, "hour", tmp_path, step=3) > 3

    for name, before in undisturbed.items():
        assert_frame_equal(before, rows(seeded_engine, name))
    assert dispatch(seeded_engine, NOW, SETTINGS).steps["opened"] > 0


def test_a_dispatch_that_is_killed_before_or_after_its_commit_tells_everybody_once(
    ticked_engine: Engine, tmp_path: Path
) -> None:
    assert killed_everywhere(ticked_engine, "dispatch", tmp_path) == 2
    assert dispatch(ticked_engine, NOW, SETTINGS).repeated
    counted = (
        "SELECT count(*), count(DISTINCT booking_id), (SELECT count(*) FROM school.outbox WHERE channel = 'sqs'), "
        "(SELECT count(*) FROM school.case_events), (SELECT count(*) FROM school.bookings "
        "WHERE status = 'weather_hold') FROM school.reschedule_cases"
    )
    with ticked_engine.connect() as connection:
        (counts,) = connection.execute(text(counted)).all()
    assert counts[0] > 20
    assert set(counts) == {counts[0]}
