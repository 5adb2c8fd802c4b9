"""The availability of hours, stored once for all hours that had the same, and read as each hour had it."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from sqlalchemy import Engine

from flightsched_pipelines.database import migrations
from flightsched_pipelines.database.frames import count_rows, delete_hours, read_partition, take_turns, write_partition
from flightsched_pipelines.database.queries.schedule.availability import availability
from flightsched_pipelines.database.schema import PIPELINE_TABLES, availability_sets, school_availability
from flightsched_pipelines.domain.rescheduling.availability import AVAILABILITY_COLUMNS, within
from flightsched_pipelines.durations import DAY, HOUR
from flightsched_pipelines.services.hourly import hourly_steps, joint_plan, snapshots
from flightsched_pipelines_tests.conftest import SEED_HOUR, clone, connected, settings_for
from flightsched_pipelines_tests.examples import examples
from flightsched_pipelines_tests.integration.frames import in_order
from flightsched_pipelines_tests.integration.services.helpers import one, rows, run

TABLE = PIPELINE_TABLES["availability_snapshot"]
SETTINGS = settings_for()
FIRST = datetime(2026, 11, 10, tzinfo=UTC)
LATER = SEED_HOUR + timedelta(minutes=90)
NO_HOUR_NAMES = """
    SELECT count(*) FROM pipeline.availability_sets s
    WHERE NOT EXISTS (SELECT FROM pipeline.school_availability h WHERE h.digest = s.digest)
"""
CONTENTS = "SELECT count(DISTINCT digest) FROM pipeline.availability_sets"

Period = tuple[int, str, int, datetime, datetime, str | None, float | None, list[str]]


def frame(hour: datetime, periods: list[Period]) -> pd.DataFrame:
    typed = pd.DataFrame(periods, columns=list(AVAILABILITY_COLUMNS)).astype(dict(AVAILABILITY_COLUMNS))
    return typed.assign(partition_hour=pd.Timestamp(hour).as_unit("us"))


def store(engine: Engine, hour: datetime, periods: list[Period]) -> None:
    write_partition(engine, TABLE, frame(hour, periods), [hour])


def read(engine: Engine, hour: datetime) -> Counter[Any]:
    found = read_partition(engine, TABLE, [hour], names=list(AVAILABILITY_COLUMNS)).astype(object)
    return as_counted(found.where(found.notna(), None).itertuples(index=False, name=None))


def as_counted(periods: Any) -> Counter[Any]:
    return Counter((*period[:-1], tuple(period[-1])) for period in periods)


@pytest.fixture(scope="module")
def law_engine(server_home: Path, templates: dict[str, str]) -> Iterator[Engine]:
    """One database for all examples."""
    for url in clone(server_home, templates["migrated"]):
        yield from connected(url)


instants = st.integers(0, 40).map(lambda quarters: FIRST + quarters * timedelta(minutes=15))
periods = st.tuples(
    st.integers(1, 3),
    st.sampled_from(["school", "student", "aircraft"]),
    st.integers(1, 2),
    instants,
    instants,
    st.sampled_from([None, "", "C172S", 'a "b", {c}\\']),
    st.sampled_from([None, 0.0, 15.0]),
    st.sampled_from([[], ["a"], ["a", "b,c"]]),
)
hours = st.integers(0, 3).map(lambda number: FIRST + number * HOUR)
contents = st.lists(periods, max_size=8)


@examples(80, "some 300 writes of four hours, in any order and often twice, with three schools' sets to share")
@given(st.lists(contents, min_size=1, max_size=3), st.data())
def test_every_hour_reads_what_was_last_written_of_it(
    law_engine: Engine, different: list[list[Period]], data: st.DataObject
) -> None:
    written: dict[datetime, list[Period]] = {}
    for table in (availability_sets, school_availability):
        with law_engine.begin() as connection:
            connection.execute(table.delete())
    for hour, number, goes in data.draw(st.lists(st.tuples(hours, st.integers(0, 2), st.booleans()), max_size=8)):
        if goes and number == 0:
            with law_engine.begin() as connection:
                take_turns(connection, TABLE)
                assert delete_hours(connection, TABLE, [hour]) == len(written.pop(hour, []))
        else:
            written[hour] = different[number % len(different)]
            store(law_engine, hour, written[hour])

    for hour in (FIRST + number * HOUR for number in range(4)):
        assert read(law_engine, hour) == as_counted(written.get(hour, []))
    assert one(law_engine, NO_HOUR_NAMES) == 0
    of_schools = {
        (school, tuple(sorted(as_counted(p for p in of_hour if p[0] == school).items(), key=repr)))
        for of_hour in written.values()
        for school in {period[0] for period in of_hour}
    }
    assert one(law_engine, CONTENTS) <= len(of_schools), "each once, whatever the number of hours"


def take(engine: Engine, hour: datetime) -> pd.DataFrame:
    """Store an hour's snapshot while it runs; returns it."""
    taken = snapshots.snapshot_availability(engine, hour, hour, SETTINGS)
    write_partition(engine, TABLE, taken.assign(partition_hour=pd.Timestamp(hour).as_unit("us")), [hour])
    return taken


