-- The views that analysts are promised. No column names a person, an address, a number, a registration or a note.

CREATE VIEW analytics.verdicts AS
SELECT DISTINCT ON (partition_hour, booking_id)
    partition_hour AS hour_utc,
    booking_id,
    verdict,
    rule AS cause
FROM pipeline.at_risk_bookings
ORDER BY
    partition_hour,
    booking_id,
    -- What puts a lesson at risk, then what makes it unknown, then what is merely to be watched.
    CASE
        WHEN rule = 'forecast' THEN 1
        WHEN effect = 'block' AND (layer = 'prevailing' OR value IS NULL) THEN 0
        ELSE 2
    END,
    margin / nullif(abs(limit_value), 0),
    rule;

COMMENT ON VIEW analytics.verdicts IS 'Lessons that were not ok at an hour, a row an hour and lesson. Ask for a range of hour_utc.';
COMMENT ON COLUMN analytics.verdicts.hour_utc IS 'The hour whose forecast it was, UTC.';
COMMENT ON COLUMN analytics.verdicts.booking_id IS 'The lesson, as a number.';
COMMENT ON COLUMN analytics.verdicts.verdict IS 'at_risk, unknown or watch.';
COMMENT ON COLUMN analytics.verdicts.cause IS 'The gravest broken rule: visibility, ceiling, crosswind, thunderstorm, ...; forecast where none can be read.';

CREATE VIEW analytics.cases AS
SELECT
    c.id AS case_id,
    c.booking_id,
    b.school_id,
    b.departure AS airport,
    f.time_zone,
    coalesce(
        (
            SELECT s.training_level FROM pipeline.booking_snapshot s
            WHERE s.partition_hour = c.opened_hour AND s.booking_id = c.booking_id
            LIMIT 1
        ),
        p.training_level
    ) AS training_level,
    b.solo,
    b.lesson_kind,
    a.type AS aircraft_type,
    v.cause,
    c.state,
    c.state IN ('open', 'proposed', 'student_accepted') AS is_open,
    n.is_latest,
    n.is_latest AND c.state IN ('expired', 'declined', 'cancelled') AND b.status NOT IN ('scheduled', 'completed')
        AS is_lost,
    c.round AS rounds,
    c.starts_at_utc AS lesson_starts_at_utc,
    c.starts_at_utc AT TIME ZONE f.time_zone AS lesson_starts_at_local,
    extract(epoch FROM c.ends_at_utc - c.starts_at_utc)::double precision / 3600 AS lesson_hours,
    c.opened_hour AS hour_utc,
    c.opened_at AS detected_at_utc,
    t.proposed_at_utc,
    t.accepted_at_utc,
    t.confirmed_at_utc,
    t.moved_at_utc,
    t.cleared_at_utc,
    t.expired_at_utc,
    c.closed_at AS ended_at_utc,
    extract(epoch FROM c.starts_at_utc - c.opened_at)::double precision / 3600 AS hours_of_notice,
    extract(epoch FROM t.proposed_at_utc - c.opened_at)::double precision / 60 AS minutes_to_proposal,
    extract(epoch FROM t.accepted_at_utc - c.opened_at)::double precision / 60 AS minutes_to_acceptance,
    extract(epoch FROM t.confirmed_at_utc - c.opened_at)::double precision / 60 AS minutes_to_confirmation,
    extract(epoch FROM c.closed_at - c.opened_at)::double precision / 60 AS minutes_to_end
FROM school.reschedule_cases c
JOIN school.bookings b ON b.id = c.booking_id
JOIN school.airports f ON f.ident = b.departure
JOIN school.students p ON p.id = b.student_id
JOIN school.aircraft a ON a.id = c.aircraft_id
LEFT JOIN LATERAL (
    SELECT v.cause FROM analytics.verdicts v
    WHERE v.hour_utc = c.opened_hour AND v.booking_id = c.booking_id
    LIMIT 1
) v ON true
CROSS JOIN LATERAL (
    SELECT
        min(e.at) FILTER (WHERE e.to_state = 'proposed') AS proposed_at_utc,
        min(e.at) FILTER (WHERE e.to_state IN ('student_accepted', 'rescheduled')) AS accepted_at_utc,
        min(e.at) FILTER (WHERE e.event = 'confirmed' OR e.to_state = 'rescheduled') AS confirmed_at_utc,
        min(e.at) FILTER (WHERE e.to_state = 'rescheduled') AS moved_at_utc,
        min(e.at) FILTER (WHERE e.to_state = 'cleared') AS cleared_at_utc,
        min(e.at) FILTER (WHERE e.to_state = 'expired') AS expired_at_utc
    FROM school.case_events e
    WHERE e.case_id = c.id
) t
CROSS JOIN LATERAL (
    SELECT NOT EXISTS (
        SELECT FROM school.reschedule_cases l WHERE l.booking_id = c.booking_id AND l.id > c.id
    ) AS is_latest
) n;

