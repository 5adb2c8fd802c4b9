"""One hour's run, from weather to proposals, on a real database."""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import dagster as dg
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from sqlalchemy import Engine, text

from flightsched_pipelines.clients.weather.simulation.source import SimulatedWeather
from flightsched_pipelines.database.frames import read_partition
from flightsched_pipelines.database.schema import PIPELINE_TABLES
from flightsched_pipelines.definitions import build_definitions
from flightsched_pipelines.defs.clock import Clock
from flightsched_pipelines.defs.partitions import key_of
from flightsched_pipelines.domain.monitoring.data_checks import DATA_CHECKS
from flightsched_pipelines.domain.weather.provider_responses import ProviderResponse
from flightsched_pipelines.services.hourly import hourly_steps, proposal_validation
from flightsched_pipelines_tests.conftest import SEED_HOUR, settings_for
from flightsched_pipelines_tests.integration.frames import in_order

SETTINGS = settings_for()
RESULTS = ("at_risk_bookings", "reschedule_proposals", "forecasts")


class CountingSource(SimulatedWeather):
    """Simulated weather that counts its requests, and can be down."""

    def __init__(self, *, down: bool = False) -> None:
        self.asked = 0
        self.down = down

    def fetch(
        self, airports: pd.DataFrame, hour_utc: datetime, earlier: Sequence[ProviderResponse] = ()
    ) -> list[ProviderResponse]:
        """Return the simulation's responses, or a time-out for each."""
        self.asked += 1
        answers = super().fetch(airports, hour_utc, earlier)
        if not self.down:
            return answers
        sentence = "The provider did not answer within 20 s"
        return [replace(answer, outcome="timeout", error=sentence, body=None) for answer in answers]


def run(
    engine: Engine, source: object, *hours: datetime, **tags: str
) -> tuple[dg.ExecuteInProcessResult, dg.DagsterInstance]:
    """Run the hourly job for one hour, or a single-run backfill over several."""
    instance = dg.DagsterInstance.ephemeral()
    job = build_definitions(engine=engine, settings=SETTINGS, weather=source).resolve_job_def("hourly_tick")
    first, *more = hours
    if more:
        tags |= {
            "dagster/asset_partition_range_start": key_of(first),
            "dagster/asset_partition_range_end": key_of(more[-1]),
        }
        return job.execute_in_process(instance=instance, tags=tags, raise_on_error=False), instance
    return job.execute_in_process(instance=instance, partition_key=key_of(first), raise_on_error=False), instance


def rows(engine: Engine, table: str, *hours: datetime) -> pd.DataFrame:
    return in_order(read_partition(engine, PIPELINE_TABLES[table], hours or [SEED_HOUR]))


def evaluations(result: dg.ExecuteInProcessResult) -> dict[str, dg.AssetCheckEvaluation]:
    return {evaluation.check_name: evaluation for evaluation in result.get_asset_check_evaluations()}


def test_an_hour_finds_the_threatened_and_other_times_for_them_and_its_metadata_name_no_person(
    seeded_engine: Engine,
) -> None:
    result, instance = run(seeded_engine, SimulatedWeather(), SEED_HOUR)

    assert result.success
    assert all(evaluation.passed for evaluation in evaluations(result).values())
    of_the_llm = {"llm_ranks", "llm_cost_is_in_budget", "llm_model_stays"}
    assert evaluations(result).keys() == {alarm.name for alarm in DATA_CHECKS} - of_the_llm
    at_risk = rows(seeded_engine, "at_risk_bookings")
    threatened = set(at_risk.loc[at_risk["verdict"] == "at_risk", "booking_id"])
    proposals = rows(seeded_engine, "reschedule_proposals")
    assert len(threatened) > 10
    assert set(proposals["booking_id"]) <= threatened
    assert len(set(proposals["booking_id"])) > 0.9 * len(threatened)
    flown = proposals["verdict"] != "not_flown"
    assert proposals.loc[flown, "rank"].between(1, 3).all()
    assert proposals.loc[~flown, "rank"].between(1, 5).all(), "two slots may be kept after them"
    assert at_risk["explanation"].str.startswith(("At risk: ", "Watch: ", "Unknown: ")).all()

    with seeded_engine.connect() as connection:
        people = connection.execute(
            text("SELECT name FROM school.students UNION SELECT name FROM school.instructors UNION "
                 "SELECT email FROM school.students UNION SELECT tail_number FROM school.aircraft")
        ).scalars().all()  # fmt: skip
    told = "".join(str(entry) for entry in instance.all_logs(result.run_id))
    assert not [person for person in people if person in told]


def test_the_same_hour_twice_gives_the_same_rows_and_asks_nobody_again(ticked_engine: Engine) -> None:
    source = CountingSource()
    first = {name: rows(ticked_engine, name) for name in RESULTS}

    result, _ = run(ticked_engine, source, SEED_HOUR)

    assert result.success
    assert source.asked == 0
    for name, before in first.items():
        assert not before.empty
        assert_frame_equal(before, rows(ticked_engine, name))


def test_an_old_hour_keeps_the_schedule_as_it_stood(ticked_engine: Engine) -> None:
    before = rows(ticked_engine, "booking_snapshot")
    with ticked_engine.begin() as connection:
        connection.execute(text("UPDATE school.bookings SET status = 'cancelled'"))

    run(ticked_engine, SimulatedWeather(), SEED_HOUR)

    assert not before.empty
    assert_frame_equal(before, rows(ticked_engine, "booking_snapshot"))


class LastMinute(Clock):
    """A clock that stands in the hour's last minute."""

    def now(self) -> datetime:
        """Return 59 minutes past."""
        return SEED_HOUR + timedelta(minutes=59)


