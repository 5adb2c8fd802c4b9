"""Odd rows, as they are entered: those that the database refuses now, and those that it takes."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Odd:
    """An odd row: how it is entered, and how it is named; ``None`` if it does not keep anything from being read."""

    enter: str
    named: str | None = None


BOOKING = (
    "INSERT INTO school.bookings (reference, school_id, student_id, instructor_id, aircraft_id, lesson_kind, solo, "
    "departure, route, period) VALUES ('{0}', 1, 1, 1, 1, 'local', false, 'KPAO', {1}, {2})"
)
SOON = "tstzrange('2026-11-12 03:00+00', '2026-11-12 04:00+00')"
MINIMUM = (
    "INSERT INTO school.weather_minimums (school_id, authority, rule, comparison, limit_value, unit, effect, "
    "effective_from, effective_to, reference) VALUES (1, 'school', '{}', '{}', {}, '{}', '{}', {}, {}, 'odd')"
)
DOWN = "INSERT INTO school.downtime (aircraft_id, period, reason) VALUES (1, {}, 'odd')"
AWAY = "INSERT INTO school.availability_exceptions (student_id, period, available) VALUES (1, {}, false)"
WISH = (
    "INSERT INTO school.student_preferences (student_id, {0}) VALUES (2, {1}) "
    "ON CONFLICT (student_id) DO UPDATE SET {0} = EXCLUDED.{0}"
)
FIELD = "UPDATE school.airports SET {} = {} WHERE ident = 'KPAO'"

WAITS = (
    "INSERT INTO school.standby (booking_id, since, until, put_by) SELECT id, '2026-11-09Z', {}, 'dispatcher' "
    "FROM school.bookings WHERE {}"
)


def minimum(rule: str, comparison: str, limit: str, unit: str, effect: str = "block", since: str = "'2026-01-01'",
            until: str = "NULL") -> str:  # fmt: skip
    return MINIMUM.format(rule, comparison, limit, unit, effect, since, until)


REFUSED: dict[str, Odd] = {
    "downtime to infinity": Odd(DOWN.format("tstzrange('2026-11-10Z', 'infinity')"), "school.downtime row"),
    "downtime from -infinity": Odd(DOWN.format("tstzrange('-infinity', '2026-11-12Z')"), "school.downtime row"),
    "downtime for ever": Odd(DOWN.format("tstzrange('-infinity', 'infinity')"), "school.downtime row"),
    "downtime of nothing": Odd(DOWN.format("'empty'"), "school.downtime row"),
    "downtime to the year 294276": Odd(DOWN.format("tstzrange('2026-11-10Z', '294276-01-01Z')"), "school.downtime row"),
    "away to infinity": Odd(AWAY.format("tstzrange('2026-11-10Z', 'infinity')"), "school.availability_exceptions row"),
    "away since the year 1": Odd(AWAY.format("tstzrange('0001-01-01Z', NULL)"), "school.availability_exceptions row"),
    "away for nothing": Odd(AWAY.format("'empty'"), "school.availability_exceptions row"),
    "latest date infinity": Odd(WISH.format("latest_date", "'infinity'"), "school.student_preferences row 2"),
    "latest date -infinity": Odd(WISH.format("latest_date", "'-infinity'"), "school.student_preferences row 2"),
    "latest date in the year 12000": Odd(WISH.format("latest_date", "'12000-01-01'"), "school.student_preferences row"),
    "standby until infinity": Odd(
        WAITS.format("'infinity'", "id = (SELECT max(id) FROM school.bookings WHERE status = 'scheduled' AND NOT solo)")
    ),
    "wishes in a table": Odd(WISH.format("days", "'{{mon},{tue}}'"), "school.student_preferences row 2, days"),
    "a booking in the year 294000": Odd(
        BOOKING.format("far", "'{}'", "tstzrange('294000-01-01Z', '294000-01-01 01:00Z')"), "school.bookings row"
    ),
    "a route with a gap": Odd(BOOKING.format("odd", "ARRAY['KSJC', NULL]", SOON), "school.bookings row"),
    "a route in a table": Odd(BOOKING.format("odd", "'{{KSJC},{KPAO}}'", SOON), "school.bookings row"),
    "crosswind NaN": Odd("UPDATE school.aircraft SET demonstrated_crosswind_kt = 'NaN' WHERE id = 1", "aircraft row 1"),
    "crosswind infinity": Odd(
        "UPDATE school.aircraft SET demonstrated_crosswind_kt = 'infinity' WHERE id = 1", "aircraft row 1"
    ),
    "crosswind below 0": Odd("UPDATE school.aircraft SET demonstrated_crosswind_kt = -5 WHERE id = 1", "aircraft row"),
    "a level nobody has": Odd("UPDATE school.instructors SET may_teach = '{moon}' WHERE id = 1", "instructors row 1"),
    "levels in a table": Odd(
        "UPDATE school.instructors SET may_teach = '{{student_pilot},{private_pilot}}' WHERE id = 1",
        "instructors row 1, may_teach",
    ),
    "a runway without end": Odd(
        "UPDATE school.runways SET length_ft = 'infinity' WHERE airport = 'KPAO' AND runway = '31'", "runways row KPAO"
    ),
    "a field in space": Odd(FIELD.format("elevation_ft", "'NaN'"), "school.airports row KPAO"),
    "approach ceiling NaN": Odd(FIELD.format("approach_ceiling_ft", "'NaN'"), "school.airports row KPAO"),
    "approach visibility below 0": Odd(FIELD.format("approach_visibility_sm", "-1"), "school.airports row KPAO"),
    "the base in no time zone": Odd(FIELD.format("time_zone", "'Mars/Olympus'"), "school.airports row KPAO, time_zone"),
    "a path for a time zone": Odd(FIELD.format("time_zone", "'../../etc'"), "school.airports row KPAO, time_zone"),
    "quiet hours from 24:00": Odd(
        "UPDATE school.contact_preferences SET quiet_from = '24:00', quiet_to = '07:00' WHERE student_id IS NOT NULL"
    ),
    "quiet hours in no time zone": Odd("UPDATE school.contact_preferences SET time_zone = 'Nowhere'"),
    "an unknown rule": Odd(minimum("mood", ">=", "5", "SM"), "school.weather_minimums row"),
    "a minimum that is NaN": Odd(minimum("wind", "<", "'NaN'", "kt"), "limit_value"),
    "a minimum that is infinite": Odd(minimum("wind", "<", "'infinity'", "kt"), "limit_value"),
    "a minimum without a limit": Odd(minimum("wind", "<", "NULL", "kt"), "limit_value"),
    "a minimum that allows everything": Odd(minimum("visibility", ">=", "-5", "SM"), "limit_value"),
    "a minimum in furlongs": Odd(minimum("visibility", ">=", "5", "furlong"), "unit"),
    "a ceiling in kilometres": Odd(minimum("ceiling", ">=", "1", "km"), "unit"),
    "a comparison that allows the worse": Odd(minimum("visibility", "<", "5", "SM"), "comparison"),
    "a limit on the aircraft's own crosswind": Odd(minimum("aircraft_crosswind", "<=", "5", "kt"), "limit_value"),
    "the aircraft's own crosswind by the moon": Odd(minimum("aircraft_crosswind", "<=", "NULL", "moon"), "unit"),
    "icing below a number": Odd(minimum("icing", "none", "5", ""), "limit_value"),
    "icing by the moon": Odd(minimum("icing", "none", "'NaN'", "moon"), "unit"),
    "areas of icing in knots": Odd(minimum("icing_area", "none", "NULL", "kt"), "unit"),
    "a minimum since for ever": Odd(
        minimum("wind", "<", "9", "kt", since="'-infinity'"), "school.weather_minimums row"
    ),
    "a minimum until infinity": Odd(minimum("wind", "<", "9", "kt", until="'infinity'"), "school.weather_minimums row"),
    "a minimum that ends before it begins": Odd(minimum("wind", "<", "9", "kt", until="'2020-01-01'"), "effective_to"),
}
"""Rows that the database refuses now, with the names of older ones."""

TAKEN: dict[str, str] = {
    "a field without runways": "DELETE FROM school.runways WHERE airport = 'KPAO'",
    "all runways closed": "UPDATE school.runways SET closed = true WHERE airport = 'KPAO'",
    "a field at the north pole": "UPDATE school.airports SET latitude_deg = 90, longitude_deg = 180 "
    "WHERE ident = 'KSTS'",
    "a field without approaches": FIELD.format("approach_ceiling_ft", "NULL"),
    "an aircraft of no known crosswind": "UPDATE school.aircraft SET demonstrated_crosswind_kt = NULL WHERE id = 1",
    "an aircraft of no name": "UPDATE school.aircraft SET type = '' WHERE id = 1",
    "a tail number of signs": "UPDATE school.aircraft SET type = E'\\u202e', tail_number = E'N\\u200b\\U0001F681' "
    "WHERE id = 2",
    "an instructor who teaches nobody": "UPDATE school.instructors SET may_teach = '{}' WHERE id = 1",
    "an aircraft of another school": "UPDATE school.bookings SET aircraft_id = 9 WHERE id IN "
    "(SELECT min(id) FROM school.bookings WHERE school_id = 1)",
    "a student of another school": "UPDATE school.students SET school_id = 2 WHERE id = 1",
    "a route to nowhere": BOOKING.format("odd", "ARRAY['', 'ZZZZ', E'K\\n']", SOON),
    "a reference of signs": BOOKING.format("\U0001f6e9 \u202e'';--", "'{}'", SOON),
    "a booking of no time at all": BOOKING.format(
        "odd", "'{}'", "tstzrange('2026-11-12 03:00Z', '2026-11-12 03:00:00.000001Z')"
    ),
    "downtime without end": DOWN.format("tstzrange('2026-11-10Z', NULL)"),
    "downtime of a moment": DOWN.format("tstzrange('2026-11-12Z', '2026-11-12 00:00:00.000001Z')"),
    "the same downtime twice": f"{DOWN.format(SOON)}; {DOWN.format(SOON)}",
    "a school that closes at midnight": "UPDATE school.opening_hours SET closes = '24:00' WHERE school_id = 1",
    "a school that never opens": "DELETE FROM school.opening_hours WHERE school_id = 1",
    "a person who can fly until midnight": "UPDATE school.availability SET ends = '24:00' WHERE instructor_id = 1",
    "wishes that exclude each other": "UPDATE school.student_preferences SET days = '{mon}', "
    "parts_of_day = '{evening}', latest_date = '2026-11-10', notice_hours = 336",
    "a latest date long ago": WISH.format("latest_date", "'2000-01-01'"),
    "a note of signs": WISH.format("note", "E'\\u0001\\u202e\\U0001F600 \\\\ {}'"),
    "moved more often than can be": "UPDATE school.bookings SET times_moved = 2147483647 WHERE school_id = 1",
    "times moved below 0": "UPDATE school.bookings SET times_moved = -2147483648 WHERE school_id = 1",
    "the same minimum twice": f"{minimum('wind', '<', '9', 'kt')}; {minimum('wind', '<', '9', 'kt')}",
    "minimums that contradict each other": "; ".join(
        minimum("wind", "<", limit, "kt", effect) for limit, effect in (("9", "block"), ("30", "warn"))
    ),
    "a minimum until the last day": minimum("wind", "<", "9", "kt", until="'9999-12-31'"),
    "a school of no name": "UPDATE school.schools SET name = '', dispatch_email = '' WHERE id = 1",
}
"""Rows that are odd, and accepted."""

CASES = (
    "INSERT INTO school.reschedule_cases (booking_id, state, opened_hour, last_hour, starts_at_utc, ends_at_utc, "
    "instructor_id, aircraft_id, deadline_utc, round, opened_at) SELECT id, 'proposed', '2026-11-10 13:00Z', "
    "'2026-11-10 13:00Z', '2026-11-12 03:00Z', '2026-11-12 04:00Z', 1, 1, '2026-11-10 15:00Z', 1, '2026-11-10 13:00Z' "
    "FROM school.bookings WHERE reference IN ('odd', 'far')"
)
HELD = (
    "UPDATE school.bookings SET status = 'weather_hold', weather_hold_by = 'platform' WHERE reference IN ('odd', 'far')"
)
OPEN_AT_THE_UPGRADE = (
    HELD,
    CASES,
    WAITS.format("NULL", "reference IN ('odd', 'far')"),
    WAITS.format("'2026-11-20'", "reference = 'PAO-1003'"),
    BOOKING.format("gone", "'{}'", "tstzrange('294000-01-02Z', '294000-01-02 01:00Z')"),
    "UPDATE school.bookings SET status = 'cancelled' WHERE reference = 'gone'",
)
"""Cases and places on the standby list of rows that are refused now, and a last day without end."""