def test_hours_of_a_day_share_what_did_not_change_and_each_keeps_its_own(seeded_engine: Engine) -> None:
    schools = one(seeded_engine, "SELECT count(*) FROM school.schools")
    before = {hour: availability(seeded_engine, hour, hour + 15 * DAY) for hour in (SEED_HOUR, SEED_HOUR + HOUR)}
    for hour in before:
        take(seeded_engine, hour)
    assert one(seeded_engine, CONTENTS) == schools

    run(
        seeded_engine,
        "INSERT INTO school.availability_exceptions (student_id, period, available) "
        "SELECT min(id), tstzrange('2026-11-12 00:00Z', '2026-11-20 00:00Z'), false FROM school.students",
    )
    take(seeded_engine, SEED_HOUR + 2 * HOUR)
    take(seeded_engine, SEED_HOUR - HOUR)  # late
    assert one(seeded_engine, CONTENTS) == schools + 1, "of the one school that changed"
    for hour, known in before.items():
        again = snapshots.snapshot_availability(seeded_engine, hour, hour + 5 * HOUR, SETTINGS)
        assert_frame_equal(in_order(within(again, hour, hour + 15 * DAY)), in_order(known))
        write_partition(seeded_engine, TABLE, again.assign(partition_hour=pd.Timestamp(hour).as_unit("us")), [hour])
    assert one(seeded_engine, CONTENTS) == schools + 1, "an hour run again names the same"
    now = in_order(within(take(seeded_engine, SEED_HOUR), SEED_HOUR, SEED_HOUR + 15 * DAY))
    assert not now.equals(in_order(before[SEED_HOUR])), "the running hour is read anew"


def test_slots_and_plan_do_not_depend_on_the_order_of_the_rows(ticked_engine: Engine) -> None:
    names = ("at_risk_bookings", "booking_snapshot", "availability_snapshot", "forecasts")
    at_risk, bookings, available, forecasts = (
        read_partition(ticked_engine, PIPELINE_TABLES[name], [SEED_HOUR]).drop(columns="partition_hour")
        for name in names
    )
    results = []
    for rows_of in (available, available.sample(frac=1, random_state=7)):
        found = hourly_steps.find_slots(ticked_engine, at_risk, bookings, rows_of, forecasts, SEED_HOUR, SETTINGS)
        plan = joint_plan.choose_plan(ticked_engine, found.candidates, at_risk, bookings, rows_of, SEED_HOUR, SETTINGS)
        results.append((found.candidates, found.unplaceable, plan.proposals))
    assert len(results[0][0])
    for one_way, other in zip(*results, strict=True):
        assert_frame_equal(one_way, other)


def test_a_refused_row_leaves_the_hour_and_its_sets(engine: Engine) -> None:
    store(engine, FIRST, [(1, "aircraft", 1, FIRST, FIRST + HOUR, "C172S", 15.0, [])])
    before = read(engine, FIRST), rows(engine, "SELECT * FROM pipeline.availability_sets")
    broken = frame(FIRST, [(2, "aircraft", 1, FIRST, FIRST + HOUR, None, None, [])])
    without_end = broken.assign(ends_at_utc=pd.Series([None], dtype="datetime64[us, UTC]"))
    with pytest.raises(Exception, match="22007"):
        write_partition(engine, TABLE, without_end, [FIRST])
    assert (read(engine, FIRST), rows(engine, "SELECT * FROM pipeline.availability_sets")) == before


def test_hours_that_an_older_version_stored_are_read_and_replaced_as_before(ticked_engine: Engine) -> None:
    known = read(ticked_engine, SEED_HOUR)
    migrations.downgrade(ticked_engine, "0055")
    assert one(ticked_engine, "SELECT count(*) FROM pipeline.availability_snapshot") == known.total() > 500

    migrations.upgrade(ticked_engine)

    assert one(ticked_engine, "SELECT count(*) FROM pipeline.availability_periods") == known.total()
    assert read(ticked_engine, SEED_HOUR) == known
    assert count_rows(ticked_engine, TABLE, SEED_HOUR) == known.total()
    again = snapshots.snapshot_availability(ticked_engine, SEED_HOUR, LATER, SETTINGS)
    hour = pd.Timestamp(SEED_HOUR).as_unit("us")
    write_partition(ticked_engine, TABLE, again.assign(partition_hour=hour), [SEED_HOUR])
    assert read(ticked_engine, SEED_HOUR) == known
    assert one(ticked_engine, "SELECT count(*) FROM pipeline.availability_periods") == 0


def test_the_version_before_writes_and_deletes_by_the_view(engine: Engine) -> None:
    several: list[Period] = [
        (1, "aircraft", 7, FIRST, FIRST + HOUR, "C172S", 15.0, []),
        (1, "aircraft", 7, FIRST + 2 * HOUR, FIRST + 3 * HOUR, "C172S", 15.0, []),
        (1, "instructor", 7, FIRST, FIRST + HOUR, None, None, ["student_pilot"]),
        (2, "aircraft", 8, FIRST, FIRST + HOUR, None, None, []),
    ]
    for hour in (FIRST, FIRST + HOUR):
        store(engine, hour, several)
    run(
        engine,
        "DELETE FROM pipeline.availability_snapshot WHERE partition_hour = :hour AND resource = 'aircraft' "
        "AND school_id = 1 AND starts_at_utc = :hour",
        hour=FIRST,
    )
    assert read(engine, FIRST) == as_counted(several[1:])
    assert read(engine, FIRST + HOUR) == as_counted(several), "another hour that had the same"
    run(engine, "DELETE FROM pipeline.availability_snapshot WHERE partition_hour = :hour", hour=FIRST)
    assert read(engine, FIRST) == Counter()
    run(
        engine,
        "INSERT INTO pipeline.availability_snapshot SELECT :hour, school_id, resource, resource_id, starts_at_utc, "
        "ends_at_utc, aircraft_type, aircraft_crosswind_kt, may_teach FROM pipeline.availability_snapshot",
        hour=FIRST,
    )
    assert read(engine, FIRST) == as_counted(several)