def test_an_hour_runs_until_the_platforms_clock_says_that_it_has_ended(ticked_engine: Engine) -> None:
    snapshots = ("booking_snapshot", "reference_snapshot", "availability_snapshot")
    before = {name: rows(ticked_engine, name) for name in snapshots}
    with ticked_engine.begin() as connection:
        connection.execute(text("UPDATE school.bookings SET status = 'cancelled'"))
        connection.execute(text("UPDATE school.weather_minimums SET limit_value = limit_value + 1"))
        connection.execute(text("DELETE FROM school.availability"))
    parts = build_definitions(engine=ticked_engine, settings=SETTINGS, clock=LastMinute())

    parts.resolve_job_def("hourly_tick").execute_in_process(
        partition_key=key_of(SEED_HOUR), asset_selection=[dg.AssetKey(name) for name in snapshots]
    )

    assert [name for name in snapshots if before[name].equals(rows(ticked_engine, name))] == []


def test_a_single_run_backfills_many_hours_each_from_its_own_rows(ticked_engine: Engine) -> None:
    hours = [SEED_HOUR - timedelta(hours=1), SEED_HOUR]
    alone = rows(ticked_engine, "at_risk_bookings", SEED_HOUR)

    result, _ = run(ticked_engine, SimulatedWeather(), *hours)

    assert result.success
    assert set(rows(ticked_engine, "forecasts", *hours)["partition_hour"]) == {pd.Timestamp(hour) for hour in hours}
    assert_frame_equal(alone, rows(ticked_engine, "at_risk_bookings", SEED_HOUR))
    assert evaluations(result)["proposals_are_valid"].metadata["examined"].value != "0"


def test_when_every_provider_is_down_nothing_is_ok_and_ops_are_told(seeded_engine: Engine) -> None:
    result, _ = run(seeded_engine, CountingSource(down=True), SEED_HOUR)

    found = evaluations(result)
    lessons = hourly_steps.lessons_ahead(rows(seeded_engine, "booking_snapshot"), SEED_HOUR, 72)
    verdicts = rows(seeded_engine, "at_risk_bookings")
    assert result.success, "a missing forecast is a warning, not a failed run"
    assert set(verdicts["booking_id"]) == set(lessons["booking_id"])
    assert set(verdicts["verdict"]) <= {"unknown", "at_risk"}
    assert not found["airports_are_covered"].passed
    assert not found["unknown_share_is_low"].passed
    assert found["unknown_share_is_low"].severity == dg.AssetCheckSeverity.WARN


def test_only_what_failed_is_asked_again(seeded_engine: Engine) -> None:
    now = SEED_HOUR + timedelta(minutes=5)
    source = CountingSource(down=True)
    frame = hourly_steps.gather_weather(seeded_engine, source, SEED_HOUR, now)
    assert frame["error"].notna().all()
    result, _ = run(seeded_engine, source, SEED_HOUR)
    assert result.success

    source.down = False
    again = hourly_steps.gather_weather(seeded_engine, source, SEED_HOUR, now)

    assert again["error"].isna().all()
    assert len(again) == len(frame)


def test_past_weather_that_was_never_stored_is_not_made_up(seeded_engine: Engine) -> None:
    class Live(CountingSource):
        supports_backfill = False

    source = Live()
    result, _ = run(seeded_engine, source, SEED_HOUR)

    assert not result.success
    assert source.asked == 0
    (failure,) = [event for event in result.all_events if event.is_step_failure and event.step_key == "raw_weather"]
    assert failure.step_failure_data.user_failure_data is not None
    assert "No weather was stored" in str(failure.step_failure_data.user_failure_data.description)


def test_a_proposal_that_does_not_hold_fails_its_proof(ticked_engine: Engine) -> None:
    assert proposal_validation.validate_proposals(ticked_engine, SEED_HOUR, SETTINGS).violations.empty
    with ticked_engine.begin() as connection:
        connection.execute(
            text("UPDATE pipeline.reschedule_proposals SET aircraft_id = aircraft_id + 1 WHERE rank = 1")
        )

    proof = proposal_validation.validate_proposals(ticked_engine, SEED_HOUR, SETTINGS)

    assert proof.examined > 0
    assert not proof.violations.empty


def test_the_schedule_asks_for_the_hour_that_runs() -> None:
    schedule = build_definitions().get_repository_def().get_schedule_def("hourly")
    noon = datetime(2026, 11, 10, 12, 5, tzinfo=UTC)

    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_schedule_context(instance=instance, scheduled_execution_time=noon)
        tick = schedule.evaluate_tick(context)

    assert [request.partition_key for request in tick.run_requests or []] == ["2026-11-10-12:00"]


@pytest.mark.parametrize("module", ["flightsched_pipelines.definitions"])
def test_the_code_location_loads_in_a_fresh_interpreter_without_environment(module: str) -> None:
    code = (
        f"import gc, {module} as m; repository = m.defs.get_repository_def(); before = gc.get_freeze_count(); "
        "from flightsched_pipelines.defs.runs.run_process import tune_process; tune_process(); "
        "print(len(list(repository.asset_graph.get_all_asset_keys())), before, gc.get_freeze_count() > 10_000)"
    )
    done = subprocess.run([sys.executable, "-c", code], env={}, capture_output=True, text=True, check=False)  # noqa: S603

    assert done.returncode == 0, done.stderr
    assets, frozen_by_the_import, run_leaves_loaded_things_alone = done.stdout.split()[-3:]
    assert (assets, frozen_by_the_import, run_leaves_loaded_things_alone) == ("19", "0", "True")