COMMENT ON VIEW analytics.cases IS 'Threatened lessons and what became of them, a row a case. A lesson that is threatened again has a new case.';
COMMENT ON COLUMN analytics.cases.case_id IS 'Case.';
COMMENT ON COLUMN analytics.cases.booking_id IS 'The threatened lesson, as a number.';
COMMENT ON COLUMN analytics.cases.school_id IS 'School, as a number.';
COMMENT ON COLUMN analytics.cases.airport IS 'ICAO ident of the departure.';
COMMENT ON COLUMN analytics.cases.time_zone IS 'IANA zone of the airport; columns that end in _local are in it.';
COMMENT ON COLUMN analytics.cases.training_level IS 'Level of the student when the conflict was detected; of today where that hour is no longer stored.';
COMMENT ON COLUMN analytics.cases.solo IS 'Whether the student flies alone.';
COMMENT ON COLUMN analytics.cases.lesson_kind IS 'pattern, local or cross_country.';
COMMENT ON COLUMN analytics.cases.aircraft_type IS 'Type of the aircraft, such as C172S.';
COMMENT ON COLUMN analytics.cases.cause IS 'The gravest broken rule when it was detected: visibility, ceiling, crosswind, thunderstorm, ...; null where that hour is no longer stored.';
COMMENT ON COLUMN analytics.cases.state IS 'open, proposed or student_accepted; or how it ended: rescheduled, kept, cleared, expired, declined, cancelled.';
COMMENT ON COLUMN analytics.cases.is_open IS 'Whether it still waits for something.';
COMMENT ON COLUMN analytics.cases.is_latest IS 'Whether it is the newest case of its lesson.';
COMMENT ON COLUMN analytics.cases.is_lost IS 'Whether the lesson was lost: its newest case ended as expired, declined or cancelled, and it is not back in the schedule.';
COMMENT ON COLUMN analytics.cases.rounds IS 'How many sets of alternatives were held out; 0 for none.';
COMMENT ON COLUMN analytics.cases.lesson_starts_at_utc IS 'Start of the threatened lesson, UTC.';
COMMENT ON COLUMN analytics.cases.lesson_starts_at_local IS 'Start of the threatened lesson, local.';
COMMENT ON COLUMN analytics.cases.lesson_hours IS 'Length of the lesson, hours.';
COMMENT ON COLUMN analytics.cases.hour_utc IS 'The hour whose forecast opened it, UTC.';
COMMENT ON COLUMN analytics.cases.detected_at_utc IS 'When the conflict was detected, UTC.';
COMMENT ON COLUMN analytics.cases.proposed_at_utc IS 'When alternatives were first held out, UTC; null for never.';
COMMENT ON COLUMN analytics.cases.accepted_at_utc IS 'When the student first accepted one, UTC; null for never.';
COMMENT ON COLUMN analytics.cases.confirmed_at_utc IS 'When the instructor, or the rule in place of one, first confirmed it, UTC; null for never.';
COMMENT ON COLUMN analytics.cases.moved_at_utc IS 'When the lesson was moved, UTC; null for never.';
COMMENT ON COLUMN analytics.cases.cleared_at_utc IS 'When the forecast was above the minimums again, UTC; null where it did not end so.';
COMMENT ON COLUMN analytics.cases.expired_at_utc IS 'When its deadline passed without an answer, UTC; null where it did not end so.';
COMMENT ON COLUMN analytics.cases.ended_at_utc IS 'When it ended, UTC; null while it is open.';
COMMENT ON COLUMN analytics.cases.hours_of_notice IS 'From detection to the start of the lesson, hours.';
COMMENT ON COLUMN analytics.cases.minutes_to_proposal IS 'From detection to the first proposal, minutes; null for never.';
COMMENT ON COLUMN analytics.cases.minutes_to_acceptance IS 'From detection to the first acceptance, minutes; null for never.';
COMMENT ON COLUMN analytics.cases.minutes_to_confirmation IS 'From detection to the first confirmation, minutes; null for never.';
COMMENT ON COLUMN analytics.cases.minutes_to_end IS 'From detection to the end, minutes; null while it is open.';

CREATE VIEW analytics.case_steps AS
SELECT
    e.id AS step_id,
    e.case_id,
    e.at AS at_utc,
    e.at AT TIME ZONE f.time_zone AS at_local,
    b.departure AS airport,
    e.event,
    e.actor,
    e.from_state,
    e.to_state,
    extract(epoch FROM e.at - c.opened_at)::double precision / 60 AS minutes_since_detection
