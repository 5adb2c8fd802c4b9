"""The assessment in SQL on DuckDB.

Forecast rows become one row an airport and hour first, with the worst of the prevailing and of all groups side by
side; the minimums become one row a profile. Then bookings are unnested to places and hours, joined, and grouped.
"""

from pathlib import Path

import duckdb
import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks.risk.data import BUFFER_MINUTES, FIRST_HOUR_UTC, FRAMES
from flightsched_pipelines.domain.risk.rules import ALTITUDES_FT
from flightsched_pipelines.domain.weather.conditions import CONVECTIVE, FREEZING, HAZARDS, WIND_SHEAR
from flightsched_pipelines.domain.weather.reports.words.weather_codes import read_weather


def load(folder: Path) -> duckdb.DuckDBPyConnection:
    """A database in memory with a table a frame."""
    connection = duckdb.connect()
    for name in FRAMES:
        path = str(folder / f"{name}.parquet")
        connection.execute(f"CREATE TABLE {name} AS SELECT * FROM read_parquet(?)", [path])  # noqa: S608, our name
    return connection


def assess(connection: duckdb.DuckDBPyConnection) -> NDArray[np.uint8]:
    """The verdict of each booking as its number, in the order of the bookings."""
    words = [word for (word,) in connection.execute("SELECT DISTINCT weather FROM forecasts").fetchall()]
    read = [(word, read_weather(word)) for word in words]
    falls = pl.DataFrame({"weather": words, "falls": [one.precipitation or not one.legible for _, one in read]})
    connection.execute("CREATE OR REPLACE TEMP TABLE falls (weather VARCHAR, falls BOOLEAN)")
    connection.executemany("INSERT INTO falls VALUES (?, ?)", falls.rows())
    for statement in (_ACROSS, _cells(), _LIT, _LIMITS):
        connection.execute(statement)
    return connection.execute(_VERDICTS).fetchnumpy()["severity"]


_FIRST = f"TIMESTAMP '{FIRST_HOUR_UTC:%Y-%m-%d %H:%M:%S}'"

_ACROSS = """
CREATE OR REPLACE TEMP TABLE across AS
SELECT airport, direction, arg_max(abs(sin(radians(direction - heading))), cos(radians(direction - heading))) AS share
FROM (SELECT DISTINCT airport, wind_direction_deg AS direction FROM forecasts WHERE wind_direction_deg IS NOT NULL)
JOIN (SELECT airport, heading_true_deg AS heading FROM runways WHERE NOT closed) USING (airport)
GROUP BY ALL
"""


def _listed(codes: frozenset[str] | tuple[str, ...]) -> str:
    return f"[{', '.join(repr(code) for code in sorted(codes))}]"


def _icing(kind: str) -> str:
    """SQL that is true if a climb meets moisture between 0 and -20 °C, or a code is icing."""
    altitude = ALTITUDES_FT[kind]
    return (
        f"freezing OR coalesce(base <= {altitude} AND temperature_c - 0.002 * {altitude} <= 0"
        " AND temperature_c - 0.002 * base >= -20, false)"
    )


def _cells() -> str:
    """One row an airport and hour: ``_p`` is the worst of the prevailing groups, ``_a`` of all."""
    quantities = {
        "visibility": "min", "ceiling": "min", "wind": "max", "gust": "max", "spread": "max", "crosswind": "max",
        "thunderstorm": "bool_or", "shear": "bool_or", "icing_pattern": "bool_or", "icing_local": "bool_or",
        "icing_cross_country": "bool_or",
    }  # fmt: skip
    worst = ", ".join(
        f"{worse}({name}) FILTER (WHERE prevailing) AS {name}_p, {worse}({name}) AS {name}_a"
        for name, worse in quantities.items()
    )
    icing = ", ".join(f"{_icing(kind)} AS icing_{kind}" for kind in ALTITUDES_FT)
    return f"""
CREATE OR REPLACE TEMP TABLE cells AS
WITH read AS (
    SELECT
        f.airport, date_diff('hour', {_FIRST}, hour_utc) AS hour, layer = 'prevailing' AS prevailing,
        len(missing) > 0 OR NOT list_has_all({_listed(HAZARDS)}, hazards)
            OR wind_speed_kt IS NULL OR visibility_sm IS NULL AS lacking,
        visibility_sm AS visibility, ceiling_ft AS ceiling, wind_speed_kt AS wind,
        greatest(wind_gust_kt, wind_speed_kt) AS gust, greatest(wind_gust_kt, wind_speed_kt) - wind_speed_kt AS spread,
        CASE WHEN wind_speed_kt IS NOT NULL
            THEN greatest(wind_gust_kt, wind_speed_kt) * coalesce(share, 1) END AS crosswind,
        list_has_any(hazards, {_listed(CONVECTIVE)}) AS thunderstorm,
        list_has_any(hazards, {_listed(WIND_SHEAR)}) AS shear,
        list_has_any(hazards, {_listed(FREEZING)}) AS freezing,
        temperature_c, CASE WHEN falls THEN 0 ELSE ceiling_ft END AS base
    FROM forecasts AS f
    JOIN airports USING (airport)
    JOIN falls USING (weather)
    LEFT JOIN across ON across.airport = f.airport AND across.direction = f.wind_direction_deg
    WHERE governs AND hour_utc >= {_FIRST}
), judged AS (SELECT *, {icing} FROM read)
SELECT airport, hour, bool_or(prevailing) AND NOT bool_or(lacking) AS complete, {worst},
    any_value(approach_visibility_sm) AS approach_visibility, any_value(approach_ceiling_ft) AS approach_ceiling
FROM judged JOIN airports USING (airport)
GROUP BY airport, hour
"""  # noqa: S608, our own words


