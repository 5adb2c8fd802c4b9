"""Two sample schools, the same each time."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from sqlalchemy import Engine, func, select, text

from flightsched_pipelines.database import migrations, schema, table_counts
from flightsched_pipelines.database.queries.schedule import bookings as schedule
from flightsched_pipelines.database.queries.schedule.availability import availability
from flightsched_pipelines.database.seed import SeedError, is_seeded_for, seed
from flightsched_pipelines_tests.conftest import SEED_HOUR

COUNTS = {"schools": 2, "students": 60, "instructors": 12, "aircraft": 16, "airports": 8}


def booked(engine: Engine, hour: datetime = SEED_HOUR) -> pd.DataFrame:
    return schedule.bookings(engine, hour, hour + timedelta(days=15), hour)


def test_two_schools_with_their_people_aircraft_and_bookings(seeded_engine: Engine) -> None:
    with seeded_engine.connect() as connection:
        counts = {
            name: connection.execute(
                select(func.count()).select_from(schema.metadata.tables[f"school.{name}"])
            ).scalar()
            for name in ("schools", "students", "instructors", "aircraft", "airports")
        }
    assert counts == COUNTS
    lessons = booked(seeded_engine)
    assert 230 <= len(lessons) <= 260
    assert (lessons["starts_at_utc"] < SEED_HOUR + timedelta(hours=72)).sum() >= 100
    assert set(lessons["lesson_kind"]) == {"pattern", "local", "cross_country"}
    airports = schedule.airports(seeded_engine).set_index("airport")
    assert not airports.loc["KPAO", "issues_taf"]


@pytest.mark.parametrize("hour", [datetime(2026, 3, 7, 23, tzinfo=UTC), datetime(2028, 2, 28, 3, tzinfo=UTC)])
def test_the_same_hour_gives_the_same_rows(engine: Engine, hour: datetime) -> None:
    seed(engine, hour)
    first = booked(engine, hour)
    migrations.downgrade(engine, "base")
    migrations.upgrade(engine)
    seed(engine, hour)

    assert_frame_equal(first, booked(engine, hour))
    assert is_seeded_for(engine, hour)
    assert not is_seeded_for(engine, hour + timedelta(days=30))


@pytest.mark.parametrize(
    ("entered", "named"),
    [
        ("INSERT INTO school.airports SELECT * FROM airports", "airports (8)"),
        ("INSERT INTO school.weather_minimums one of a school's own", "weather_minimums (1)"),
    ],
)
def test_what_was_entered_is_named_and_stays(engine: Engine, seeded_engine: Engine, entered: str, named: str) -> None:
    table = entered.split()[2]
    with seeded_engine.connect() as source:
        rows = source.execute(text(f"SELECT * FROM {table}")).mappings().all()  # noqa: S608, one of two tables
    newest = rows[-int(named.partition("(")[2][:-1]) :]
    kept = [dict(row) | ({"school_id": None} if "school_id" in row else {}) for row in newest]
    with engine.begin() as connection:
        connection.execute(schema.metadata.tables[table].insert(), kept)

    with pytest.raises(SeedError, match=re.escape(f"has {named}; name an empty one")):
        seed(engine, SEED_HOUR)

    assert table_counts.in_words(table_counts.entered(engine)) == named


def test_of_two_seeds_at_once_one_fills_the_database(engine: Engine) -> None:
    def attempt(_: int) -> bool:
        try:
            seed(engine, SEED_HOUR)
        except SeedError:
            return False
        return True

    with ThreadPoolExecutor(2) as both:
        assert sorted(both.map(attempt, range(2))) == [False, True]
    assert table_counts.entered(engine)["students"] == COUNTS["students"]


def test_what_the_platform_notes_of_itself_keeps_no_school_out(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(
            schema.dispatches.insert(), {"partition_hour": SEED_HOUR, "dispatched_at": SEED_HOUR, "outcome": {}}
        )

    seed(engine, SEED_HOUR)

    assert table_counts.entered(engine)["students"] == COUNTS["students"]


def test_lessons_lie_within_availability(seeded_engine: Engine) -> None:
    available = availability(seeded_engine, SEED_HOUR, SEED_HOUR + timedelta(days=15))
    periods = {
        key: list(zip(rows["starts_at_utc"], rows["ends_at_utc"], strict=True))
        for key, rows in available.groupby(["resource", "resource_id"])
    }
    outside = [
        (lesson["reference"], resource)
        for lesson in booked(seeded_engine).to_dict("records")
        for resource in ("school", "student", "instructor", "aircraft")
        if not pd.isna(lesson[f"{resource}_id"])
        and not any(
            start <= lesson["starts_at_utc"] and lesson["ends_at_utc"] <= end
            for start, end in periods[(resource, lesson[f"{resource}_id"])]
        )
    ]

    assert outside == []
