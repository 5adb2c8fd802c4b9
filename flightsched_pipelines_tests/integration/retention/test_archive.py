"""Hours are archived before they are deleted: what is lost, kept and found again, and an end at every step."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from sqlalchemy import Engine, select, text

from flightsched_pipelines.clients.archive.bucket import BucketArchive
from flightsched_pipelines.clients.archive.folder import FolderArchive
from flightsched_pipelines.clients.archive.store import Archive, ArchiveError
from flightsched_pipelines.clients.delivery import aws
from flightsched_pipelines.database import embedded, parquet
from flightsched_pipelines.database.frames import ArchivedHourError, read_partition, write_partition
from flightsched_pipelines.database.queries.retention import archived_hours
from flightsched_pipelines.database.schema import (
    PIPELINE_TABLES,
    availability_sets,
    hourly_metrics,
    partitions,
    school_availability,
)
from flightsched_pipelines.definitions import build_definitions
from flightsched_pipelines.defs.partitions import key_of
from flightsched_pipelines.durations import DAY, HOUR
from flightsched_pipelines.services.retention import archive, retention
from flightsched_pipelines.settings import Settings
from flightsched_pipelines_tests.conftest import SEED_HOUR, administer, clone, connected, settings_for
from flightsched_pipelines_tests.servers import moto_server

OLD = [SEED_HOUR - 40 * DAY + n * HOUR for n in range(2)]
YOUNG = SEED_HOUR - 20 * DAY
NOW = SEED_HOUR + timedelta(minutes=8)
TABLES = archive.TABLES
STORED = [school_availability if name == "availability_snapshot" else table for name, table in TABLES.items()]


def settings_of(folder: Path, **days: float) -> Settings:
    return settings_for(archive=f"dir:{folder}", keep_days=days or {"pipeline": 30})


def run(engine: Engine, settings: Settings, now: datetime = NOW) -> list[Any]:
    return retention.apply(engine, settings, now, lambda: False)


def copy_hour(engine: Engine, hour: datetime) -> None:
    """Store the seeded hour's rows as those of another hour; it names the same availability."""
    with engine.begin() as connection:
        for table in (*STORED, partitions):
            names = ", ".join(f'"{column.name}"' for column in table.columns if column.name != "partition_hour")
            connection.execute(
                text(
                    f"INSERT INTO {table.fullname} (partition_hour, {names}) SELECT :hour, {names} "  # noqa: S608, ours
                    f"FROM {table.fullname} WHERE partition_hour = :seeded"
                ),
                {"hour": hour, "seeded": SEED_HOUR},
            )


