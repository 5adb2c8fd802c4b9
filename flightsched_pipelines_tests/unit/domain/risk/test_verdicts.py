"""Verdicts of single lessons: boundaries, layers, windows, places, night and light."""

from datetime import UTC, date, datetime
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest

from flightsched_pipelines.domain.risk.assess import assess
from flightsched_pipelines.domain.risk.bookings import BOOKING_COLUMNS, BookingsError
from flightsched_pipelines.domain.risk.limits.minimums import MINIMUM_COLUMNS
from flightsched_pipelines.domain.risk.rules import TRAINING_LEVELS
from flightsched_pipelines.domain.weather.daylight import sun_table
from flightsched_pipelines.domain.weather.forecast_columns import FORECAST_COLUMNS
from flightsched_pipelines_tests.unit.domain.risk.builders import (
    AIRPORTS,
    DEFAULTS,
    HOURS,
    NOW,
    RUNWAYS,
    SUNS,
    at,
    fine,
    frame,
    hold,
    lesson,
    minimum,
    verdict,
    weather,
)

SOLO = lesson(solo=True)
PRIVATE = lesson(training_level="private_pilot")
INSTRUMENT = lesson(training_level="instrument_rated", departure="KSQL")
STRAIGHT = {"wind_direction_deg": 314.0}
ACROSS = {"wind_direction_deg": 224.0}


@pytest.mark.parametrize(
    ("who", "allowed", "broken"),
    [
        (lesson(), {"visibility_sm": 5.01}, {"visibility_sm": 5.0}),
        (lesson(), {"ceiling_ft": 5000.0}, {"ceiling_ft": 4999.0}),
        (lesson(), {"wind_speed_kt": 9.9} | STRAIGHT, {"wind_speed_kt": 10.0} | STRAIGHT),
        (lesson(), {"wind_speed_kt": 9.0, "wind_gust_kt": 20.0} | STRAIGHT, {"wind_gust_kt": 20.1} | STRAIGHT),
        (lesson(), {"wind_gust_kt": 12.0} | ACROSS, {"wind_gust_kt": 12.1} | ACROSS),
        (SOLO, {"wind_gust_kt": 15.0} | STRAIGHT, {"wind_gust_kt": 15.1} | STRAIGHT),
        (SOLO, {"wind_gust_kt": 10.0} | ACROSS, {"wind_gust_kt": 10.1} | ACROSS),
        (SOLO, {"wind_speed_kt": 4.0, "wind_gust_kt": 14.0} | STRAIGHT, {"wind_gust_kt": 15.1} | STRAIGHT),
        (PRIVATE, {"visibility_sm": 3.01}, {"visibility_sm": 3.0}),
        (PRIVATE, {"ceiling_ft": 1001.0}, {"ceiling_ft": 1000.0}),
        (PRIVATE, {"wind_speed_kt": 24.9} | STRAIGHT, {"wind_speed_kt": 25.0} | STRAIGHT),
        (PRIVATE, {"wind_gust_kt": 15.0} | ACROSS, {"wind_gust_kt": 15.1} | ACROSS),
        (INSTRUMENT, {"visibility_sm": 1.0}, {"visibility_sm": 0.99}),
        (INSTRUMENT, {"ceiling_ft": 500.0}, {"ceiling_ft": 499.0}),
        (INSTRUMENT, {"wind_speed_kt": 29.0} | STRAIGHT, {"wind_speed_kt": 30.0} | STRAIGHT),
        (INSTRUMENT, {"wind_gust_kt": 17.0} | ACROSS, {"wind_gust_kt": 17.1} | ACROSS),
    ],
)
def test_each_default_limit_is_broken_exactly_where_it_says(
    who: dict[str, Any], allowed: dict[str, Any], broken: dict[str, Any]
) -> None:
    place = who["departure"]
    assert verdict(who, fine(place, **allowed)) == "ok"
    assert verdict(who, fine(place, **broken)) == "at_risk"


