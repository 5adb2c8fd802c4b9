"""An hour's work by shard of schools, in processes of their own."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import psutil
import pytest
from pandas.testing import assert_frame_equal
from sqlalchemy import Engine, text

from flightsched_pipelines.database.frames import read_partition
from flightsched_pipelines.database.schema import PIPELINE_TABLES
from flightsched_pipelines.services.hourly import hourly_steps, joint_plan, proposal_validation
from flightsched_pipelines.services.hourly.shards import ShardProcessError, Shards
from flightsched_pipelines_tests.conftest import SEED_HOUR, settings_for
from flightsched_pipelines_tests.integration.frames import in_order

SETTINGS = settings_for()
PATIENCE = 120
"""Seconds for a process to end, on a machine ten times slower."""


@pytest.fixture(scope="module", params=[Shards(2), Shards(1, most_lessons=5)], ids=["two processes", "two pieces"])
def shards(request: pytest.FixtureRequest) -> Iterator[Shards]:
    yield request.param
    request.param.close()


def stored(engine: Engine, table: str) -> pd.DataFrame:
    return read_partition(engine, PIPELINE_TABLES[table], [SEED_HOUR]).drop(columns="partition_hour")


def test_the_schools_of_an_hour_get_the_same_rows_in_pieces(ticked_engine: Engine, shards: Shards) -> None:
    bookings, available = stored(ticked_engine, "booking_snapshot"), stored(ticked_engine, "availability_snapshot")
    broken, forecasts = stored(ticked_engine, "at_risk_bookings"), stored(ticked_engine, "forecasts")
    found = hourly_steps.find_slots(ticked_engine, broken, bookings, available, forecasts, SEED_HOUR, SETTINGS, shards)
    plan = joint_plan.choose_plan(
        ticked_engine, found.candidates, broken, bookings, available, SEED_HOUR, SETTINGS, shards
    )

    threatened = hourly_steps.threatened_lessons(broken, bookings)
    assert len(shards.divide(threatened, bookings, available)) == 2
    for table, rows in (
        ("reschedule_candidates", found.candidates),
        ("unplaceable_bookings", found.unplaceable),
        ("reschedule_plan", plan.proposals),
        ("solver_runs", plan.runs),
    ):
        told = stored(ticked_engine, table).drop(columns="seconds", errors="ignore")
        assert_frame_equal(in_order(rows[told.columns]), in_order(told), check_dtype=False, obj=table)


OF_NO_BOOKING = "UPDATE pipeline.reschedule_proposals SET booking_id = 987654 WHERE rank = 3 AND booking_id % 5 = 0"
OF_ONE_INSTRUCTOR = """
    UPDATE pipeline.reschedule_proposals SET starts_at_utc = starts_at_utc - interval '5 minutes',
        instructor_id = (SELECT min(id) FROM school.instructors WHERE school_id = 1) WHERE rank = 1
"""


@pytest.mark.parametrize("statements", [(), (OF_NO_BOOKING,), (OF_NO_BOOKING, OF_ONE_INSTRUCTOR)])
def test_validation_in_pieces_finds_the_same(
    ticked_engine: Engine, shards: Shards, statements: tuple[str, ...]
) -> None:
    with ticked_engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    alone = proposal_validation.validate_proposals(ticked_engine, SEED_HOUR, SETTINGS)
    beside = proposal_validation.validate_proposals(ticked_engine, SEED_HOUR, SETTINGS, shards)
    assert (beside.examined, beside.checks) == (alone.examined, alone.checks)
    assert_frame_equal(beside.violations, alone.violations)
    assert alone.violations.empty is not bool(statements)


def test_an_error_in_a_shard_is_raised_and_the_next_work_is_done(shards: Shards) -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        shards.for_each(int, [("7",), ("seven",)])
    assert shards.for_each(int, [("7",), ("8",)]) == [7, 8]


def test_without_processes_a_piece_is_made_when_its_turn_has_come() -> None:
    made: list[int] = []
    done: list[tuple[int, int]] = []

    def pieces() -> Iterator[tuple[int]]:
        for number in range(3):
            made.append(number)
            yield (number,)

    Shards().for_each(lambda number: done.append((number, len(made))), pieces())
    assert done == [(0, 1), (1, 2), (2, 3)]


def test_a_killed_process_ends_the_work_with_one_sentence_and_others_start() -> None:
    several = Shards(2)
    with pytest.raises(ShardProcessError, match="lower SCHOOL_SHARDS"):
        several.for_each(os._exit, [(1,), (1,)])
    assert several.for_each(int, [("7",), ("8",)]) == [7, 8]
    several.close()


def test_the_processes_end_with_the_one_that_started_them(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "import os, sys, time\n"
        "from flightsched_pipelines.services.hourly.shards import Shards\n"
        "print(__name__, *Shards(2).for_each(os.getpid.__call__, [(), ()]), flush=True)\n"
        "time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, str(program)], stdout=subprocess.PIPE, text=True) as parent:  # noqa: S603, our own words
        assert parent.stdout is not None
        name, *numbers = parent.stdout.readline().split()
        children = [psutil.Process(int(number)) for number in numbers]
        parent.send_signal(signal.SIGKILL)
    assert name == "__main__"
    gone, alive = psutil.wait_procs(children, timeout=PATIENCE)
    assert gone
    assert not alive
