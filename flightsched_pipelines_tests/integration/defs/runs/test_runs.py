"""Runs whose process is gone: found, ended, and no obstacle to others."""

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import psutil
import pytest
import yaml
from dagster._core.events import DagsterEvent, DagsterEventType, EngineEventData
from dagster._core.storage.tags import GRPC_INFO_TAG
from dagster._core.test_utils import create_test_daemon_workspace_context
from dagster._core.workspace.load_target import EmptyWorkspaceTarget
from dagster._daemon.monitoring.run_monitoring import execute_run_monitoring_iteration
from dagster._grpc.client import DagsterGrpcClient
from dagster._grpc.server import wait_for_grpc_server

from flightsched_pipelines.definitions import build_definitions
from flightsched_pipelines.defs.instance import DAGSTER_YAML
from flightsched_pipelines.defs.runs.run_launcher import RunLauncher, here, is_gone
from flightsched_pipelines.defs.runs.run_limits import KIND_TAG, STOPPED_TAG, UNDER_WAY, end_dead_runs, mark_stopped
from flightsched_pipelines_tests.servers.ports import free_port

STATUS = dg.DagsterRunStatus
CONFIGURED = yaml.safe_load(DAGSTER_YAML.read_text())
AS_CONFIGURED = {name: CONFIGURED[name] for name in ("run_launcher", "run_monitoring", "concurrency", "telemetry")}


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    """Dagster's instance as `dagster.yaml` has it, its storage apart."""
    with dg.DagsterInstance.local_temp(overrides=AS_CONFIGURED) as of_the_test:
        yield of_the_test