@pytest.mark.parametrize(("comparison", "at_limit"), [(">", "at_risk"), (">=", "ok")])
def test_only_a_strict_comparison_is_broken_by_its_own_limit(comparison: str, at_limit: str) -> None:
    rules = [minimum("visibility", comparison, 4)]
    assert verdict(lesson(), fine(visibility_sm=4.0), rules) == at_limit
    assert verdict(lesson(), fine(visibility_sm=float(np.nextafter(4, 5))), rules) == "ok"
    assert verdict(lesson(), fine(visibility_sm=float(np.nextafter(4, 3))), rules) == "at_risk"


@pytest.mark.parametrize("who", [lesson(), SOLO, PRIVATE, lesson(training_level="instrument_rated")])
def test_a_clear_sky_never_violates_a_ceiling_minimum(who: dict[str, Any]) -> None:
    assert verdict(who, fine(ceiling_ft=None)) == "ok"


def test_a_light_wind_from_anywhere_is_fine_for_everyone() -> None:
    directions = [None, *range(0, 360, 10)]
    hours = range(len(directions))
    sky = [weather(hour, wind_direction_deg=directions[hour], wind_speed_kt=9.0) for hour in hours]
    everyone = [
        lesson(training_level=level, solo=solo, starts_at_utc=at(hour), ends_at_utc=at(hour + 1))
        for level, solo, hour in product(TRAINING_LEVELS, (True, False), hours)
    ]
    not_for_the_sun = DEFAULTS[DEFAULTS["rule"] != "daylight"]
    assert set(hold(everyone, sky, not_for_the_sun, buffer_minutes=0).verdicts) == {"ok"}


@pytest.mark.parametrize(
    ("who", "facts", "expected"),
    [
        (lesson(), {"visibility_sm": 2.0}, "watch"),
        (SOLO, {"visibility_sm": 2.0}, "at_risk"),
        (lesson(), {"hazards": ["TS"]}, "at_risk"),
        (lesson(), {"hazards": ["CB"]}, "at_risk"),
        (lesson(), {"hazards": ["FZRA"]}, "at_risk"),
        (lesson(), {"hazards": ["LLWS"]}, "watch"),
        (lesson(), {"hazards": ["FG"]}, "ok"),
        (lesson(), {"missing": ["visibility"]}, "unknown"),
    ],
)
def test_a_temporary_group_is_to_be_watched_unless_it_is_grave(
    who: dict[str, Any], facts: dict[str, Any], expected: str
) -> None:
    assert verdict(who, [*fine(), weather(1, layer="temporary", **facts)]) == expected


def test_a_temporary_group_alone_is_no_forecast() -> None:
    sky = [row | {"layer": "temporary"} if row["hour_utc"] == at(1) else row for row in fine()]
    assert verdict(lesson(), sky) == "unknown"


def test_a_rule_that_warns_is_to_be_watched() -> None:
    assert verdict(lesson(), fine(visibility_sm=2.0), [minimum("visibility", ">", 5, effect="warn")]) == "unknown"
    rules = [minimum("visibility", ">", 5, effect="warn"), minimum("wind", "<", 10)]
    assert verdict(lesson(), fine(visibility_sm=2.0), rules) == "watch"


def test_more_crosswind_than_the_aircraft_has_shown_is_to_be_watched() -> None:
    windy = fine(wind_gust_kt=11.0, **ACROSS)
    assert verdict(lesson(aircraft_crosswind_kt=10.0), windy) == "watch"
    assert verdict(lesson(aircraft_crosswind_kt=11.0), windy) == "ok"
    assert verdict(lesson(aircraft_crosswind_kt=None), windy) == "ok"


def test_a_runway_that_is_closed_takes_no_crosswind() -> None:
    crossing = RUNWAYS.head(1).assign(runway="22", heading_true_deg=224.0)
    windy = fine(wind_gust_kt=20.0, **ACROSS)
    assert verdict(lesson(), windy, runways=pd.concat([RUNWAYS, crossing])) == "ok"
    assert verdict(lesson(), windy, runways=pd.concat([RUNWAYS, crossing.assign(closed=True)])) == "at_risk"


@pytest.mark.parametrize(("hour", "expected"), [(0, "at_risk"), (1, "at_risk"), (2, "at_risk"), (3, "ok")])
def test_the_hours_of_the_buffer_count(hour: int, expected: str) -> None:
    assert verdict(lesson(), [*fine(), weather(hour, visibility_sm=1.0)]) == expected


