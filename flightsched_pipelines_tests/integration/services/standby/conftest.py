"""The database of these tests."""

import pytest
from sqlalchemy import Engine

from flightsched_pipelines_tests.integration.services.helpers import run


@pytest.fixture
def quiet(ticked_engine: Engine) -> Engine:
    """Return a database without notifications, in which everybody can fly at any time and has no quiet hours."""
    run(ticked_engine, "DELETE FROM school.student_preferences")
    run(ticked_engine, "DELETE FROM school.contact_preferences")
    run(ticked_engine, "INSERT INTO school.contact_preferences (student_id) SELECT id FROM school.students")
    run(ticked_engine, "INSERT INTO school.contact_preferences (instructor_id) SELECT id FROM school.instructors")
    run(
        ticked_engine,
        "INSERT INTO school.availability_exceptions (student_id, instructor_id, period, available) "
        "SELECT id, NULL::bigint, tstzrange('2026-11-10', '2026-11-20'), true FROM school.students "
        "UNION ALL SELECT NULL, id, tstzrange('2026-11-10', '2026-11-20'), true FROM school.instructors",
    )
    return ticked_engine
