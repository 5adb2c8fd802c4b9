"""Students' own limits, from their table to verdicts, slots, responses and what analysts can read."""

from typing import Any

import pandas as pd
import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from flightsched_pipelines.database.frames import read_partition
from flightsched_pipelines.database.schema import PIPELINE_TABLES
from flightsched_pipelines.domain.risk.assess import Assessment
from flightsched_pipelines.services.hourly import hourly_steps, snapshots
from flightsched_pipelines.services.minimums import end_minimum
from flightsched_pipelines_tests.conftest import SEED_HOUR
from flightsched_pipelines_tests.integration.services.helpers import NOW, SETTINGS, cases, held, one, run, say

STRICT = {"rule": "visibility", "comparison": ">=", "limit_value": 19.5, "unit": "SM"}


def limit(engine: Engine, student_id: int, **facts: Any) -> None:
    """Enter a limit of a student's own that no forecast meets."""
    values = {
        "student_id": student_id, "authority": "student", "effect": "block", "effective_from": "2026-01-01",
        "reference": "a talk with Ann", **STRICT, **facts,
    }  # fmt: skip
    run(
        engine,
        f"INSERT INTO school.weather_minimums (school_id, {', '.join(values)}) "  # noqa: S608, our columns
        f"SELECT school_id, {', '.join(f':{name}' for name in values)} FROM school.students WHERE id = :student_id",
        **values,
    )


def assessed(engine: Engine) -> Assessment:
    """Assess the lessons of the hour by the minimums that it stored."""
    bookings, forecasts = (
        read_partition(engine, PIPELINE_TABLES[name], [SEED_HOUR]).drop(columns="partition_hour")
        for name in ("booking_snapshot", "forecasts")
    )
    lessons = hourly_steps.lessons_ahead(bookings, SEED_HOUR, SETTINGS.lookahead_hours)
    return hourly_steps.assess_lessons(engine, lessons, forecasts, SEED_HOUR, SETTINGS)


def store_reference(engine: Engine) -> None:
    """Store what the hour depends on as it stands now."""
    taken = snapshots.snapshot_reference(engine, SEED_HOUR, NOW, SETTINGS)
    run(engine, "DELETE FROM pipeline.reference_snapshot")
    for row in taken.to_dict("records"):
        values = {str(name): value for name, value in row.items()}
        run(
            engine, "INSERT INTO pipeline.reference_snapshot VALUES (:hour, :part, :digest, :rows)",
            hour=SEED_HOUR, **values,
        )  # fmt: skip


def test_an_hour_holds_a_student_to_limits_of_its_time_and_no_table_of_it_has_them(ticked_engine: Engine) -> None:
    before = assessed(ticked_engine)
    lessons = before.case.bookings
    fine = lessons[(before.verdicts == "ok") & (lessons["route"].str.len() == 0)]
    student_id, booking_id = int(fine["student_id"].iloc[0]), int(fine["booking_id"].iloc[0])
    limit(ticked_engine, student_id)
    store_reference(ticked_engine)

    now = assessed(ticked_engine)
    theirs = now.case.bookings["student_id"] == student_id
    assert (now.verdicts[theirs] != "ok").all()
    pd.testing.assert_series_equal(now.verdicts[~theirs], before.verdicts[~theirs])
    (found,) = now.broken[now.broken["booking_id"] == booking_id].to_dict("records")
    assert (found["authority"], found["reference"]) == ("student", "the student's own limit")
    assert "below the student's own limit" in found["explanation"]
    assert pd.isna(found["limit_value"])
    assert not now.broken.astype("str").apply(lambda column: column.str.contains("Ann|19.5|19 1/2")).any(axis=None)

    run(ticked_engine, "DELETE FROM school.weather_minimums WHERE authority = 'student'")
    pd.testing.assert_frame_equal(assessed(ticked_engine).broken, now.broken)


def test_a_slot_below_a_students_own_limit_cannot_be_taken(told_engine: Engine) -> None:
    forecast = (
        "(SELECT ends_at_utc FROM school.case_offers WHERE case_id = c.id AND number = 1) <= "
        "(SELECT max(hour_utc) FROM pipeline.forecasts WHERE airport = b.departure AND governs)"
    )
    case_id, booking_id = cases(told_engine, where=forecast)[0]
    student_id = one(told_engine, "SELECT student_id FROM school.bookings WHERE id = :id", id=booking_id)
    limit(told_engine, student_id, rule="gust", comparison="<=", limit_value=1, unit="kt")

    refused = say(told_engine, case_id, "accept", number=1)

    assert not refused.applied
    assert "minimum" in refused.sentence
    assert "Ann" not in refused.sentence
    assert held(told_engine, booking_id) == 0


def test_the_database_knows_whose_a_limit_is_and_holds_a_schools_to_the_regulation(seeded_engine: Engine) -> None:
    with pytest.raises(IntegrityError, match="student_check"):
        limit(seeded_engine, 1, authority="school")
    with pytest.raises(IntegrityError, match="student_check"):
        run(seeded_engine, "UPDATE school.weather_minimums SET authority = 'student' WHERE authority = 'default'")
    with pytest.raises(IntegrityError, match="floor_check"):
        run(
            seeded_engine,
            "INSERT INTO school.weather_minimums (school_id, authority, training_level, rule, comparison, limit_value, "
            "unit, effect, effective_from, reference) VALUES (1, 'school', 'private_pilot', 'ceiling', '>=', 250, 'm', "
            "'block', '2026-01-01', 'a test')",
        )


def test_a_limit_from_before_the_floor_can_be_ended_and_nobody_is_held_to_it(seeded_engine: Engine) -> None:
    """Take the condition away for one row, as the upgrade of a database with such a row does."""
    definition = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'weather_minimums_floor_check'"
    floor = one(seeded_engine, definition)
    run(seeded_engine, "ALTER TABLE school.weather_minimums DROP CONSTRAINT weather_minimums_floor_check")
    run(
        seeded_engine,
        "INSERT INTO school.weather_minimums (id, school_id, authority, training_level, rule, comparison, limit_value, "
        "unit, effect, effective_from, reference) VALUES (9001, 1, 'school', 'private_pilot', 'visibility', '>=', 1, "
        "'SM', 'block', '2026-01-01', 'a test')",
    )
    run(
        seeded_engine,
        f"ALTER TABLE school.weather_minimums ADD CONSTRAINT weather_minimums_floor_check {floor} NOT VALID",
    )
    assert end_minimum(seeded_engine, 9001, SEED_HOUR.date())
    with pytest.raises(IntegrityError, match="floor_check"):
        run(seeded_engine, "UPDATE school.weather_minimums SET effective_to = NULL WHERE id = 9001")