def test_an_hour_that_only_touches_the_lesson_does_not_count() -> None:
    sky = [*fine(), weather(2, visibility_sm=1.0)]
    assert verdict(lesson(), sky, buffer_minutes=0) == "ok"


def test_a_group_that_begins_within_an_hour_counts_beside_the_one_it_replaces() -> None:
    sky = [*fine(), weather(2, ceiling_ft=800.0, group_from_utc=at(2.5))]
    assert verdict(lesson(), sky) == "at_risk"


def test_the_buffer_does_not_reach_into_the_past_but_the_lesson_does() -> None:
    assert verdict(lesson(starts_at_utc=at(0), ends_at_utc=at(1)), fine()) == "ok"
    assert verdict(lesson(starts_at_utc=at(-0.25), ends_at_utc=at(1)), fine()) == "unknown"
    assert verdict(lesson(starts_at_utc=at(-3), ends_at_utc=at(-2)), fine()) == "unknown"


@pytest.mark.parametrize("ends", [None, at(1), at(-5)])
def test_a_lesson_that_does_not_end_after_its_start_is_never_fine(ends: datetime | None) -> None:
    assert verdict(lesson(ends_at_utc=ends), fine()) == "unknown"


def test_rows_of_past_hours_count_for_nothing() -> None:
    now = lesson(starts_at_utc=at(0), ends_at_utc=at(1))
    assert verdict(now, [*fine(), weather(-1, visibility_sm=1.0)]) == "ok"


def test_a_lesson_that_no_forecast_reaches_is_unknown() -> None:
    late = [
        lesson(starts_at_utc=at(HOURS - 1), ends_at_utc=at(HOURS)),
        lesson(starts_at_utc=at(30), ends_at_utc=at(31)),
    ]
    assert hold(late, fine()).verdicts.tolist() == ["unknown", "unknown"]
    assert verdict(lesson(), []) == "unknown"


def test_what_does_not_govern_counts_for_nothing() -> None:
    assert verdict(lesson(), [*fine(), weather(1, visibility_sm=1.0, governs=False)]) == "ok"
    assert verdict(lesson(), fine(governs=False)) == "unknown"


@pytest.mark.parametrize("route", [["KSQL"], ["KSQL", "KPAO"], ["KPAO", "KSQL"]])
def test_every_place_on_the_route_counts(route: list[str]) -> None:
    away = lesson(lesson_kind="cross_country", route=route)
    assert verdict(away, fine("KPAO", "KSQL")) == "ok"
    assert verdict(away, fine("KPAO") + fine("KSQL", visibility_sm=2.0)) == "at_risk"
    assert verdict(away, fine("KPAO")) == "unknown"


@pytest.mark.parametrize("place", [{"departure": "KXXX"}, {"route": ["KXXX"]}, {"route": ["KXXX", "KPAO"]}])
def test_an_airport_nobody_knows_is_unknown_and_never_fine(place: dict[str, Any]) -> None:
    assert verdict(lesson(**place), fine()) == "unknown"
    assert verdict(lesson(**place), fine("KPAO", "KXXX")) == "unknown"


@pytest.mark.parametrize(
    "garbled", [{"visibility_sm": None}, {"wind_speed_kt": None}, {"missing": None}, {"hazards": None}]
)
def test_a_value_that_is_not_there_reads_as_missing_even_where_the_row_does_not_say_so(garbled: dict[str, Any]) -> None:
    assert verdict(lesson(), [*fine(), weather(1, **garbled)]) == "unknown"
    assert verdict(INSTRUMENT, [*fine("KSQL"), weather(1, "KSQL", **garbled)]) == "unknown"


def test_a_hazard_or_element_outside_the_vocabulary_is_unknown() -> None:
    assert verdict(lesson(), [*fine(), weather(1, hazards=["LAVA"])]) == "unknown"
    assert verdict(lesson(), [*fine(), weather(1, missing=["colour"])]) == "unknown"


