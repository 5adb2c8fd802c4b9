"""Records with a window are deleted after it, and nothing else: of the school's, of Dagster's, by the job, by hand."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from sqlalchemy import Engine, text

from flightsched_pipelines.cli.reference import JSON_FIELDS
from flightsched_pipelines.database.queries.retention import school_records
from flightsched_pipelines.definitions import build_definitions
from flightsched_pipelines.defs.dagster_internals import SqlEventLogStorage
from flightsched_pipelines.defs.retention import dagster_records
from flightsched_pipelines.defs.runs.run_limits import KIND_TAG
from flightsched_pipelines.domain.retention.windows import WINDOWS, Kept
from flightsched_pipelines.durations import DAY
from flightsched_pipelines.services.retention import retention
from flightsched_pipelines_tests.conftest import SEED_HOUR, settings_for
from flightsched_pipelines_tests.integration.cli.conftest import Type, flightsched, seeded

__all__ = ["flightsched", "seeded"]

SCHOOLS = tuple(name for name, window in WINDOWS.items() if window.kept is Kept.SCHOOL)
LATER = SEED_HOUR + 400 * DAY


def count(engine: Engine, table: str, condition: str = "true") -> int:
    with engine.connect() as connection:
        return connection.execute(text(f"SELECT count(*) FROM school.{table} WHERE {condition}")).scalar_one()  # noqa: S608, ours


def do(engine: Engine, *statements: str) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement), {"then": SEED_HOUR})


@pytest.fixture
def engine(told_engine: Engine) -> Engine:
    """A database with a row of every kind that is beyond a window, and open cases."""
    do(
        told_engine,
        "UPDATE school.outbox SET status = 'sent', settled_at = :then",
        "INSERT INTO school.responses (key, case_id, action, role, reason, dispatcher, door, received_at, outcome, "
        "sentence) SELECT 'k' || id, id, 'note', 'dispatcher', 'ill', 'Jo', 'board', :then, 'applied', 'Noted.' "
        "FROM school.reschedule_cases",
        "INSERT INTO school.llm_calls (called_at, partition_hour, booking_id, question_digest, prompt_version, model, "
        "status, attempts, input_tokens, cached_tokens, output_tokens, cost_usd, latency_seconds) VALUES "
        "(:then, :then, 1, 'd', '1', 'm', 'ok', 1, 1, 0, 1, 0, 1)",
        "INSERT INTO school.dead_letters (kind, key, partition_hour, problem, request, created_at, settled_at, "
        "settlement) VALUES ('llm_answer', 'a', :then, 'p', '{}', :then, :then, 'answered'), "
        "('llm_answer', 'b', :then, 'p', '{}', :then, NULL, NULL)",
        "INSERT INTO school.live_events (position, school_id, people, at, payload) VALUES (NULL, 1, '{}', :then, '{}')",
        "UPDATE school.live_events SET position = id + 1000000, at = :then "
        "WHERE id < (SELECT max(id) FROM school.live_events)",
        "INSERT INTO school.live_events (position, school_id, people, at, payload) VALUES (9, 1, '{}', :then, '{}')",
        "INSERT INTO school.alerts (key, severity, state, failing, opened_at, resolved_at, next_tell_at) VALUES "
        "('a', 'warn', 'resolved', '[]', :then, :then, :then), ('b', 'warn', 'open', '[]', :then, NULL, :then)",
        "INSERT INTO school.settings_changes (student_id, changed_at, kind, door, before, after) VALUES "
        "(1, :then, 'contact', 'page', '{}', '{}')",
        "INSERT INTO school.dispatcher_sessions (digest, school_id, name, address, signed_in_at, expires_at) VALUES "
        "('d', 1, 'Jo', 'jo@example.com', :then, :then)",
        "INSERT INTO school.sign_in_links (school_id, address, created_at, expires_at) VALUES "
        "(1, 'jo@example.com', :then, :then)",
        "INSERT INTO school.reference_contents (digest, content, stored_at) VALUES ('unused', '[]', :then)",
    )
    return told_engine


def test_only_what_is_settled_and_of_no_open_case_is_deleted(engine: Engine) -> None:
    kept = {table: count(engine, table) for table in ("case_events", "responses", "reschedule_cases", "bookings")}
    messages = count(engine, "outbox", "case_id IS NOT NULL")
    contents = count(engine, "reference_contents")
    assert messages > 20
    settings = settings_for(keep_days=dict.fromkeys(SCHOOLS, 100))
    planned = {one.name: one.rows for one in retention.due(engine, settings, LATER)}
    done = {one.name: one.rows for one in retention.apply(engine, settings, LATER, lambda: False)}
    assert done == planned
    assert min(done[name] for name in done if name not in {"outbox", "responses"}) > 0, "a row of each kind"
    assert count(engine, "outbox", "case_id IS NOT NULL") == messages, "the cases are open"
    assert count(engine, "responses", "reason IS NULL") == 0
    assert (count(engine, "dead_letters"), count(engine, "alerts")) == (1, 1), "one waits, one is open"
    assert count(engine, "live_events", "position IS NULL") == 1
    assert count(engine, "reference_contents") == contents - 1, "the hour refers to all others"

    do(engine, "UPDATE school.reschedule_cases SET state = 'expired', closed_at = :then")
    done = {one.name: one.rows for one in retention.apply(engine, settings, LATER, lambda: False)}
    assert done["outbox"] == messages
    assert done["responses"] == kept["responses"]
    assert {table: count(engine, table) for table in kept} == kept, "the audit trail stays, its personal words do not"
    assert count(engine, "responses", "num_nonnulls(reason, dispatcher) > 0") == 0
    assert sum(one.rows for one in retention.apply(engine, settings, LATER, lambda: False)) == 0


def test_nothing_of_the_schools_is_deleted_unasked_or_before_its_window(engine: Engine) -> None:
    do(engine, "UPDATE school.reschedule_cases SET state = 'expired', closed_at = :then")
    assert retention.apply(engine, settings_for(), LATER, lambda: False) == []
    settings = settings_for(keep_days=dict.fromkeys(SCHOOLS, 100))
    assert sum(one.rows for one in retention.apply(engine, settings, SEED_HOUR + 99 * DAY, lambda: False)) == 0


def test_a_message_that_can_still_be_sent_again_stays(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(school_records, "BATCH", 7)
    do(
        engine,
        "UPDATE school.reschedule_cases SET state = 'expired', closed_at = :then",
        "UPDATE school.outbox SET status = 'dead' WHERE id % 2 = 0",
        "INSERT INTO school.dead_letters (kind, key, partition_hour, problem, request) "
        "SELECT 'outbox', key, :then, 'p', '{}' FROM school.outbox WHERE status = 'dead'",
    )
    dead = count(engine, "outbox", "status = 'dead'")
    settings = settings_for(keep_days={"outbox": 60})
    (cut,) = retention.apply(engine, settings, LATER, iter([False, True]).__next__)
    assert (cut.rows, cut.left) == (7, 1)
    retention.apply(engine, settings, LATER, lambda: False)
    assert count(engine, "outbox") == dead > 5


@pytest.fixture
def instance(tmp_path: Path) -> dg.DagsterInstance:
    """Dagster's records in a folder."""
    return dg.DagsterInstance.local_temp(str(tmp_path))


