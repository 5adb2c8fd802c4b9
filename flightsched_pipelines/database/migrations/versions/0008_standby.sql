CREATE VIEW analytics.freed_slots AS
SELECT
    s.id AS freed_slot_id,
    s.school_id,
    b.departure AS airport,
    f.time_zone,
    a.type AS aircraft_type,
    s.instructor_id IS NULL AS solo,
    s.why AS freed_by,
    s.starts_at_utc,
    s.starts_at_utc AT TIME ZONE f.time_zone AS starts_at_local,
    extract(epoch FROM s.ends_at_utc - s.starts_at_utc)::double precision / 3600 AS slot_hours,
    s.freed_at AS freed_at_utc,
    extract(epoch FROM s.starts_at_utc - s.freed_at)::double precision / 3600 AS hours_of_notice,
    o.times_offered,
    o.first_offered_at_utc,
    o.taken_at_utc,
    o.taken_at_utc IS NOT NULL AS is_taken
FROM school.freed_slots s
JOIN school.bookings b ON b.id = s.booking_id
JOIN school.airports f ON f.ident = b.departure
JOIN school.aircraft a ON a.id = s.aircraft_id
CROSS JOIN LATERAL (
    SELECT
        count(*) AS times_offered,
        min(c.opened_at) AS first_offered_at_utc,
        max(c.closed_at) FILTER (WHERE c.state = 'rescheduled') AS taken_at_utc
    FROM school.reschedule_cases c
    WHERE c.freed_slot_id = s.id
) o;

COMMENT ON VIEW analytics.freed_slots IS 'Slots that lessons left, and whether a lesson on standby took them, a row a slot.';
COMMENT ON COLUMN analytics.freed_slots.freed_slot_id IS 'The slot.';
COMMENT ON COLUMN analytics.freed_slots.school_id IS 'School, as a number.';
COMMENT ON COLUMN analytics.freed_slots.airport IS 'ICAO ident of the departure of the lesson that left it.';
COMMENT ON COLUMN analytics.freed_slots.time_zone IS 'IANA zone of the airport; the column that ends in _local is in it.';
COMMENT ON COLUMN analytics.freed_slots.aircraft_type IS 'Type of the aircraft that came free, such as C172S.';
COMMENT ON COLUMN analytics.freed_slots.solo IS 'Whether no instructor came free with it.';
COMMENT ON COLUMN analytics.freed_slots.freed_by IS 'How it came free: the lesson moved, was cancelled, or was changed by the school.';
COMMENT ON COLUMN analytics.freed_slots.starts_at_utc IS 'Start of the slot, UTC.';
COMMENT ON COLUMN analytics.freed_slots.starts_at_local IS 'Start of the slot, local.';
COMMENT ON COLUMN analytics.freed_slots.slot_hours IS 'Length of the slot, hours.';
COMMENT ON COLUMN analytics.freed_slots.freed_at_utc IS 'When it came free, UTC.';
COMMENT ON COLUMN analytics.freed_slots.hours_of_notice IS 'From when it came free to its start, hours.';
COMMENT ON COLUMN analytics.freed_slots.times_offered IS 'To how many lessons it was offered, one after another.';
COMMENT ON COLUMN analytics.freed_slots.first_offered_at_utc IS 'When it was first offered, UTC; null for never.';
COMMENT ON COLUMN analytics.freed_slots.taken_at_utc IS 'When a lesson on standby moved into it, UTC; null for never.';
COMMENT ON COLUMN analytics.freed_slots.is_taken IS 'Whether a lesson on standby moved into it.';