@pytest.mark.parametrize(
    ("kind", "facts", "expected"),
    [
        ("pattern", {"temperature_c": 1.0, "weather": "-SN"}, "at_risk"),
        ("pattern", {"temperature_c": 5.0, "weather": "-RA"}, "ok"),
        ("cross_country", {"temperature_c": 5.0, "weather": "-RA"}, "at_risk"),
        ("local", {"temperature_c": 1.0}, "ok"),
        ("local", {"temperature_c": 1.0, "ceiling_ft": 2_900.0}, "at_risk"),
        ("local", {"temperature_c": 1.0, "ceiling_ft": 3_100.0}, "ok"),
        ("local", {"temperature_c": -30.0, "weather": "SN"}, "ok"),
        ("local", {"temperature_c": None, "weather": "-RA"}, "ok"),
        ("local", {"temperature_c": 1.0, "weather": "illegible"}, "at_risk"),
    ],
)
def test_moisture_that_may_freeze_on_the_way_up_is_icing(kind: str, facts: dict[str, Any], expected: str) -> None:
    who = lesson(training_level="instrument_rated", departure="KSQL", lesson_kind=kind)
    assert verdict(who, fine("KSQL", **facts)) == expected


def test_the_approach_minima_of_the_field_count_for_the_instrument_rated() -> None:
    low = {"ceiling_ft": 550.0, "visibility_sm": 2.0}
    assert verdict(INSTRUMENT | {"departure": "KSQL"}, fine("KSQL", **low)) == "ok"
    assert verdict(INSTRUMENT | {"departure": "KPAO"}, fine("KPAO", **low)) == "at_risk"
    below = {"ceiling_ft": 400.0, "visibility_sm": 2.0}
    assert verdict(INSTRUMENT | {"departure": "KLVK"}, fine("KLVK", **below)) == "at_risk", "the school's own is higher"


SUN = {row["airport"]: row for row in SUNS[SUNS["solar_date"] == date(2026, 6, 1)].to_dict("records")}
EVENING = [weather(hour) for hour in range(24)]


def test_a_student_alone_lands_an_hour_before_sunset() -> None:
    limit = SUN["KPAO"]["sunset_utc"] - pd.Timedelta(minutes=60)
    for minutes, expected in ((-1, "ok"), (0, "ok"), (1, "at_risk")):
        ends = limit + pd.Timedelta(minutes=minutes)
        assert verdict(SOLO | {"starts_at_utc": at(8), "ends_at_utc": ends}, EVENING) == expected
        assert verdict(lesson(starts_at_utc=at(8), ends_at_utc=ends), EVENING) == "ok"


def test_a_student_alone_does_not_start_before_sunrise() -> None:
    sunrise = SUN["KPAO"]["sunrise_utc"]
    first_hour = datetime(2026, 6, 1, 10, tzinfo=UTC)
    sky = [weather(hour) for hour in range(-6, 10)]
    for minutes, expected in ((-1, "at_risk"), (0, "ok")):
        starts = sunrise + pd.Timedelta(minutes=minutes)
        early = SOLO | {"starts_at_utc": starts, "ends_at_utc": starts + pd.Timedelta(hours=1)}
        assert verdict(early, sky, first_hour_utc=first_hour) == expected


def test_a_lesson_through_the_night_is_not_by_day() -> None:
    sky = [weather(hour) for hour in range(30)]
    assert verdict(SOLO | {"starts_at_utc": at(6), "ends_at_utc": at(24)}, sky) == "at_risk"
    assert verdict(SOLO | {"starts_at_utc": at(14), "ends_at_utc": at(15)}, sky) == "at_risk"


def test_any_part_of_a_lesson_beyond_civil_twilight_makes_it_a_night_lesson() -> None:
    rules = [minimum("visibility", ">=", 3), minimum("visibility", ">=", 8, night=True)]
    hazy = [weather(hour, visibility_sm=5.0) for hour in range(24)]
    for minutes, expected in ((0, "ok"), (1, "at_risk")):
        ends = SUN["KPAO"]["dusk_utc"] + pd.Timedelta(minutes=minutes)
        assert verdict(lesson(starts_at_utc=at(8), ends_at_utc=ends), hazy, rules) == expected


