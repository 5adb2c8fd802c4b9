-- Cases of an hour that ended, each of a lesson of its own, with its breach and its steps.
INSERT INTO school.bookings (
    id, reference, school_id, student_id, instructor_id, aircraft_id, lesson_kind, solo, departure, route, period, status
)
SELECT
    1000000 + :ago * 10 + n, 'Y-' || :ago || '-' || n, school_id, student_id, instructor_id, aircraft_id, lesson_kind,
    solo, departure, route,
    tstzrange(CAST(:hour AS timestamptz) + interval '24 hours', CAST(:hour AS timestamptz) + interval '26 hours'),
    'completed'
FROM (
    SELECT *, row_number() OVER (ORDER BY (id * 7919 + :ago) % 1009) AS n
    FROM school.bookings
    WHERE id < 1000000 AND instructor_id IS NOT NULL AND aircraft_id IS NOT NULL
) AS b
WHERE n <= :count;

INSERT INTO pipeline.booking_snapshot
SELECT (one.s).*
FROM (
    SELECT jsonb_populate_record(x.s, jsonb_build_object('booking_id', 1000000 + :ago * 10 + n)) AS s
    FROM (SELECT b AS s FROM pipeline.booking_snapshot AS b WHERE partition_hour = :hour LIMIT 1) AS x,
        generate_series(1, :count) AS n
) AS one;

INSERT INTO pipeline.at_risk_bookings
SELECT (one.s).*
FROM (
    SELECT jsonb_populate_record(x.s, jsonb_build_object('booking_id', 1000000 + :ago * 10 + n)) AS s
    FROM (SELECT b AS s FROM pipeline.at_risk_bookings AS b WHERE partition_hour = :hour AND breach_rank = 1 LIMIT 1) AS x,
        generate_series(1, :count) AS n
) AS one;

INSERT INTO school.reschedule_cases (
    id, booking_id, state, opened_hour, last_hour, starts_at_utc, ends_at_utc, instructor_id, aircraft_id, deadline_utc,
    round, opened_at, closed_at
)
SELECT
    id, id, CASE WHEN id % 3 = 0 THEN 'expired' ELSE 'rescheduled' END, :hour, :hour, lower(period), upper(period),
    instructor_id, aircraft_id, lower(period), 1, CAST(:hour AS timestamptz) + interval '8 minutes',
    CAST(:hour AS timestamptz) + interval '3 hours'
FROM school.bookings
WHERE id BETWEEN 1000000 + :ago * 10 AND 1000009 + :ago * 10;

INSERT INTO school.case_events (case_id, at, actor, event, from_state, to_state, why)
SELECT c.id, c.opened_at + s.place * interval '40 minutes', 'platform', s.event, s.before, s.state, 'simulated'
FROM school.reschedule_cases AS c,
    (VALUES
        (0, 'opened', NULL, 'open'), (0, 'updated', 'open', 'proposed'), (1, 'accepted', 'proposed', 'student_accepted'),
        (2, 'moved', 'student_accepted', 'rescheduled')
    ) AS s (place, event, before, state)
WHERE c.id BETWEEN 1000000 + :ago * 10 AND 1000009 + :ago * 10;