@pytest.fixture(scope="module")
def template(server_home: Path, ticked_template: str) -> Iterator[str]:
    """A database to clone, with two hours that are beyond their window, one that is not, and the newest."""
    name = "template_old_hours"
    administer(server_home, f"CREATE DATABASE {name} TEMPLATE {ticked_template}")
    for engine in connected(embedded.url(server_home, name)):
        with engine.begin() as connection:
            connection.execute(
                hourly_metrics.insert().values(
                    partition_hour=SEED_HOUR, metric="conflicts_detected", value=float("nan")
                )
            )
        for hour in (*OLD, YOUNG):
            copy_hour(engine, hour)
    yield name
    administer(server_home, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def engine(server_home: Path, template: str) -> Iterator[Engine]:
    """Connections to such a database."""
    for url in clone(server_home, template):
        yield from connected(url)


def rows(engine: Engine, *names: str) -> dict[tuple[str, datetime], str]:
    """A checksum of the rows of each table (or some), and hour, that has any."""
    found: dict[tuple[str, datetime], str] = {}
    with engine.connect() as connection:
        for name in names or TABLES:
            table = TABLES[name]
            for hour in connection.execute(select(table.c.partition_hour).distinct()).scalars():
                query = select(*table.columns).where(table.c.partition_hour == hour).order_by(text(f"{name}::text"))
                columns = [column.name for column in table.columns]
                found[name, hour] = parquet.checksum(columns, [tuple(row) for row in connection.execute(query)])
    return found


def archived(folder: Path) -> dict[tuple[str, datetime], str]:
    """The same of the archive's files."""
    found: dict[tuple[str, datetime], str] = {}
    for file in folder.rglob("*.parquet"):
        table, day, hour = (part.name.partition("=")[2] for part in [*file.parents][2::-1])
        at = datetime.fromisoformat(f"{day}T{hour}:00+00:00")
        found[table, at] = parquet.checksum(*parquet.decode(file.read_bytes()))
    return found


def test_hours_beyond_their_window_are_in_the_archive_and_all_others_in_the_database(
    engine: Engine, tmp_path: Path
) -> None:
    before = rows(engine)
    settings = settings_of(tmp_path / "archive")
    planned = retention.due(engine, settings, NOW)
    assert rows(engine) == before, "a dry run changes nothing"
    outcomes = run(engine, settings)
    assert [(one.name, one.rows, one.hours) for one in outcomes] == [(one.name, one.rows, one.hours) for one in planned]
    old = {key: value for key, value in before.items() if key[1] in OLD}
    assert len(old) > 20
    assert archived(tmp_path / "archive") == old
    assert rows(engine) == {key: value for key, value in before.items() if key[1] not in OLD}
    assert (tmp_path / "archive").stat().st_mode & 0o077 == 0, "its owner's alone"
    with engine.connect() as connection:
        noted = connection.execute(select(partitions).where(partitions.c.archived_at.is_not(None))).all()
    assert {(row.name, row.partition_hour) for row in noted} == set(old)
    for row in noted:
        assert row.archive_sha256 == sha256((tmp_path / "archive" / row.archive_file).read_bytes()).hexdigest()
    assert sum(one.rows for one in run(engine, settings)) == 0, "run twice does it once"
    assert archived(tmp_path / "archive") == old


def test_availability_goes_with_the_last_hour_that_names_it(engine: Engine, tmp_path: Path) -> None:
    name = "availability_snapshot"
    changed = read_partition(engine, TABLES[name], [SEED_HOUR])
    changed["aircraft_type"] = changed["aircraft_type"] + " (II)"
    write_partition(engine, TABLES[name], changed, [SEED_HOUR])
    before, named = rows(engine, name), sets(engine)
    run(engine, settings_of(tmp_path, availability_snapshot=30))
    assert archived(tmp_path) == {key: value for key, value in before.items() if key[1] in OLD}, "whole, not its names"
    assert rows(engine, name) == {key: value for key, value in before.items() if key[1] not in OLD}
    assert sets(engine) == named, "a younger hour names what the archived ones did"
    run(engine, settings_of(tmp_path, availability_snapshot=15))
    assert rows(engine, name) == {key: value for key, value in before.items() if key[1] == SEED_HOUR}
    assert len(sets(engine)) == len(named) / 2


def sets(engine: Engine) -> set[bytes]:
    with engine.connect() as connection:
        return set(connection.execute(select(availability_sets.c.digest)).scalars())


def test_an_hour_is_not_archived_while_a_case_is_open_that_it_opened(told_engine: Engine, tmp_path: Path) -> None:
    for hour in OLD:
        copy_hour(told_engine, hour)
    with told_engine.begin() as connection:
        connection.execute(text("UPDATE school.reschedule_cases SET opened_hour = :hour"), {"hour": OLD[0]})
    assert sum(one.rows for one in run(told_engine, settings_of(tmp_path))) == 0
    with told_engine.begin() as connection:
        connection.execute(text("UPDATE school.reschedule_cases SET state = 'expired', closed_at = now()"))
    assert sum(one.rows for one in run(told_engine, settings_of(tmp_path, lesson_verdicts=30))) > 0


def test_a_platform_that_stood_still_loses_nothing_that_its_next_hour_reads(engine: Engine, tmp_path: Path) -> None:
    run(engine, settings_of(tmp_path, solver_runs=30, lesson_verdicts=30), NOW + 400 * DAY)
    assert {hour for _, hour in rows(engine, "solver_runs", "lesson_verdicts")} == {SEED_HOUR, YOUNG}


def test_an_archived_hour_is_neither_read_as_empty_nor_written_nor_run_again(engine: Engine, tmp_path: Path) -> None:
    run(engine, settings_of(tmp_path, raw_weather=30, booking_snapshot=30, reference_snapshot=30))
    forecasts = PIPELINE_TABLES["forecasts"]
    kept = read_partition(engine, forecasts, [OLD[0]])
    assert len(kept)
    for name in ("raw_weather", "booking_snapshot"):
        with pytest.raises(
            ArchivedHourError, match=rf"{name} of 2026-10-01 14:00Z .*table={name}/date=2026-10-01/hour=14"
        ):
            read_partition(engine, PIPELINE_TABLES[name], [OLD[0]])
        with pytest.raises(ArchivedHourError):
            write_partition(engine, PIPELINE_TABLES[name], read_partition(engine, PIPELINE_TABLES[name], []), [OLD[0]])
    job = build_definitions(engine=engine, settings=settings_for()).resolve_job_def("hourly_tick")
    with dg.DagsterInstance.ephemeral() as instance:
        again = job.execute_in_process(instance=instance, partition_key=key_of(OLD[0]), raise_on_error=False)
    assert not again.success
    assert read_partition(engine, forecasts, [OLD[0]]).equals(kept)


class TornError(Exception):
    """The process ends here."""


def steps(store: Archive, patch: pytest.MonkeyPatch, fails_at: int) -> Archive:
    """Return the archive, which ends the process at one of the steps, before or after it is done."""
    numbers = count()

    def torn(do: Callable[..., Any]) -> Callable[..., Any]:
        def step(*given: Any) -> Any:
            if next(numbers) == fails_at:
                raise TornError
            done = do(*given)
            if next(numbers) == fails_at:
                raise TornError
            return done

        return step

    patch.setattr(store, "read", torn(store.read))
    patch.setattr(store, "add", torn(store.add))
    for name in ("read_hour", "delete_hour", "_digest"):
        patch.setattr(archived_hours, name, torn(getattr(archived_hours, name)))
    return store


def test_an_end_at_any_step_loses_nothing_and_the_next_time_goes_on(engine: Engine, tmp_path: Path) -> None:
    names = ("lesson_verdicts", "solver_runs", "hourly_metrics")
    before = rows(engine, *names)
    settings = settings_of(tmp_path, **dict.fromkeys(names, 35))
    old = {key: value for key, value in before.items() if key[1] in OLD}
    for fails_at in count():
        ended = True
        with pytest.MonkeyPatch.context() as patch, suppress(TornError):
            store = steps(FolderArchive(tmp_path), patch, fails_at)
            archive.archive_hours(engine, store, settings, NOW, lambda: False)
            ended = False
        here, there = rows(engine, *names), archived(tmp_path)
        assert here.items() | there.items() == before.items(), f"step {fails_at}"
        with engine.connect() as connection:
            noted = connection.execute(select(partitions).where(partitions.c.archived_at.is_not(None))).all()
        assert {(row.name, row.partition_hour) for row in noted} == set(old) - set(here), f"step {fails_at}"
        if not ended:
            assert fails_at > 10
            break
    assert archived(tmp_path) == old
    assert rows(engine, *names).keys() == before.keys() - old.keys()


def test_an_hour_that_is_written_while_it_is_archived_stays(engine: Engine, tmp_path: Path) -> None:
    table = PIPELINE_TABLES["lesson_verdicts"]
    store = FolderArchive(tmp_path)

    class Slow(FolderArchive):
        def add(self, name: str, content: bytes) -> None:
            super().add(name, content)
            with engine.begin() as connection:
                connection.execute(table.delete().where(table.c.partition_hour == OLD[0], table.c.verdict == "ok"))

    with pytest.raises(archived_hours.HourChangedError):
        archive.archive_hour(engine, Slow(tmp_path), table, OLD[0], NOW)
    kept = read_partition(engine, table, [OLD[0]])
    assert len(kept)
    with pytest.raises(ArchiveError, match=r"other rows .* than the database"):
        archive.archive_hour(engine, store, table, OLD[0], NOW)
    assert read_partition(engine, table, [OLD[0]]).equals(kept), "the file of the earlier rows is not replaced either"


def test_what_lies_in_the_archive_already_is_neither_replaced_nor_taken_for_the_rows(
    engine: Engine, tmp_path: Path
) -> None:
    alien = {
        "solver_runs": b"",
        "lesson_verdicts": b"PAR1 no table",
        "observations": parquet.encode(PIPELINE_TABLES["observations"], []),
    }
    files = {tmp_path / archive.file_of(name, OLD[0]): content for name, content in alien.items()}
    for file, content in files.items():
        file.parent.mkdir(parents=True)
        file.write_bytes(content)
    before = rows(engine, *alien)
    outcomes = run(engine, settings_of(tmp_path, **dict.fromkeys(alien, 30)))
    assert [(one.hours, one.left, len(one.problems)) for one in outcomes] == [(1, 1, 1)] * 3, "the other hours go on"
    assert {file: file.read_bytes() for file in files} == files
    assert rows(engine, *alien).keys() == before.keys() - {(name, OLD[1]) for name in alien}


def test_what_the_time_does_not_allow_is_left_for_the_next(engine: Engine, tmp_path: Path) -> None:
    left = iter([False, True, True])
    store = FolderArchive(tmp_path)
    (first,) = archive.archive_hours(engine, store, settings_of(tmp_path, forecasts=30), NOW, lambda: next(left))
    assert (first.hours, first.left, first.problems) == (1, 1, [])
    with archive.the_only_one(engine), pytest.raises(archive.ArchiveBusyError):
        run(engine, settings_of(tmp_path))
    (second,) = run(engine, settings_of(tmp_path, forecasts=30))
    assert (second.hours, second.left) == (1, 0)


@pytest.fixture(scope="module")
def amazon() -> Iterator[str]:
    """Amazon's S3, by moto."""
    with moto_server.running() as url:
        yield url


def test_a_bucket_holds_the_same_files_and_refuses_to_replace_one(
    engine: Engine, amazon: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    aws.client("s3", moto_server.REGION, amazon).create_bucket(Bucket="archive")
    store = BucketArchive("archive", "hours", moto_server.REGION, amazon)
    settings = settings_for(
        archive="s3://archive/hours", keep_days={"forecasts": 30}, aws_region=moto_server.REGION,
        aws_endpoint_url=amazon,
    )  # fmt: skip
    before = rows(engine, "forecasts")
    (outcome,) = run(engine, settings)
    assert (outcome.hours, outcome.problems) == (2, [])
    for hour in OLD:
        content = store.read(archive.file_of("forecasts", hour))
        assert content is not None
        assert parquet.checksum(*parquet.decode(content)) == before["forecasts", hour]
    with pytest.raises(ArchiveError, match="cannot be written"):
        store.add(archive.file_of("forecasts", OLD[0]), b"other")
    assert store.read("table=none") is None
    with pytest.raises(ArchiveError, match="bucket of ARCHIVE"):
        BucketArchive("nowhere", "", moto_server.REGION, amazon).add("x", b"")


def test_a_folder_that_cannot_be_written_loses_nothing(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    before = rows(engine, "solver_runs")
    (outcome,) = run(engine, settings_of(tmp_path / "file", solver_runs=30))
    assert (outcome.hours, outcome.left) == (0, 2)
    assert "folder of ARCHIVE" in outcome.problems[0]
    assert rows(engine, "solver_runs") == before