def test_the_sun_that_never_sets_gives_day_across_midnight() -> None:
    north = AIRPORTS.head(1).assign(latitude_deg=78.2, longitude_deg=15.5)
    rules = [minimum("wind", "<", 10), minimum("wind", "<", 2, night=True), minimum("daylight", ">=", 60)]
    overnight = lesson(starts_at_utc=at(5), ends_at_utc=at(9))
    for day, expected in ((date(2026, 6, 1), "ok"), (date(2026, 12, 1), "at_risk")):
        suns = sun_table(north, day - pd.Timedelta(days=1), 4)
        shift = datetime(day.year, day.month, day.day, 16, tzinfo=UTC) - NOW
        moved = overnight | {name: overnight[name] + shift for name in ("starts_at_utc", "ends_at_utc")}
        sky = [row | {"hour_utc": row["hour_utc"] + shift} for row in (weather(hour) for hour in range(12))]
        facts = {"airports": north, "suns": suns, "first_hour_utc": NOW + shift}
        assert verdict(moved, sky, rules, **facts) == expected


def test_without_a_sun_table_or_any_minimum_a_lesson_is_unknown() -> None:
    assert verdict(lesson(), fine(), suns=SUNS.head(0)) == "unknown"
    assert verdict(lesson(), fine(), suns=SUNS[SUNS["airport"] != "KPAO"]) == "unknown"
    assert verdict(lesson(), fine(), []) == "unknown"


def test_an_airport_without_a_position_is_unknown() -> None:
    nowhere = AIRPORTS.assign(latitude_deg=float("nan"), longitude_deg=float("nan"))
    assert verdict(lesson(), fine(), airports=nowhere, suns=SUNS.head(0)) == "unknown"


def test_empty_frames_work() -> None:
    nobody = hold([], fine())
    assert nobody.verdicts.empty
    assert nobody.broken.empty
    assert nobody.margin.shape == (0,)
    assert hold([], [], []).verdicts.empty
    nowhere = hold([lesson()], [], airports=AIRPORTS.head(0), runways=RUNWAYS.head(0), suns=SUNS.head(0))
    assert nowhere.verdicts.tolist() == ["unknown"]


def test_verdicts_keep_the_index_of_the_bookings() -> None:
    bookings = frame([lesson(), SOLO], BOOKING_COLUMNS).set_axis([7, 3])
    held = assess(bookings, frame(fine(), FORECAST_COLUMNS), DEFAULTS, AIRPORTS, RUNWAYS, SUNS, first_hour_utc=NOW)
    assert held.verdicts.to_dict() == {7: "ok", 3: "ok"}


def test_a_level_nobody_knows_is_named() -> None:
    with pytest.raises(BookingsError, match="training_level 'astronaut'"):
        hold([lesson(training_level="astronaut")], fine())


def test_the_margin_is_the_smallest_share_of_a_limit_in_a_prevailing_group() -> None:
    sky = [*fine(), weather(1, visibility_sm=6.0), weather(1, visibility_sm=1.0, layer="temporary")]
    held = hold([lesson(), lesson(departure="KXXX"), lesson()], sky)
    assert held.margin == pytest.approx([0.2, np.nan, 0.2], nan_ok=True)
    assert hold([lesson()], fine(visibility_sm=2.5)).margin == pytest.approx([-0.5])


def test_a_field_without_approach_minima_has_a_margin_beside_one_that_has() -> None:
    flights = [lesson(departure=field, training_level="instrument_rated") for field in ("KPAO", "KSQL")]
    held = hold(flights, fine("KPAO", "KSQL"), [minimum("wind", "<=", 10)])
    assert held.margin == pytest.approx([0.5, 0.5])


def test_a_school_has_its_own_minimums_above_the_regulation() -> None:
    own = frame(
        [minimum("visibility", ">=", 2, authority="school", school_id=7, training_level="student_pilot")],
        MINIMUM_COLUMNS,
    )
    rules = pd.concat([DEFAULTS, own], ignore_index=True)
    for school, visibility, expected in ((7, 4.0, "ok"), (7, 3.0, "ok"), (7, 2.5, "at_risk"), (8, 4.0, "at_risk")):
        assert verdict(lesson(school_id=school), fine(visibility_sm=visibility), rules) == expected