FROM school.case_events e
JOIN school.reschedule_cases c ON c.id = e.case_id
JOIN school.bookings b ON b.id = c.booking_id
JOIN school.airports f ON f.ident = b.departure;

COMMENT ON VIEW analytics.case_steps IS 'Everything that happened to cases, a row a step, in the order of step_id.';
COMMENT ON COLUMN analytics.case_steps.step_id IS 'Number of the step; later steps have higher ones.';
COMMENT ON COLUMN analytics.case_steps.case_id IS 'Case.';
COMMENT ON COLUMN analytics.case_steps.at_utc IS 'When, UTC.';
COMMENT ON COLUMN analytics.case_steps.at_local IS 'When, in the zone of the airport.';
COMMENT ON COLUMN analytics.case_steps.airport IS 'ICAO ident of the departure.';
COMMENT ON COLUMN analytics.case_steps.event IS 'What: opened, updated, accepted, withdrawn, none_suit, confirmed, moved, kept, declined, hold_released, reminded, cleared, expired, cancelled, changed, released or closed.';
COMMENT ON COLUMN analytics.case_steps.actor IS 'Who: platform, student, instructor or dispatcher.';
COMMENT ON COLUMN analytics.case_steps.from_state IS 'State before; null for the first step.';
COMMENT ON COLUMN analytics.case_steps.to_state IS 'State after.';
COMMENT ON COLUMN analytics.case_steps.minutes_since_detection IS 'Since the conflict was detected, minutes.';

CREATE VIEW analytics.outcomes_by_hour AS
SELECT
    hour_utc,
    hour_utc AT TIME ZONE time_zone AS hour_local,
    airport,
    training_level,
    cause,
    count(*) AS conflicts_detected,
    count(proposed_at_utc) AS proposed,
    count(accepted_at_utc) AS accepted,
    count(confirmed_at_utc) AS confirmed,
    count(moved_at_utc) AS moved,
    count(cleared_at_utc) AS cleared,
    count(expired_at_utc) AS expired,
    count(*) FILTER (WHERE state = 'kept') AS kept,
    count(*) FILTER (WHERE state = 'declined') AS declined,
    count(*) FILTER (WHERE state = 'cancelled') AS cancelled,
    count(*) FILTER (WHERE is_open) AS still_open,
    avg(minutes_to_confirmation) AS mean_minutes_to_confirmation
FROM analytics.cases
GROUP BY hour_utc, time_zone, airport, training_level, cause;

COMMENT ON VIEW analytics.outcomes_by_hour IS 'How many conflicts were detected in an hour and how far those came until now, a row an hour, airport, level and cause.';
COMMENT ON COLUMN analytics.outcomes_by_hour.hour_utc IS 'The hour of detection, UTC.';
COMMENT ON COLUMN analytics.outcomes_by_hour.hour_local IS 'The hour of detection, in the zone of the airport.';
COMMENT ON COLUMN analytics.outcomes_by_hour.airport IS 'ICAO ident of the departure.';
COMMENT ON COLUMN analytics.outcomes_by_hour.training_level IS 'student_pilot, private_pilot or instrument_rated.';
COMMENT ON COLUMN analytics.outcomes_by_hour.cause IS 'The gravest broken rule when it was detected; null where that hour is no longer stored.';
COMMENT ON COLUMN analytics.outcomes_by_hour.conflicts_detected IS 'Cases opened.';
COMMENT ON COLUMN analytics.outcomes_by_hour.proposed IS 'Of these, how many were given alternatives.';
COMMENT ON COLUMN analytics.outcomes_by_hour.accepted IS 'Of these, how many had one accepted by the student.';
COMMENT ON COLUMN analytics.outcomes_by_hour.confirmed IS 'Of these, how many had one confirmed.';
COMMENT ON COLUMN analytics.outcomes_by_hour.moved IS 'Of these, how many were moved.';
COMMENT ON COLUMN analytics.outcomes_by_hour.cleared IS 'Of these, how many ended because the forecast was above the minimums again.';
COMMENT ON COLUMN analytics.outcomes_by_hour.expired IS 'Of these, how many ended because nobody answered in time.';
COMMENT ON COLUMN analytics.outcomes_by_hour.kept IS 'Of these, how many ended because an instructor kept the lesson as booked.';
COMMENT ON COLUMN analytics.outcomes_by_hour.declined IS 'Of these, how many ended because no alternative suited, or none was confirmed in time.';
COMMENT ON COLUMN analytics.outcomes_by_hour.cancelled IS 'Of these, how many ended because the school changed or cancelled the booking, or a dispatcher ended the case.';
COMMENT ON COLUMN analytics.outcomes_by_hour.still_open IS 'Of these, how many are open.';
COMMENT ON COLUMN analytics.outcomes_by_hour.mean_minutes_to_confirmation IS 'Mean time from detection to confirmation, minutes; null where none was confirmed.';