def ended(instance: dg.DagsterInstance, kind: str, status: dg.DagsterRunStatus) -> str:
    run = dg.DagsterRun(kind, status=status, tags={KIND_TAG: kind})
    instance.add_run(run)
    return run.run_id


def checks(instance: dg.DagsterInstance) -> list[tuple[str, int]]:
    """Return the results of checks that Dagster has: their names and numbers."""
    storage = instance.event_log_storage
    assert isinstance(storage, SqlEventLogStorage)
    with storage.index_connection() as connection:
        query = text("SELECT check_name, id FROM asset_check_executions ORDER BY id")
        return [(row.check_name, row.id) for row in connection.execute(query)]


def test_dagsters_runs_and_results_of_checks_are_deleted_after_their_windows(instance: dg.DagsterInstance) -> None:
    now = datetime.now().astimezone()
    asset = dg.AssetKey("asset")

    @dg.asset_check(asset=asset)
    def one() -> dg.AssetCheckResult:
        return dg.AssetCheckResult(passed=True)

    @dg.asset_check(asset=asset)
    def other() -> dg.AssetCheckResult:
        return dg.AssetCheckResult(passed=True)

    job = dg.define_asset_job("checks", dg.AssetSelection.all_asset_checks(), tags={KIND_TAG: "operations"})
    definitions = dg.Definitions(asset_checks=[one, other], jobs=[job])
    for _ in range(3):
        assert definitions.resolve_job_def("checks").execute_in_process(instance=instance).success
    stored = checks(instance)
    assert len(stored) == 6
    good = ended(instance, "hour", dg.DagsterRunStatus.SUCCESS)
    failed = ended(instance, "operations", dg.DagsterRunStatus.FAILURE)
    going_on = ended(instance, "operations", dg.DagsterRunStatus.STARTED)
    settings = settings_for()

    assert sum(one.rows for one in dagster_records.apply(instance, settings, now, lambda: False)) == 0
    in_two_days = now + timedelta(days=2)
    assert {one.name: one.rows for one in dagster_records.due(instance, settings, in_two_days) if one.rows} == {
        "runs_operations": 3
    }
    dagster_records.apply(instance, settings, in_two_days, lambda: False)
    assert {run.run_id for run in instance.get_runs()} == {good, failed, going_on}
    assert checks(instance) == stored

    in_ten_days = now + timedelta(days=10)
    assert {one.name: one.rows for one in dagster_records.due(instance, settings, in_ten_days) if one.rows} == {
        "check_executions": 4
    }
    cut = dagster_records.apply(instance, settings, in_ten_days, lambda: True)
    assert sum(one.rows for one in cut) == 0
    dagster_records.apply(instance, settings, in_ten_days, lambda: False)
    assert checks(instance) == stored[-2:], "the newest of each, though its run is gone"
    dagster_records.apply(instance, settings, now + timedelta(days=500), lambda: False)
    assert {run.run_id for run in instance.get_runs()} == {going_on}