_LIT = f"""
CREATE OR REPLACE TEMP TABLE lit AS
WITH placed AS (
    SELECT
        booking_id, school_id, training_level, solo, lesson_kind, departure, route, aircraft_crosswind_kt,
        starts_at_utc AS starts, ends_at_utc AS ends, coalesce(route[-1], departure) AS destination
    FROM bookings
), days AS (
    SELECT
        p.*,
        CAST(starts + to_minutes(CAST(round_even(4 * coalesce(a.longitude_deg, 0), 0) AS BIGINT)) AS DATE) AS day,
        CAST(starts + to_minutes(CAST(round_even(4 * coalesce(b.longitude_deg, 0), 0) AS BIGINT)) AS DATE) AS last_day
    FROM placed AS p
    LEFT JOIN airports AS a ON a.airport = departure
    LEFT JOIN airports AS b ON b.airport = destination
)
SELECT
    d.*, coalesce(starts < s.dawn_utc OR ends > s.dusk_utc, true) AS night,
    CASE WHEN s.airport IS NULL OR t.airport IS NULL THEN NULL
        WHEN starts < s.sunrise_utc THEN epoch_us(starts) - epoch_us(s.sunrise_utc)
        ELSE epoch_us(t.sunset_utc) - epoch_us(ends) END / 60e6 AS light,
    CASE WHEN ends <= starts OR starts < {_FIRST} THEN -1
        ELSE greatest(floor((epoch_us(starts - INTERVAL {BUFFER_MINUTES} MINUTE) - epoch_us({_FIRST})) / 3600e6), 0)
    END::BIGINT AS first,
    (ceil((epoch_us(ends + INTERVAL {BUFFER_MINUTES} MINUTE) - epoch_us({_FIRST})) / 3600e6) - 1)::BIGINT AS last
FROM days AS d
LEFT JOIN suns AS s ON s.airport = departure AND s.solar_date = day
LEFT JOIN suns AS t ON t.airport = destination AND t.solar_date = last_day
"""  # noqa: S608, our own words

_LIMITS = """
CREATE OR REPLACE TEMP TABLE limits AS
WITH profiles AS (SELECT DISTINCT school_id, training_level, solo, lesson_kind, night FROM lit),
rules AS (
    SELECT
        *,
        CASE comparison WHEN '>' THEN nextafter(limit_value, 'inf'::DOUBLE)
            WHEN '<' THEN nextafter(limit_value, '-inf'::DOUBLE) ELSE limit_value END AS lim
    FROM minimums
), of_school AS (
    SELECT p.*, r.* EXCLUDE (school_id, training_level, solo, lesson_kind, night), r.training_level AS r_level,
        r.solo AS r_solo, r.lesson_kind AS r_kind, r.night AS r_night
    FROM profiles AS p JOIN rules AS r ON r.school_id = p.school_id
    UNION ALL
    SELECT p.*, r.* EXCLUDE (school_id, training_level, solo, lesson_kind, night), r.training_level AS r_level,
        r.solo AS r_solo, r.lesson_kind AS r_kind, r.night AS r_night
    FROM profiles AS p CROSS JOIN rules AS r WHERE r.school_id IS NULL
), applying AS (
    SELECT
        school_id, training_level, solo, lesson_kind, night, rule, effect, lim, authority,
        bool_or(authority = 'school' AND effect = 'block')
            OVER (PARTITION BY school_id, training_level, solo, lesson_kind, night, rule) AS own
    FROM of_school
    WHERE (r_level IS NULL OR r_level = training_level) AND (r_solo IS NULL OR r_solo = solo)
        AND (r_kind IS NULL OR r_kind = lesson_kind) AND (r_night IS NULL OR r_night = night)
)
SELECT
    school_id, training_level, solo, lesson_kind, night,
    bool_or(effect = 'block') AS judged,
    max(lim) FILTER (WHERE rule = 'visibility' AND effect = 'block') AS visibility_b,
    max(lim) FILTER (WHERE rule = 'visibility') AS visibility_w,
    max(lim) FILTER (WHERE rule = 'ceiling' AND effect = 'block') AS ceiling_b,
    max(lim) FILTER (WHERE rule = 'ceiling') AS ceiling_w,
    min(lim) FILTER (WHERE rule = 'wind' AND effect = 'block') AS wind_b,
    min(lim) FILTER (WHERE rule = 'wind') AS wind_w,
    min(lim) FILTER (WHERE rule = 'gust' AND effect = 'block') AS gust_b,
    min(lim) FILTER (WHERE rule = 'gust') AS gust_w,
    min(lim) FILTER (WHERE rule = 'gust_spread' AND effect = 'block') AS spread_b,
    min(lim) FILTER (WHERE rule = 'gust_spread') AS spread_w,
    min(lim) FILTER (WHERE rule = 'crosswind' AND effect = 'block') AS crosswind_b,
    min(lim) FILTER (WHERE rule = 'crosswind') AS crosswind_w,
    bool_or(rule = 'thunderstorm' AND effect = 'block') AS thunderstorm_b,
    bool_or(rule = 'thunderstorm') AS thunderstorm_w,
    bool_or(rule = 'icing' AND effect = 'block') AS icing_b,
    bool_or(rule = 'icing') AS icing_w,
    bool_or(rule = 'wind_shear' AND effect = 'block') AS shear_b,
    bool_or(rule = 'wind_shear') AS shear_w,
    bool_or(rule = 'aircraft_crosswind' AND effect = 'block') AS aircraft_b,
    bool_or(rule = 'aircraft_crosswind') AS aircraft_w,
    max(lim) FILTER (WHERE rule = 'daylight' AND effect = 'block') AS daylight_b,
    max(lim) FILTER (WHERE rule = 'daylight' AND effect = 'warn') AS daylight_w
FROM applying
WHERE authority <> 'default' OR NOT own
GROUP BY ALL
"""

