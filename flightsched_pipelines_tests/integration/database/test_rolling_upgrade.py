"""The version before the newest migration works on the new schema beside this one: an upgrade needs no pause.

Its code is that of the repository's history, in a process of its own. A row whose meaning is new (a minimum of a new
rule) is one that it cannot read: what depends on it is unknown to it, and waits for this version.
"""

import io
import json
import os
import subprocess
import sys
import tarfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from flightsched_pipelines.database import migrations
from flightsched_pipelines.services.notifications.dispatch import dispatch
from flightsched_pipelines_tests.conftest import SEED_HOUR
from flightsched_pipelines_tests.integration.services.helpers import (
    LATER,
    OVERLAPS,
    SETTINGS,
    cases,
    one,
    rows,
    say,
    state,
)

ROOT = Path(__file__).parents[3]
VERSIONS = Path(migrations.__file__).parent / "versions"
NEXT_HOUR = SEED_HOUR + timedelta(hours=1)
EACH = 5

OLD = """
import json, os, sys
import dagster as dg
from flightsched_pipelines.definitions import build_definitions
from flightsched_pipelines.defs.partitions import key_of
from flightsched_pipelines.services.notifications.dispatch import dispatch
from flightsched_pipelines_tests.conftest import connected, settings_for
from flightsched_pipelines_tests.integration.services.helpers import HOUR, LATER, SETTINGS, SEED_HOUR, say

for engine in connected(os.environ["DATABASE_URL"]):
    accepted = {case: say(engine, case, "accept", number=1) for case in json.loads(sys.argv[1])}
    confirmed = [say(engine, case, "confirm", LATER + HOUR / 60) for case, one in accepted.items() if one.applied]
    outcomes = [*accepted.values(), *confirmed]
    job = build_definitions(engine=engine, settings=settings_for()).resolve_job_def("hourly_tick")
    with dg.DagsterInstance.ephemeral() as instance:
        assert job.execute_in_process(instance=instance, partition_key=key_of(SEED_HOUR + HOUR)).success
    dispatched = dispatch(engine, SEED_HOUR + HOUR * 1.2, SETTINGS)
    print(json.dumps([[one.sentence for one in outcomes if not one.applied], dispatched.repeated]))
"""


def version_before() -> str:
    """Return the commit before the one that brought the newest migration."""
    newest = max(VERSIONS.glob("[0-9]*.py"))
    log = ["git", "log", "--diff-filter=A", "--format=%H^", "-1", "--", str(newest)]
    commit = subprocess.run(log, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603
    known = ["git", "rev-parse", "--verify", "--quiet", f"{commit}{{commit}}"]
    if not commit or subprocess.run(known, cwd=ROOT, capture_output=True, check=False).returncode:  # noqa: S603
        pytest.skip("the code of the version before is in the repository's history: fetch it, and run this again")
    return commit


@pytest.fixture
def code_before(tmp_path: Path) -> Path:
    """Unpack the code and the tests' helpers of the version before."""
    archive = ["git", "archive", version_before(), "flightsched_pipelines", "flightsched_pipelines_tests"]
    packed = subprocess.run(archive, cwd=ROOT, capture_output=True, check=True).stdout  # noqa: S603, our own history
    folder = tmp_path / "before"
    with tarfile.open(fileobj=io.BytesIO(packed)) as files:
        files.extractall(folder, filter="data")
    return folder


def test_both_versions_work_on_the_new_schema_at_once(told_engine: Engine, code_before: Path, tmp_path: Path) -> None:
    numbers = [case for case, _ in cases(told_engine)][: 2 * EACH]
    theirs, ours = numbers[:EACH], numbers[EACH:]
    environment = os.environ | {
        "DATABASE_URL": told_engine.url.render_as_string(hide_password=False),
        "FLIGHTSCHED_HOME": str(tmp_path / "home"),
        "PYTHONPATH": str(code_before),
    }

    command = [sys.executable, "-c", OLD, json.dumps(theirs)]
    with subprocess.Popen(command, cwd=code_before, env=environment, stdout=subprocess.PIPE, text=True) as before:  # noqa: S603
        outcomes = [say(told_engine, case, "accept", number=1) for case in ours]
        outcomes += [say(told_engine, case, "confirm", LATER + timedelta(minutes=1)) for case in ours]
        out, _ = before.communicate()
    refused, repeated = json.loads(out.splitlines()[-1])

    assert all(one.applied for one in outcomes)
    assert [sentence for sentence in refused if "a row cannot be read" not in sentence] == []
    assert all("nothing was changed" in sentence for sentence in refused)
    assert {state(told_engine, case) for case in ours} == {"rescheduled"}
    assert [state(told_engine, case) for case in theirs].count("proposed") == len(refused)
    assert one(told_engine, OVERLAPS) == 0
    assert not repeated
    assert dispatch(told_engine, NEXT_HOUR + timedelta(minutes=12), SETTINGS).repeated, "one hour is dispatched once"
    assert told_twice(told_engine) == []


def told_twice(engine: Engine) -> list[Any]:
    """Return what one person was told twice of a case's event."""
    return rows(
        engine,
        "SELECT case_id, event, role, person_id, channel, count(*) FROM school.outbox "
        "WHERE event IN ('moved', 'opened') AND NOT obsolete GROUP BY 1, 2, 3, 4, 5 HAVING count(*) > 1",
    )