CREATE VIEW analytics.weather_loss AS
SELECT
    date_trunc('hour', lesson_starts_at_utc, 'UTC') AS lesson_hour_utc,
    lesson_starts_at_local::date AS lesson_day_local,
    extract(hour FROM lesson_starts_at_local)::integer AS lesson_hour_local,
    airport,
    training_level,
    cause,
    count(DISTINCT booking_id) AS lessons_threatened,
    count(*) FILTER (WHERE state = 'rescheduled') AS lessons_moved,
    count(*) FILTER (WHERE is_lost) AS lessons_lost,
    coalesce(sum(lesson_hours) FILTER (WHERE state = 'rescheduled'), 0) AS hours_moved,
    coalesce(sum(lesson_hours) FILTER (WHERE is_lost), 0) AS hours_lost
FROM analytics.cases
GROUP BY 1, 2, 3, airport, training_level, cause;

COMMENT ON VIEW analytics.weather_loss IS 'Lessons and their hours that weather threatened, moved and took, a row an hour in which lessons were to start, airport, level and cause.';
COMMENT ON COLUMN analytics.weather_loss.lesson_hour_utc IS 'The hour in which the lessons were to start, UTC.';
COMMENT ON COLUMN analytics.weather_loss.lesson_day_local IS 'Its day in the zone of the airport.';
COMMENT ON COLUMN analytics.weather_loss.lesson_hour_local IS 'Its hour of the day in the zone of the airport, 0 to 23.';
COMMENT ON COLUMN analytics.weather_loss.airport IS 'ICAO ident of the departure.';
COMMENT ON COLUMN analytics.weather_loss.training_level IS 'student_pilot, private_pilot or instrument_rated.';
COMMENT ON COLUMN analytics.weather_loss.cause IS 'The gravest broken rule when it was detected; null where that hour is no longer stored.';
COMMENT ON COLUMN analytics.weather_loss.lessons_threatened IS 'Lessons with a case.';
COMMENT ON COLUMN analytics.weather_loss.lessons_moved IS 'Of these, how many were moved.';
COMMENT ON COLUMN analytics.weather_loss.lessons_lost IS 'Of these, how many were lost: expired, declined or cancelled, and not back in the schedule.';
COMMENT ON COLUMN analytics.weather_loss.hours_moved IS 'Length of the lessons that were moved, hours.';
COMMENT ON COLUMN analytics.weather_loss.hours_lost IS 'Length of the lessons that were lost, hours.';

CREATE VIEW analytics.lessons_at_risk AS
SELECT
    v.hour_utc,
    v.hour_utc AT TIME ZONE s.time_zone AS hour_local,
    s.departure AS airport,
    s.training_level,
    v.verdict,
    v.cause,
    count(*) AS lessons,
    sum(extract(epoch FROM s.ends_at_utc - s.starts_at_utc))::double precision / 3600 AS lesson_hours
FROM analytics.verdicts v
JOIN pipeline.booking_snapshot s ON s.partition_hour = v.hour_utc AND s.booking_id = v.booking_id
GROUP BY v.hour_utc, s.time_zone, s.departure, s.training_level, v.verdict, v.cause;

COMMENT ON VIEW analytics.lessons_at_risk IS 'What each hour found: lessons of the look-ahead that are not ok, a row an hour, airport, level, verdict and cause. Ask for a range of hour_utc.';
COMMENT ON COLUMN analytics.lessons_at_risk.hour_utc IS 'The hour whose forecast it was, UTC.';
COMMENT ON COLUMN analytics.lessons_at_risk.hour_local IS 'The same in the zone of the airport.';
COMMENT ON COLUMN analytics.lessons_at_risk.airport IS 'ICAO ident of the departure.';
COMMENT ON COLUMN analytics.lessons_at_risk.training_level IS 'student_pilot, private_pilot or instrument_rated.';
COMMENT ON COLUMN analytics.lessons_at_risk.verdict IS 'at_risk, unknown or watch.';
COMMENT ON COLUMN analytics.lessons_at_risk.cause IS 'The gravest broken rule; forecast where none can be read.';
COMMENT ON COLUMN analytics.lessons_at_risk.lessons IS 'How many lessons.';
COMMENT ON COLUMN analytics.lessons_at_risk.lesson_hours IS 'Their length, hours.';
