"""DATABASE_POOL_SIZE=1 is enough: nothing asks the pool for a second connection while it holds one."""

from datetime import datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from sqlalchemy import Engine

from flightsched_pipelines.database import engine as connections
from flightsched_pipelines.database.engine import connect
from flightsched_pipelines.definitions import build_definitions
from flightsched_pipelines.domain.retention.windows import WINDOWS
from flightsched_pipelines.durations import DAY
from flightsched_pipelines.settings import Settings
from flightsched_pipelines_tests.conftest import SEED_HOUR, settings_for
from flightsched_pipelines_tests.integration.cli.conftest import Type, flightsched
from flightsched_pipelines_tests.integration.cli.test_lost_database import COMMANDS, STUDENTS
from flightsched_pipelines_tests.integration.defs.test_response_jobs import amazon
from flightsched_pipelines_tests.integration.services.helpers import LATER, cases, one

__all__ = ["amazon", "flightsched"]

HOUR_KEY = f"{SEED_HOUR:%Y-%m-%d-%H:%M}"
PARTITIONS = {"hourly_tick": HOUR_KEY, "report": HOUR_KEY, "school_day": "2026-11-10", "school_week": "2026-11-09"}
FREE = (
    "SELECT reference FROM school.bookings AS b WHERE status = 'scheduled' AND lower(period) > :now "
    "AND NOT EXISTS (SELECT FROM school.reschedule_cases WHERE booking_id = b.id) ORDER BY id LIMIT 1"
)
URL, POOL_SIZE = "DATABASE_URL", "DATABASE_POOL_SIZE"


class StoppedClock:
    """Ten minutes after the dispatch, or more than two years later, when all that has a window is due for deletion."""

    def __init__(self, job: str) -> None:
        self._now = LATER + 800 * DAY if job == "retention" else LATER

    def now(self) -> datetime:
        """Return that moment."""
        return self._now


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a connection be waited for long enough for one that is given back, and not for ever."""
    monkeypatch.setattr(connections, "POOL_TIMEOUT_SECONDS", 60)


def url_of(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False).replace("+psycopg", "")


def configured(engine: Engine) -> dict[str, dict[str, object]]:
    """Return by job the configuration of its op, of lessons and cases at hand."""
    (answered, _), (ended, on_hold) = cases(engine)[:2]
    return {
        "apply_response": {"case_id": answered, "action": "ACCEPT", "number": 1},
        "cancel_case": {"case_id": ended},
        "hold_booking": {"booking": one(engine, FREE, now=LATER), "reason": "FIELD"},
        "mute_alert": {"key": "weather", "why": "MAINTENANCE"},
        "release_booking": {"booking": str(on_hold), "reason": "PEOPLE"},
        "send_test": {"school_id": 1},
    }


def test_one_connection_is_enough_for_every_job(told_engine: Engine, amazon: Settings, tmp_path: Path) -> None:
    settings = settings_for(
        flightsched_home=tmp_path, aws_region=amazon.aws_region, aws_endpoint_url=amazon.aws_endpoint_url,
        schedule_feed=f"dir:{tmp_path}", archive=f"dir:{tmp_path / 'archive'}", keep_days=dict.fromkeys(WINDOWS, 400),
    )  # fmt: skip
    (tmp_path / "students-1.csv").write_text(STUDENTS)
    configs = configured(told_engine)
    small = connect(settings_for(database_url=url_of(told_engine), database_pool_size=1))
    jobs = build_definitions(settings=settings).resolve_all_job_defs()
    failed: dict[str, Any] = {}
    try:
        with dg.DagsterInstance.ephemeral() as instance:
            for name in sorted(job.name for job in jobs if not job.name.startswith("__")):
                job = build_definitions(engine=small, settings=settings, clock=StoppedClock(name)).resolve_job_def(name)
                op = job.nodes[0].name
                result = job.execute_in_process(
                    instance=instance, partition_key=PARTITIONS.get(name), raise_on_error=False,
                    run_config={"ops": {op: {"config": configs[name]}}} if name in configs else {},
                )  # fmt: skip
                if not result.success:
                    failed[name] = [event.event_specific_data for event in result.get_step_failure_events()]
    finally:
        small.dispose()

    assert failed == {}


@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
def test_one_connection_is_enough_for_every_command(
    flightsched: Type, told_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    (tmp_path / "students.csv").write_text(STUDENTS)
    for name, value in {URL: url_of(told_engine), POOL_SIZE: "1", "FLIGHTSCHED_HOME": str(tmp_path / "home")}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("DAGSTER_HOME", raising=False)

    told = flightsched(*words)

    assert "no connection to the database was free" not in told.err
