"""Frames into partitions and out again."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from sqlalchemy import Engine, text

from flightsched_pipelines.database.frames import FrameError, newest_partition, read_partition, write_partition
from flightsched_pipelines.database.schema import PIPELINE_TABLES
from flightsched_pipelines.domain.rescheduling.availability import AVAILABILITY_COLUMNS
from flightsched_pipelines_tests.conftest import SEED_HOUR
from flightsched_pipelines_tests.integration.frames import in_order

HOUR = datetime(2026, 11, 10, 14, tzinfo=UTC)
TABLE = PIPELINE_TABLES["availability_snapshot"]


def frame(rows: int = 2, hour: datetime = HOUR, **columns: object) -> pd.DataFrame:
    values = {
        "school_id": range(rows), "resource": "aircraft", "resource_id": range(rows), "starts_at_utc": hour,
        "ends_at_utc": hour + timedelta(hours=1), "aircraft_type": "C172S", "aircraft_crosswind_kt": 15.0,
        "may_teach": [[] for _ in range(rows)],
    }  # fmt: skip
    typed = pd.DataFrame(values | columns).astype(dict(AVAILABILITY_COLUMNS))
    return typed.assign(partition_hour=pd.Timestamp(hour).as_unit("us"))[["partition_hour", *AVAILABILITY_COLUMNS]]


def test_what_is_written_is_read_with_its_types(engine: Engine) -> None:
    awkward = 'tab\t newline\n quote" back\\slash {brace} ü 飛'
    written = frame(
        aircraft_type=[awkward, None], aircraft_crosswind_kt=[None, 1.5], may_teach=[["a,b", '"', awkward, "NULL"], []]
    )

    assert len(write_partition(engine, TABLE, written, [HOUR])) == 2

    assert_frame_equal(read_partition(engine, TABLE, [HOUR]), written)
    assert_frame_equal(
        read_partition(engine, TABLE, [HOUR], names=["may_teach", "starts_at_utc"]),
        written[["may_teach", "starts_at_utc"]],
    )


@pytest.mark.parametrize("name", PIPELINE_TABLES)
def test_what_is_handed_on_is_what_would_be_read(ticked_engine: Engine, name: str) -> None:
    table = PIPELINE_TABLES[name]
    loose = read_partition(ticked_engine, table, [SEED_HOUR]).astype(object).iloc[::-1]

    handed_on = write_partition(ticked_engine, table, loose, [SEED_HOUR])

    read = read_partition(ticked_engine, table, [SEED_HOUR])
    assert_frame_equal(in_order(handed_on), in_order(read))


def test_text_of_few_kinds_is_read_as_categories(ticked_engine: Engine) -> None:
    lessons = read_partition(ticked_engine, PIPELINE_TABLES["booking_snapshot"], [SEED_HOUR])

    assert lessons["training_level"].cat.categories.tolist() == sorted(set(lessons["training_level"]))
    assert lessons["reference"].dtype == "str"


def test_awkward_values_are_handed_on_as_they_would_be_read(engine: Engine) -> None:
    awkward = frame(
        4,
        aircraft_type=pd.Series(["nul\x00", None, float("nan"), ""], dtype=object),
        aircraft_crosswind_kt=pd.Series([1, None, float("nan"), 0.1 + 0.2], dtype=object),
        may_teach=pd.Series([("a\x00",), np.array(["b"]), [], ["c", "ü"]], dtype=object),
    ).set_index(pd.Index([7, 7, 0, 1]))

    assert_frame_equal(write_partition(engine, TABLE, awkward, [HOUR]), read_partition(engine, TABLE, [HOUR]))


def test_an_hour_is_replaced_and_others_are_left(engine: Engine) -> None:
    later = HOUR + timedelta(hours=1)
    write_partition(engine, TABLE, frame(3), [HOUR])
    write_partition(engine, TABLE, frame(1, later), [later])

    write_partition(engine, TABLE, frame(2), [HOUR])
    write_partition(engine, TABLE, frame(2), [HOUR])

    assert len(read_partition(engine, TABLE, [HOUR])) == 2
    assert len(read_partition(engine, TABLE, [HOUR, later])) == 3
    assert newest_partition(engine, TABLE) == later


def test_an_empty_frame_empties_its_hour(engine: Engine) -> None:
    write_partition(engine, TABLE, frame(3), [HOUR])

    write_partition(engine, TABLE, frame(0), [HOUR])

    empty = read_partition(engine, TABLE, [HOUR])
    assert empty.empty
    assert_frame_equal(empty, frame(0))


def test_a_frame_that_does_not_fit_changes_nothing(engine: Engine) -> None:
    write_partition(engine, TABLE, frame(3), [HOUR])

    with pytest.raises(FrameError, match=r"missing columns \['resource'\], columns it does not have \['colour'\]"):
        write_partition(engine, TABLE, frame().rename(columns={"resource": "colour"}), [HOUR])
    with pytest.raises(FrameError, match="not one of the hours being written"):
        write_partition(engine, TABLE, frame(2, HOUR + timedelta(hours=1)), [HOUR])

    assert len(read_partition(engine, TABLE, [HOUR])) == 3


def test_a_row_that_the_database_refuses_leaves_the_hour_as_it_was(engine: Engine) -> None:
    write_partition(engine, TABLE, frame(3), [HOUR])

    with pytest.raises(Exception, match="not-null"):
        write_partition(engine, TABLE, frame(2, resource=["aircraft", None]), [HOUR])

    assert len(read_partition(engine, TABLE, [HOUR])) == 3


def test_a_nul_byte_is_left_out(engine: Engine) -> None:
    write_partition(engine, TABLE, frame(1, aircraft_type="C1\x0072S"), [HOUR])

    assert read_partition(engine, TABLE, [HOUR])["aircraft_type"].tolist() == ["C172S"]


def test_a_whole_number_beside_an_absent_one_stays_whole(engine: Engine) -> None:
    table = PIPELINE_TABLES["raw_weather"]
    answer = dict.fromkeys(column.name for column in table.columns) | {
        "partition_hour": pd.Timestamp(HOUR), "provider": "p", "product": "taf", "request": "", "stations": [],
        "fetched_at_utc": pd.Timestamp(HOUR), "outcome": "timeout",
    }  # fmt: skip
    frame_of_answers = pd.DataFrame([answer, answer | {"status_code": 200}])
    assert frame_of_answers["status_code"].dtype == "float64"

    write_partition(engine, table, frame_of_answers, [HOUR])

    assert sorted(read_partition(engine, table, [HOUR])["status_code"].dropna()) == [200]


def test_two_writers_of_an_hour_take_turns(engine: Engine) -> None:
    with ThreadPoolExecutor(4) as hands:
        list(hands.map(lambda rows: write_partition(engine, TABLE, frame(rows), [HOUR]), [5, 7, 5, 7]))

    assert len(read_partition(engine, TABLE, [HOUR])) in {5, 7}


def test_an_empty_table_has_no_newest_hour(engine: Engine) -> None:
    assert newest_partition(engine, TABLE) is None
    with engine.connect() as connection:
        assert connection.execute(text("SHOW timezone")).scalar() == "UTC"
