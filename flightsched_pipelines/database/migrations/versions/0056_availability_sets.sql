CREATE VIEW pipeline.availability_snapshot AS
SELECT partition_hour, school_id, resource, resource_id, starts_at_utc, ends_at_utc, aircraft_type,
    aircraft_crosswind_kt, may_teach
FROM pipeline.availability_periods
UNION ALL
SELECT h.partition_hour, h.school_id, s.resource, s.resource_id, p.starts_at_utc, p.ends_at_utc, s.aircraft_type,
    s.aircraft_crosswind_kt, s.may_teach
FROM pipeline.school_availability h
JOIN pipeline.availability_sets s ON s.digest = h.digest
CROSS JOIN LATERAL unnest(s.starts_at_utc, s.ends_at_utc) AS p (starts_at_utc, ends_at_utc);

COMMENT ON VIEW pipeline.availability_snapshot IS 'Availability of each school, student, instructor, aircraft and simulator, as known at the hour, on whole UTC days from that of the hour on; one row a period.';
COMMENT ON COLUMN pipeline.availability_snapshot.partition_hour IS 'The hour that the row belongs to: what was known then, UTC.';
COMMENT ON COLUMN pipeline.availability_snapshot.school_id IS 'School.';
COMMENT ON COLUMN pipeline.availability_snapshot.resource IS 'school, student, instructor, aircraft or simulator.';
COMMENT ON COLUMN pipeline.availability_snapshot.resource_id IS 'Identifier within that kind of resource.';
COMMENT ON COLUMN pipeline.availability_snapshot.starts_at_utc IS 'Start, UTC.';
COMMENT ON COLUMN pipeline.availability_snapshot.ends_at_utc IS 'End, UTC.';
COMMENT ON COLUMN pipeline.availability_snapshot.aircraft_type IS 'Type, of aircraft; else null.';
COMMENT ON COLUMN pipeline.availability_snapshot.aircraft_crosswind_kt IS 'Demonstrated crosswind, of aircraft, knots; else null.';
COMMENT ON COLUMN pipeline.availability_snapshot.may_teach IS 'Training levels, of instructors.';

-- The version before writes rows by the view, while both run.
CREATE FUNCTION pipeline.add_availability() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO pipeline.availability_periods SELECT NEW.*;
    RETURN NEW;
END
$$;

CREATE FUNCTION pipeline.remove_availability() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- The school's rows of the hour become rows of its own, of which one goes.
    WITH no_longer AS (
        DELETE FROM pipeline.school_availability
        WHERE partition_hour = OLD.partition_hour AND school_id = OLD.school_id
        RETURNING partition_hour, school_id, digest
    )
    INSERT INTO pipeline.availability_periods (partition_hour, school_id, resource, resource_id, starts_at_utc,
        ends_at_utc, aircraft_type, aircraft_crosswind_kt, may_teach)
    SELECT n.partition_hour, n.school_id, s.resource, s.resource_id, p.starts_at_utc, p.ends_at_utc, s.aircraft_type,
        s.aircraft_crosswind_kt, s.may_teach
    FROM no_longer n
    JOIN pipeline.availability_sets s ON s.digest = n.digest
    CROSS JOIN LATERAL unnest(s.starts_at_utc, s.ends_at_utc) AS p (starts_at_utc, ends_at_utc);
    DELETE FROM pipeline.availability_periods WHERE ctid = (
        SELECT ctid FROM pipeline.availability_periods a
        WHERE a.partition_hour = OLD.partition_hour AND a.resource_id = OLD.resource_id AND a IS NOT DISTINCT FROM
            ROW(OLD.partition_hour, OLD.school_id, OLD.resource, OLD.resource_id, OLD.starts_at_utc, OLD.ends_at_utc,
                OLD.aircraft_type, OLD.aircraft_crosswind_kt, OLD.may_teach)
        LIMIT 1
    );
    RETURN OLD;
END
$$;

CREATE TRIGGER add_availability INSTEAD OF INSERT ON pipeline.availability_snapshot
    FOR EACH ROW EXECUTE FUNCTION pipeline.add_availability();
CREATE TRIGGER remove_availability INSTEAD OF DELETE ON pipeline.availability_snapshot
    FOR EACH ROW EXECUTE FUNCTION pipeline.remove_availability();