def test_the_daily_job_shows_what_it_did_and_fails_for_what_it_could_not(
    engine: Engine, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    settings = settings_for(archive=f"dir:{tmp_path / 'archive'}", keep_days={"pipeline": 14, "alerts": 90})
    do(
        engine,
        "UPDATE pipeline.partitions SET partition_hour = partition_hour - interval '90 days' "
        "WHERE name = 'solver_runs'",
        "UPDATE pipeline.solver_runs SET partition_hour = partition_hour - interval '90 days'",
        "UPDATE school.reschedule_cases SET state = 'expired', closed_at = :then",
    )
    parts = build_definitions(engine=engine, settings=settings)
    ran = parts.resolve_job_def("retention").execute_in_process(instance=instance)
    (output,) = [event for event in ran.all_events if event.event_type_value == "STEP_OUTPUT"]
    metadata: Any = output.step_output_data.metadata
    assert metadata["hours_archived"].value == 1
    assert metadata["left_for_the_next_time"].value == 0
    assert metadata["deleted"].value.records[0].data["name"] == "solver_runs"
    (file,) = (tmp_path / "archive").rglob("*.parquet")
    assert file.parts[-4] == "table=solver_runs"

    do(
        engine,
        "UPDATE pipeline.partitions SET partition_hour = partition_hour - interval '90 days' "
        "WHERE name = 'lesson_verdicts'",
        "UPDATE pipeline.lesson_verdicts SET partition_hour = partition_hour - interval '90 days'",
    )
    (tmp_path / "archive" / "table=lesson_verdicts").touch()
    failed = parts.resolve_job_def("retention").execute_in_process(instance=instance, raise_on_error=False)
    assert not failed.success
    assert any("1 in all; their rows stay" in str(event.step_failure_data) for event in failed.all_events
               if event.is_step_failure)  # fmt: skip


def test_the_command_shows_asks_and_does(flightsched: Type, seeded: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEEP_DAYS__ALERTS", "90")
    do(
        seeded,
        "INSERT INTO school.alerts (key, severity, state, failing, opened_at, resolved_at, next_tell_at) "
        "SELECT 'a', 'warn', 'resolved', '[]', long_ago, long_ago, long_ago FROM (SELECT :then - interval '1 year' AS "
        "long_ago) AS year",
    )
    dry = flightsched("archive", "--dry-run", "--json")
    assert dry.code == 0, dry.err
    shown = json.loads(dry.out)
    assert tuple(shown[0]) == JSON_FIELDS["archive"][1]
    assert {one["name"]: one["rows"] for one in shown if one["rows"]} == {"alerts": 1}
    refused = flightsched("archive")
    assert (refused.code, count(seeded, "alerts")) == (2, 1)
    assert "nothing was changed; give --yes" in refused.err
    done = flightsched("archive", "--yes")
    assert done.code == 0
    assert "rows that were deleted: 1; what has no window is kept" in done.out
    assert count(seeded, "alerts") == 0
