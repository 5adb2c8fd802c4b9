"""Runs that are tasks of ECS, as docs/how-to/deployment.md has them: the task's end is the run's."""

import logging
from collections.abc import Iterator
from typing import Any

import boto3
import dagster as dg
import pytest
from dagster._core.test_utils import create_test_daemon_workspace_context
from dagster._core.workspace.load_target import EmptyWorkspaceTarget
from dagster._daemon.monitoring.run_monitoring import execute_run_monitoring_iteration
from dagster_aws.ecs import EcsRunLauncher
from moto.core.models import DEFAULT_ACCOUNT_ID

from flightsched_pipelines.defs.runs.run_launcher import RunLauncher
from flightsched_pipelines_tests.integration.defs.runs.test_runs import CONFIGURED, STATUS, status
from flightsched_pipelines_tests.servers import moto_server

ON_ECS = {
    "run_launcher": {
        "module": "dagster_aws.ecs",
        "class": "EcsRunLauncher",
        "config": {"use_current_ecs_task_config": False, "container_name": "run"},
    },
    **{name: CONFIGURED[name] for name in ("run_monitoring", "run_retries", "concurrency", "telemetry")},
}
CLUSTER = "flightsched"


@pytest.fixture
def ecs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Amazon's ECS with a cluster and the task definition of a run, as moto speaks it."""
    with moto_server.running() as url:
        for name, value in {
            "AWS_ENDPOINT_URL": url,
            "AWS_DEFAULT_REGION": moto_server.REGION,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }.items():
            monkeypatch.setenv(name, value)
        client = boto3.client("ecs")
        client.create_cluster(clusterName=CLUSTER)
        client.register_task_definition(
            family="run",
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu="256",
            memory="512",
            containerDefinitions=[{"name": "run", "image": "flightsched", "memory": 512}],
        )
        yield client


def begin_task(ecs: Any) -> str:
    """Start a task; returns its ARN."""
    ec2 = boto3.client("ec2")
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    group = ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]
    tasks = ecs.run_task(
        cluster=CLUSTER,
        taskDefinition="run",
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": [subnet], "securityGroups": [group]}},
    )["tasks"]
    return str(tasks[0]["taskArn"])


def kill_task(ecs: Any, task: str) -> None:
    """Have a task end as when its machine is gone."""
    from moto.ecs.models import ecs_backends  # noqa: PLC0415, slow, and only this test needs it

    ecs.stop_task(cluster=CLUSTER, task=task, reason="the machine is gone")
    # With moto every process ends well.
    (container,) = ecs_backends[DEFAULT_ACCOUNT_ID][moto_server.REGION].tasks[CLUSTER][task].containers
    vars(container)["exitCode"] = 137


def add_run(instance: dg.DagsterInstance, task: str) -> dg.DagsterRun:
    """Add a run that has begun, as the launcher records it."""
    tags = {"ecs/task_arn": task, "ecs/cluster": CLUSTER}
    run = dg.DagsterRun(job_name="deliver", status=STATUS.STARTED, tags=tags)
    instance.add_run(run)
    return run


def test_the_settings_make_each_run_a_task(ecs: Any, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001, its variables
    monkeypatch.setenv("RUN_LAUNCHER", "ecs")
    monkeypatch.setenv("RUN_TASK_DEFINITION", "run")
    with dg.DagsterInstance.local_temp(overrides={"run_launcher": CONFIGURED["run_launcher"]}) as instance:
        launcher = instance.run_launcher
        assert isinstance(launcher, EcsRunLauncher)
        assert str(launcher.task_definition).endswith(":task-definition/run:1")
        assert (launcher.container_name, launcher.secrets_tags) == ("run", [])
        assert launcher.supports_check_run_worker_health
    monkeypatch.setenv("RUN_LAUNCHER", "process")
    with dg.DagsterInstance.local_temp(overrides={"run_launcher": CONFIGURED["run_launcher"]}) as instance:
        assert isinstance(instance.run_launcher, RunLauncher)


def test_a_run_ends_at_the_next_look_after_its_task_ended_or_was_forgotten(ecs: Any) -> None:
    with dg.DagsterInstance.local_temp(overrides=ON_ECS) as instance:
        alive, ended = begin_task(ecs), begin_task(ecs)
        runs = {
            "alive": add_run(instance, alive),
            "ended": add_run(instance, ended),
            "forgotten": add_run(instance, alive[:-4] + "0000"),  # ECS keeps a stopped task for an hour
        }
        kill_task(ecs, ended)
        with create_test_daemon_workspace_context(EmptyWorkspaceTarget(), instance) as context:
            faults = [fault for fault in execute_run_monitoring_iteration(context, logging.getLogger()) if fault]
        assert faults == []
        assert {name: status(instance, run) for name, run in runs.items()} == {
            "alive": STATUS.STARTED,
            "ended": STATUS.FAILURE,
            "forgotten": STATUS.FAILURE,
        }