@contextmanager
def process() -> Generator[subprocess.Popen[bytes]]:
    """A process that lives until it is killed."""
    command = [sys.executable, "-c", "import sys; print(flush=True); sys.stdin.read()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as started:  # noqa: S603, our words
        assert started.stdout is not None
        started.stdout.readline()
        try:
            yield started
        finally:
            started.kill()


def add_run(
    instance: dg.DagsterInstance, pid: int | None = None, status: STATUS = STATUS.STARTED, **tags: str
) -> dg.DagsterRun:
    """Add a run as Dagster records it, with the process that runs it."""
    names = {"host": "flightsched/host", "grpc": GRPC_INFO_TAG}
    run = dg.DagsterRun(
        job_name="deliver", status=status, tags=here() | {names[name]: value for name, value in tags.items()}
    )
    instance.add_run(run)
    if pid is not None:
        instance.report_engine_event("Started process for run.", run, EngineEventData.in_process(pid))
    return run


def status(instance: dg.DagsterInstance, run: dg.DagsterRun) -> STATUS:
    found = instance.get_run_by_id(run.run_id)
    assert found is not None
    return found.status


def look_as_the_daemon_does(instance: dg.DagsterInstance) -> None:
    """Do what Dagster's run monitoring does at every poll."""
    with create_test_daemon_workspace_context(EmptyWorkspaceTarget(), instance) as context:
        assert [fault for fault in execute_run_monitoring_iteration(context, logging.getLogger()) if fault] == []


def test_a_run_whose_process_was_killed_is_found_at_the_next_look_and_one_that_lives_is_left(
    instance: dg.DagsterInstance,
) -> None:
    assert isinstance(instance.run_launcher, RunLauncher)
    with process() as killed, process() as alive:
        dead_run, live_run = add_run(instance, killed.pid), add_run(instance, alive.pid)
        look_as_the_daemon_does(instance)
        assert (status(instance, dead_run), status(instance, live_run)) == (STATUS.STARTED, STATUS.STARTED)
        killed.kill()
        killed.wait()
        look_as_the_daemon_does(instance)
        assert (status(instance, dead_run), status(instance, live_run)) == (STATUS.FAILURE, STATUS.STARTED)


def test_a_process_that_ended_and_was_not_waited_for_is_gone(instance: dg.DagsterInstance) -> None:
    with process() as killed:
        run = add_run(instance, killed.pid)
        os.kill(killed.pid, signal.SIGKILL)
        # Nobody waits for it, so that it stays in the table of processes.
        while psutil.Process(killed.pid).status() != psutil.STATUS_ZOMBIE:
            pass
        assert is_gone(instance, run)


def test_a_number_that_is_another_process_s_by_now_is_no_sign_of_life(instance: dg.DagsterInstance) -> None:
    begun = psutil.Process().create_time()
    run = dg.DagsterRun(job_name="deliver", status=STATUS.STARTED, tags=here())
    instance.add_run(run)
    for seconds_before, gone in ((60, True), (-1, False)):
        spoke = DagsterEvent(
            event_type_value=DagsterEventType.ENGINE_EVENT.value,
            job_name=run.job_name,
            event_specific_data=EngineEventData.in_process(os.getpid()),
        )
        instance.report_dagster_event(spoke, run.run_id, timestamp=begun - seconds_before)
        assert is_gone(instance, run) is gone


def test_of_a_run_of_which_nothing_can_be_found_out_nothing_is_said(instance: dg.DagsterInstance) -> None:
    with process() as killed:
        killed.kill()
        killed.wait()
        unreachable = f'{{"host": "127.0.0.1", "port": {free_port()}}}'
        assert not is_gone(instance, add_run(instance))
        assert not is_gone(instance, add_run(instance, killed.pid, host="another machine"))
        assert is_gone(instance, add_run(instance, killed.pid, host="another machine"), alone=True)
        assert is_gone(instance, add_run(instance, os.getpid(), host="another machine"), alone=True), (
            "a number of there"
        )
        assert not is_gone(instance, add_run(instance, os.getpid()), alone=True)
        assert not is_gone(instance, add_run(instance, killed.pid, grpc=unreachable))
        assert not is_gone(instance, add_run(instance, host="another machine", grpc=unreachable), alone=True)
        assert is_gone(instance, add_run(instance, killed.pid, grpc='{"host": "localhost", "socket": "/tmp/gone"}'))


def test_a_code_location_at_a_port_is_asked_which_runs_it_has(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    code, port = tmp_path / "code.py", free_port()
    code.write_text("import dagster\n\ndefs = dagster.Definitions()\n")
    command = [sys.executable, "-m", "dagster", "api", "grpc", "-h", "127.0.0.1", "-p", str(port), "-f", str(code)]
    run = add_run(instance, os.getpid(), grpc=f'{{"host": "127.0.0.1", "port": {port}}}')
    with subprocess.Popen(command) as server:  # noqa: S603, our own words
        try:
            wait_for_grpc_server(server, DagsterGrpcClient(host="127.0.0.1", port=port), command, timeout=300)
            assert is_gone(instance, run), "it was started anew, and knows nothing of the run"
        finally:
            server.kill()  # asked to end, it has been seen to stay
    assert not is_gone(instance, run), "it does not answer, and may still have the run"


def test_what_an_earlier_start_left_is_ended_and_what_waits_or_lives_is_not(instance: dg.DagsterInstance) -> None:
    with process() as killed, process() as alive:
        killed.kill()
        killed.wait()
        becomes = {
            add_run(instance, killed.pid).run_id: STATUS.FAILURE,
            add_run(instance, None, STATUS.STARTING).run_id: STATUS.FAILURE,
            add_run(instance, killed.pid, STATUS.CANCELING).run_id: STATUS.CANCELED,
            add_run(instance, alive.pid).run_id: STATUS.STARTED,
            add_run(instance, None, STATUS.NOT_STARTED).run_id: STATUS.NOT_STARTED,
            add_run(instance, killed.pid, STATUS.SUCCESS).run_id: STATUS.SUCCESS,
        }
        ended = end_dead_runs(instance, starting=True)
        assert {run.run_id: run.status for run in instance.get_runs()} == becomes
        assert set(ended) == {run for run, into in becomes.items() if into in {STATUS.FAILURE, STATUS.CANCELED}}
        assert end_dead_runs(instance, starting=True) == []


def test_a_run_under_a_former_name_of_the_machine_is_ended_where_no_other_works_on_the_database(
    instance: dg.DagsterInstance,
) -> None:
    former = add_run(instance, os.getpid(), host="former-name")
    assert end_dead_runs(instance, starting=True) == [], "of a shared database it may be another machine's"
    assert end_dead_runs(instance, starting=True, alone=True) == [former.run_id]
    assert status(instance, former) == STATUS.FAILURE


def test_while_a_daemon_lives_what_is_about_to_run_is_left(instance: dg.DagsterInstance) -> None:
    run = add_run(instance, None, STATUS.STARTING)
    assert end_dead_runs(instance, starting=False) == []
    assert status(instance, run) == STATUS.STARTING


def test_a_stop_is_noted_on_what_is_under_way_alone(instance: dg.DagsterInstance) -> None:
    runs = [add_run(instance, None, one) for one in (*UNDER_WAY, STATUS.NOT_STARTED, STATUS.SUCCESS, STATUS.FAILURE)]
    mark_stopped(instance)
    marked = {run.run_id for run in instance.get_runs() if STOPPED_TAG in run.tags}
    assert marked == {run.run_id for run in runs if run.status in UNDER_WAY}


def test_every_job_is_bounded_in_time_and_in_number_and_none_can_keep_another_kind_waiting() -> None:
    jobs = [job for job in build_definitions().get_repository_def().get_all_jobs() if not job.name.startswith("__")]
    limits: Any = CONFIGURED["concurrency"]["runs"]
    (of_a_kind,) = limits["tag_concurrency_limits"]
    kinds = {job.tags[KIND_TAG] for job in jobs}
    assert of_a_kind == {"key": KIND_TAG, "value": {"applyLimitPerUniqueValue": True}, "limit": 2}
    assert len(kinds) * of_a_kind["limit"] <= limits["max_concurrent_runs"]
    assert all(0 < int(job.tags["dagster/max_runtime"]) <= 3600 for job in jobs)
    assert [job.name for job in jobs if job.tags[KIND_TAG] == "operations"] == ["operations"]
    first = max(jobs, key=lambda job: int(job.tags["dagster/priority"]))
    assert first.name == "operations"
