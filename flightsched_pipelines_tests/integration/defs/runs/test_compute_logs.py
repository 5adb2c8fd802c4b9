"""The output of a step is stored where the settings choose."""

from collections.abc import Iterator
from pathlib import Path
from stat import S_IMODE

import dagster as dg
import pytest

from flightsched_pipelines.clients.delivery import aws
from flightsched_pipelines.defs.instance import prepare_instance
from flightsched_pipelines.settings import Settings
from flightsched_pipelines_tests.servers import moto_server

BUCKET = "flightsched-logs"


@dg.op
def speak() -> None:
    print("spoken")  # noqa: T201, that is the point


@dg.job(executor_def=dg.in_process_executor)
def speaking() -> None:
    speak()


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, database_url: str) -> Path:
    """A deployment's folder, with a database of its own."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("FLIGHTSCHED_HOME", str(tmp_path))
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    return tmp_path


@pytest.fixture
def amazon(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Amazon, by moto, and a bucket's name in the settings."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_REGION", moto_server.REGION)
    monkeypatch.setenv("COMPUTE_LOGS_BUCKET", BUCKET)
    with moto_server.running() as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        yield url


def _run(monkeypatch: pytest.MonkeyPatch) -> tuple[str, list[str]]:
    """Run the job on the instance of `dagster.yaml`; returns the run and Dagster's messages beside its steps."""
    for name, value in prepare_instance(Settings()).items():
        monkeypatch.setenv(name, value)
    with dg.DagsterInstance.get() as instance:
        result = speaking.execute_in_process(instance=instance)
        assert result.success
        said = [entry.dagster_event.message or "" for entry in instance.all_logs(result.run_id) if entry.dagster_event]
        return result.run_id, said


@pytest.mark.usefixtures("home")
def test_output_goes_to_the_bucket_that_is_named(amazon: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert BUCKET in aws.bootstrap(moto_server.REGION, amazon, "test", BUCKET).created
    assert BUCKET in aws.bootstrap(moto_server.REGION, amazon, "test", BUCKET).existing

    run_id, _ = _run(monkeypatch)

    s3 = aws.client("s3", moto_server.REGION, amazon)
    (key,) = [
        entry["Key"]
        for entry in s3.list_objects_v2(Bucket=BUCKET, Prefix=f"dagster/storage/{run_id}/compute_logs/")["Contents"]
        if entry["Key"].endswith(".out")
    ]
    assert s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == b"spoken\n"


@pytest.mark.usefixtures("home", "amazon")
def test_a_bucket_that_is_not_there_fails_no_run(monkeypatch: pytest.MonkeyPatch) -> None:
    _, said = _run(monkeypatch)

    assert any("compute log capture" in words for words in said), said


def test_without_a_bucket_output_stays_in_the_folder(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id, _ = _run(monkeypatch)

    (kept,) = (home / "compute_logs" / run_id / "compute_logs").glob("*.out")
    assert kept.read_text() == "spoken\n"


def test_folders_of_output_and_of_dagster_are_their_owners_alone(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "compute_logs").mkdir(mode=0o755)  # as an earlier version left it

    _run(monkeypatch)

    assert {S_IMODE((home / part).stat().st_mode) for part in ("compute_logs", "dagster")} == {0o700}


def test_a_bucket_is_made_where_the_region_is(amazon: str) -> None:
    aws.bootstrap("eu-west-1", amazon, "test", "flightsched-europe")

    place = aws.client("s3", "eu-west-1", amazon).get_bucket_location(Bucket="flightsched-europe")
    assert place["LocationConstraint"] == "eu-west-1"
