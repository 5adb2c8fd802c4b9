"""A platform in the middle of its day: 20 schools, one of them with 500 lessons tomorrow, and 1,000 open cases."""

from datetime import timedelta

from sqlalchemy import Engine, text

from benchmarks.dispatch.findings import store_findings
from benchmarks.hour.world import HOUR, fill
from flightsched_pipelines.database.frames import write_partition
from flightsched_pipelines.database.queries.cases.case_queries import load_case
from flightsched_pipelines.database.queries.notifications import contacts
from flightsched_pipelines.database.schema import PIPELINE_TABLES
from flightsched_pipelines.durations import DAY
from flightsched_pipelines.services.hourly.snapshots import snapshot_reference
from flightsched_pipelines.services.notifications.dispatch import dispatch
from flightsched_pipelines.services.notifications.links import response_url
from flightsched_pipelines.settings import Settings

AIRPORTS, SCHOOLS, BOOKINGS, CASES = 100, 20, 2_000, 1_000
LARGE = 1
"""The school with 500 lessons in a day."""

TOMORROW = (HOUR + DAY).date()
NOW = HOUR + timedelta(minutes=8)

A_LARGE_SCHOOL = """
DELETE FROM school.bookings WHERE school_id = 1;
UPDATE school.schools SET dispatch_email = 'dispatch' || id || '@school.example';
INSERT INTO school.aircraft (school_id, tail_number, type)
    SELECT 1, 'N9' || n || 'L', 'C172S' FROM generate_series(1, 100) n;
INSERT INTO school.instructors (school_id, name, email, may_teach)
    SELECT 1, 'Teacher ' || n, 'teacher' || n || '@school.example', '{private_pilot}' FROM generate_series(1, 100) n;
INSERT INTO school.students (school_id, name, email, training_level)
    SELECT 1, 'Learner ' || n, 'learner' || n || '@school.example', 'private_pilot' FROM generate_series(1, 100) n;
WITH one AS (
    SELECT row_number() OVER (ORDER BY id) AS n, id AS instructor_id FROM school.instructors WHERE name LIKE 'Teacher %'
), craft AS (
    SELECT row_number() OVER (ORDER BY id) AS n, id AS aircraft_id FROM school.aircraft WHERE tail_number LIKE 'N9%L'
), learner AS (
    SELECT row_number() OVER (ORDER BY id) AS n, id AS student_id FROM school.students WHERE name LIKE 'Learner %'
)
INSERT INTO school.bookings (reference, school_id, student_id, instructor_id, aircraft_id, lesson_kind, solo, departure,
    route, period, created_at, updated_at)
SELECT 'L-' || start * 100 + n, 1, student_id, instructor_id, aircraft_id, 'local', false, s.base_airport, '{}',
    tstzrange(day + start * interval '2 h', day + start * interval '2 h' + interval '90 min'), :hour, :hour
FROM (SELECT CAST(:hour AS timestamptz) + interval '1 day' AS day) AS tomorrow CROSS JOIN one
    JOIN craft USING (n) JOIN learner USING (n) CROSS JOIN generate_series(0, 4) start
    JOIN school.schools s ON s.id = 1;
"""
LOW_CLOUD = """
INSERT INTO pipeline.partitions (name, partition_hour, rows) VALUES ('forecasts', :hour, 0);
INSERT INTO pipeline.forecasts (partition_hour, airport, hour_utc, layer, change, group_from_utc, group_to_utc,
    wind_direction_deg, wind_speed_kt, visibility_sm, ceiling_ft, visibility_at_least, ceiling_estimated, temperature_c,
    dewpoint_c, hazards, missing, unread, flight_category, source, station, station_distance_nm, issued_at_utc, governs)
SELECT :hour, a.ident, hour, layer, change, :hour, :hour + interval '15 days',
    360, 4, 0.5, 300, false, false, 20, 19, '{}', '{}', '{}', 'LIFR', 'TAF', a.ident, 0, :hour, true
FROM school.airports a
    CROSS JOIN generate_series(:hour, :hour + interval '96 hours', interval '1 hour') AS hour
    CROSS JOIN (VALUES ('prevailing', 'BASE'), ('temporary', 'TEMPO')) AS layer (layer, change);
"""


def build(engine: Engine, settings: Settings) -> None:
    """Fill an empty, migrated database."""
    fill(engine, AIRPORTS, SCHOOLS, BOOKINGS)
    with engine.begin() as connection:
        for statement in (A_LARGE_SCHOOL + LOW_CLOUD).split(";\n")[:-1]:
            connection.execute(text(statement), {"hour": HOUR} if ":hour" in statement else {})
    reference = snapshot_reference(engine, HOUR, NOW, settings).assign(partition_hour=HOUR)
    write_partition(engine, PIPELINE_TABLES["reference_snapshot"], reference, [HOUR])
    store_findings(engine, NOW, CASES)
    opened = dispatch(engine, NOW, settings).steps["opened"]
    if opened != CASES:
        raise SystemExit(f"{opened} cases opened of {CASES}")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))


def links_of_students(engine: Engine, settings: Settings) -> list[str]:
    """Return the path of each open case's page, for its student."""
    with engine.connect() as connection:
        ids = connection.execute(text("SELECT id FROM school.reschedule_cases ORDER BY hashint8(id)")).scalars().all()
        cases = [case for case_id in ids if (case := load_case(connection, case_id)) is not None]
        people = contacts.students(connection, {case.student_id for case in cases})
    made = (response_url(settings, one.case_id, one.round, people[one.student_id], NOW) for one in cases)
    return [url.removeprefix(settings.portal_url or "") for url in made if url is not None]