_VERDICTS = """
WITH held AS (
    SELECT b.*, l.* EXCLUDE (school_id, training_level, solo, lesson_kind, night)
    FROM lit AS b
    LEFT JOIN limits AS l ON
        l.school_id IS NOT DISTINCT FROM b.school_id AND l.training_level = b.training_level AND l.solo = b.solo
        AND l.lesson_kind = b.lesson_kind AND l.night = b.night
), places AS (SELECT * EXCLUDE (route), unnest(list_prepend(departure, route)) AS airport FROM held),
hours AS (SELECT *, unnest(range(first, greatest(first, last) + 1)) AS hour FROM places),
hourly AS (
    SELECT
        booking_id,
        CASE
            WHEN CASE WHEN solo THEN visibility_a ELSE visibility_p END < least_allowed_visibility
                OR CASE WHEN solo THEN ceiling_a ELSE ceiling_p END < least_allowed_ceiling
                OR CASE WHEN solo THEN wind_a ELSE wind_p END > wind_b
                OR CASE WHEN solo THEN gust_a ELSE gust_p END > gust_b
                OR CASE WHEN solo THEN spread_a ELSE spread_p END > spread_b
                OR CASE WHEN solo THEN crosswind_a ELSE crosswind_p END > crosswind_b
                OR CASE WHEN solo THEN shear_a ELSE shear_p END AND shear_b
                OR thunderstorm_a AND thunderstorm_b
                OR icing_a AND icing_b
                OR CASE WHEN solo THEN crosswind_a ELSE crosswind_p END > aircraft_crosswind_kt AND aircraft_b
                THEN 3
            WHEN complete IS NOT TRUE THEN 2
            WHEN visibility_a < greatest(least_allowed_visibility, visibility_w)
                OR ceiling_a < greatest(least_allowed_ceiling, ceiling_w)
                OR wind_a > wind_w OR gust_a > gust_w OR spread_a > spread_w OR crosswind_a > crosswind_w
                OR shear_a AND shear_w OR thunderstorm_a AND thunderstorm_w OR icing_a AND icing_w
                OR crosswind_a > aircraft_crosswind_kt AND aircraft_w
                THEN 1
            ELSE 0
        END::UTINYINT AS severity
    FROM (
        SELECT
            h.*, c.* EXCLUDE (airport, hour),
            CASE WHEN training_level = 'instrument_rated' THEN greatest(visibility_b, approach_visibility)
                ELSE visibility_b END AS least_allowed_visibility,
            CASE WHEN training_level = 'instrument_rated' THEN greatest(ceiling_b, approach_ceiling)
                ELSE ceiling_b END AS least_allowed_ceiling,
            CASE lesson_kind WHEN 'pattern' THEN icing_pattern_a WHEN 'local' THEN icing_local_a
                ELSE icing_cross_country_a END AS icing_a
        FROM hours AS h
        LEFT JOIN cells AS c ON c.airport = h.airport AND c.hour = h.hour
    )
), worst AS (SELECT booking_id, max(severity) AS severity FROM hourly GROUP BY booking_id)
SELECT
    greatest(
        w.severity,
        CASE WHEN h.light < daylight_b THEN 3 WHEN h.light IS NULL OR judged IS NOT TRUE THEN 2
            WHEN h.light < daylight_w THEN 1 ELSE 0 END
    )::UTINYINT AS severity
FROM worst AS w JOIN held AS h USING (booking_id)
ORDER BY booking_id
"""
