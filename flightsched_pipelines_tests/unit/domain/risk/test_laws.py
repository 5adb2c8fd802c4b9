"""Laws of the assessment: it agrees with a plain reading, and removing or worsening weather never improves it."""

from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightsched_pipelines.domain.risk.assess import assess
from flightsched_pipelines.domain.risk.bookings import BOOKING_COLUMNS, severity
from flightsched_pipelines.domain.risk.limits.minimums import MINIMUM_COLUMNS
from flightsched_pipelines.domain.risk.rules import LESSON_KINDS, TRAINING_LEVELS
from flightsched_pipelines.domain.weather.forecast_columns import FORECAST_COLUMNS
from flightsched_pipelines_tests.examples import examples
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
    weather,
)
from flightsched_pipelines_tests.unit.domain.risk.row_by_row import reference_verdict

pytestmark = pytest.mark.long


IDENTS = st.sampled_from(["KPAO", "KSQL", "KLVK"])

OWN = frame(
    [
        minimum("visibility", ">=", 4, authority="school", school_id=2, training_level="student_pilot"),
        minimum("ceiling", ">=", 500, authority="school", school_id=2, training_level="private_pilot"),
        minimum("gust", "<", 18, authority="school", school_id=2, effect="warn", lesson_kind="pattern"),
        minimum("aircraft_crosswind", "<=", None, authority="school", school_id=2, solo=True, effect="block"),
        minimum("visibility", ">=", 6, authority="school", school_id=2, night=True),
        minimum("density_altitude", "<=", 2500, authority="school", school_id=2, aircraft_type="C172S"),
        minimum("density_altitude", "<", 2000, authority="school", school_id=2, aircraft_type="C152", effect="warn"),
        minimum("density_altitude", "<=", 3000, authority="school", school_id=1, solo=True, effect="warn"),
        minimum("wind", "<", 9, authority="school", school_id=1, training_level="student_pilot", aircraft_type="C152"),
        minimum("wind", "<=", 5, authority="student", school_id=1, student_id=8, solo=True),
        minimum("visibility", ">=", 7, authority="student", school_id=1, student_id=8, solo=True),
        minimum("ceiling", ">=", 5000, authority="student", school_id=2, student_id=9),
        minimum("gust", "<=", 9, authority="student", school_id=2, student_id=9, effect="warn", night=False),
    ],
    MINIMUM_COLUMNS,
)
MINIMUMS = pd.concat([DEFAULTS, OWN], ignore_index=True)
PLAIN_MINIMUMS = MINIMUMS.astype(object).where(MINIMUMS.notna(), None).to_dict("records")

SCHOOLS = range(100, 180)
MANY = frame(
    [minimum("wind", "<", 5 + school / 10, authority="school", school_id=school) for school in SCHOOLS],
    MINIMUM_COLUMNS,
)
"""A limit for each of more schools than a word of thresholds has bits."""

LESSONS = st.deferred(lambda: st.lists(lessons(), min_size=1, max_size=5))
MANY_LESSONS = st.deferred(lambda: st.lists(lessons(), min_size=4, max_size=8))


@st.composite
def lessons(draw: st.DrawFn) -> dict[str, Any]:
    """A lesson from before the running hour to after the last forecast, by day or night."""
    quarter = draw(st.integers(-6, 4 * HOURS + 6))
    stranger = st.sampled_from(["KPAO", "KSQL", "KLVK", "KPAO", "KXXX"])
    return lesson(
        school_id=draw(st.sampled_from([1, 2, None])),
        student_id=draw(st.sampled_from([7, 8, 9, None])),
        training_level=draw(st.sampled_from(TRAINING_LEVELS)),
        solo=draw(st.booleans()),
        lesson_kind=draw(st.sampled_from(LESSON_KINDS)),
        aircraft_type=draw(st.sampled_from(["C172S", "C152", "SR20", None])),
        departure=draw(IDENTS),
        route=draw(st.lists(stranger, max_size=2)),
        starts_at_utc=at(quarter / 4),
        ends_at_utc=at((quarter + draw(st.integers(1, 12))) / 4),
        aircraft_crosswind_kt=draw(st.sampled_from([None, 8.0, 12.0, 15.0])),
    )


@st.composite
def hours(draw: st.DrawFn) -> dict[str, Any]:
    """An hour with one or several faults, at the limits as often as beyond them."""
    sector = draw(st.sampled_from([(None, None)] * 4 + [(100.0, 190.0), (340.0, 40.0)]))
    return weather(
        draw(st.integers(-2, HOURS - 1)),
        draw(IDENTS),
        layer=draw(st.sampled_from(["prevailing", "temporary"])),
        governs=draw(st.sampled_from([True, True, True, False])),
        wind_direction_deg=draw(st.sampled_from([None, 40.0, 134.0, 220.0, 310.0])),
        wind_varies_from_deg=sector[0],
        wind_varies_to_deg=sector[1],
        wind_speed_kt=draw(st.sampled_from([0.0, 5.0, 9.0, 10.0, 14.0, 24.0, 25.0, None])),
        wind_gust_kt=draw(st.sampled_from([None, None, 15.0, 18.0, 20.0, 35.0])),
        visibility_sm=draw(st.sampled_from([10.0, 6.0, 5.0, 3.0, 1.25, 0.5, None])),
        ceiling_ft=draw(st.sampled_from([None, None, 5_000.0, 4_900.0, 1_000.0, 1_100.0, 500.0])),
        temperature_c=draw(st.sampled_from([None, 15.0, 4.0, -10.0, -19.0])),
        outside_air_temperature_c=draw(st.sampled_from([None, 15.0, 30.0, 32.0, 35.0, 40.0])),
        altimeter_hpa=draw(st.sampled_from([None, 1013.25, 1013.25, 990.0])),
        weather=draw(st.sampled_from(["", "", "-RA", "SN BR", "BR"])),
        hazards=draw(st.sampled_from([[], [], [], ["TS"], ["FZRA"], ["LLWS"], ["FG"], ["CB", "VCTS"]])),
        missing=draw(st.sampled_from([[], [], [], ["ceiling"], ["thunderstorm"], ["temperature", "wind"]])),
    )


def skies(least: int = 0, most: int = 8) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Fine hours at every field, some with faults, and some that no forecast reaches."""
    base = fine("KPAO", "KSQL", "KLVK", outside_air_temperature_c=15.0, altimeter_hpa=1013.25)
    gaps = st.sets(st.integers(0, len(base) - 1), max_size=3)
    return st.builds(
        lambda gaps, faulty: [row for n, row in enumerate(base) if n not in gaps] + faulty,
        gaps,
        st.lists(hours(), min_size=least, max_size=most),
    )


def severities(some: list[dict[str, Any]], sky: list[dict[str, Any]], **facts: Any) -> list[int]:
    return [severity(verdict) for verdict in hold(some, sky, MINIMUMS, **facts).verdicts]


def never_better(before: list[int], after: list[int]) -> bool:
    """Return whether each verdict is as severe as it was, or has become unknown."""
    unknown = severity("unknown")
    return all(now >= was or now == unknown for was, now in zip(before, after, strict=True))


@examples(30, "an example is many lessons against many hours: a hundred comparisons each")
@given(LESSONS, skies())
def test_the_arrays_agree_with_reading_row_by_row(some: list[dict[str, Any]], sky: list[dict[str, Any]]) -> None:
    verdicts = hold(some, sky, MINIMUMS).verdicts.tolist()
    assert verdicts == [reference_verdict(one, sky, PLAIN_MINIMUMS) for one in some]


@examples(24, "an example is many lessons against many hours: a hundred comparisons each")
@given(LESSONS, skies(), st.data())
def test_each_of_many_schools_is_held_to_its_own_limit(
    some: list[dict[str, Any]], sky: list[dict[str, Any]], data: st.DataObject
) -> None:
    theirs = [one | {"school_id": data.draw(st.sampled_from(SCHOOLS))} for one in some]
    plain = MANY.astype(object).where(MANY.notna(), None).to_dict("records")
    verdicts = hold(theirs, sky, pd.concat([MINIMUMS, MANY], ignore_index=True)).verdicts.tolist()
    assert verdicts == [reference_verdict(one, sky, PLAIN_MINIMUMS + plain) for one in theirs]


@examples(12, "every breach in words costs by the example: fewer, with more lessons and faulty hours each")
@given(MANY_LESSONS, skies(least=4))
def test_text_as_categories_is_assessed_as_text_is(some: list[dict[str, Any]], sky: list[dict[str, Any]]) -> None:
    """Frames read from their tables have text with few values as categories."""
    lessons, rows = frame(some, BOOKING_COLUMNS), frame(sky, FORECAST_COLUMNS)
    kinds = dict.fromkeys(("training_level", "lesson_kind", "departure"), "category")
    of_text, of_categories = (
        assess(given, forecasts, MINIMUMS, AIRPORTS, RUNWAYS, SUNS, first_hour_utc=NOW)
        for given, forecasts in (
            (lessons, rows),
            (lessons.astype(kinds), rows.astype(dict.fromkeys(("airport", "layer", "weather"), "category"))),
        )
    )
    pd.testing.assert_series_equal(of_text.verdicts, of_categories.verdicts)
    pd.testing.assert_frame_equal(of_text.broken, of_categories.broken)


@examples(24, "an example is many lessons against many hours: a hundred comparisons each")
@given(LESSONS, skies(), st.data())
def test_dropping_a_governing_row_never_improves_a_verdict(
    some: list[dict[str, Any]], sky: list[dict[str, Any]], data: st.DataObject
) -> None:
    """Drop a row that is alone in its hour; a row dropped by the blend is replaced by an unreadable one."""
    places = [(row["airport"], row["hour_utc"]) for row in sky if row["governs"]]
    alone = [n for n, row in enumerate(sky) if places.count((row["airport"], row["hour_utc"])) == 1]
    dropped = data.draw(st.sets(st.sampled_from(alone), max_size=4))
    fewer = [row for n, row in enumerate(sky) if n not in dropped]
    assert never_better(severities(some, sky), severities(some, fewer))


@examples(24, "an example is many lessons against many hours: a hundred comparisons each")
@given(LESSONS, skies(), st.data())
def test_what_is_missing_never_improves_a_verdict(
    some: list[dict[str, Any]], sky: list[dict[str, Any]], data: st.DataObject
) -> None:
    n = data.draw(st.integers(0, len(sky) - 1))
    air = {name: {name: None} for name in ("outside_air_temperature_c", "altimeter_hpa")}
    elements = ["wind", "visibility", "ceiling", "weather", "thunderstorm", "temperature", *air]
    element = data.draw(st.sampled_from(elements))
    blank = air | {
        "wind": {"wind_speed_kt": None},
        "visibility": {"visibility_sm": None},
        "ceiling": {"ceiling_ft": None},
    }
    garbled = [*sky]
    lost = {} if element in air else {"missing": [element], "hazards": []}
    garbled[n] = sky[n] | lost | blank.get(element, {})
    assert never_better(severities(some, sky), severities(some, garbled))


@examples(24, "an example is many lessons against many hours: a hundred comparisons each")
@given(LESSONS, skies(), st.data())
def test_worse_weather_never_improves_a_verdict(
    some: list[dict[str, Any]], sky: list[dict[str, Any]], data: st.DataObject
) -> None:
    n = data.draw(st.integers(0, len(sky) - 1))
    row = sky[n]
    worse = data.draw(
        st.sampled_from(
            [
                {"visibility_sm": (row["visibility_sm"] or 0.0) / 2} if row["visibility_sm"] else {},
                {"ceiling_ft": (row.get("ceiling_ft") or 9_000.0) - 500.0},
                {"wind_speed_kt": row["wind_speed_kt"] + 5, "wind_gust_kt": (row.get("wind_gust_kt") or 0) + 30}
                if row["wind_speed_kt"] is not None
                else {},
                {"outside_air_temperature_c": (row.get("outside_air_temperature_c") or 57.0) + 5.0},
                {"altimeter_hpa": (row.get("altimeter_hpa") or 950.0) - 20.0},
                {"hazards": sorted({*row["hazards"], "TS"})},
                {"hazards": sorted({*row["hazards"], "FZRA", "LLWS"})},
            ]
        )
    )
    before, after = severities(some, sky), severities(some, [*sky[:n], row | worse, *sky[n + 1 :]])
    assert all(now >= was for was, now in zip(before, after, strict=True))


@examples(24, "an example is many lessons against many hours: a hundred comparisons each")
@given(LESSONS, skies(), st.integers(0, 8), st.integers(0, 8))
def test_a_longer_lesson_is_never_better_than_a_shorter_one_inside_it(
    some: list[dict[str, Any]], sky: list[dict[str, Any]], earlier: int, later: int
) -> None:
    longer = [
        one
        | {
            "starts_at_utc": one["starts_at_utc"] - pd.Timedelta(minutes=15 * earlier),
            "ends_at_utc": one["ends_at_utc"] + pd.Timedelta(minutes=15 * later),
        }
        for one in some
    ]
    before, after = severities(some, sky), severities(longer, sky)
    assert all(now >= was for was, now in zip(before, after, strict=True))


@examples(12, "every breach in words costs by the example: fewer, with more lessons and faulty hours each")
@given(MANY_LESSONS, skies(least=4), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(some: list[dict[str, Any]], sky: list[dict[str, Any]], random: Any) -> None:
    numbered = [one | {"booking_id": n} for n, one in enumerate(some)]
    shuffled, other_sky = random.sample(numbered, len(numbered)), random.sample(sky, len(sky))
    one = hold(numbered, sky, MINIMUMS)
    other = hold(
        shuffled,
        other_sky,
        MINIMUMS.sample(frac=1, random_state=random.randrange(99)),
        airports=AIRPORTS[::-1],
        runways=RUNWAYS[::-1],
        suns=SUNS[::-1],
    )
    order = [lesson["booking_id"] for lesson in shuffled]
    assert one.verdicts[order].tolist() == other.verdicts.tolist()
    columns = ["booking_id", "rule", "airport", "layer", "value", "limit_value", "hazard", "hour_utc"]
    key = columns[:4]
    left, right = (a.broken[columns].sort_values(key).reset_index(drop=True) for a in (one, other))
    pd.testing.assert_frame_equal(left, right)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"hazards": ["TS"]}, {"hazards": ["CB", "VCTS"]}),
        ({"wind_gust_kt": 40.0, "change": "TEMPO"}, {"wind_gust_kt": 40.0, "change": "PROB", "probability": 30}),
        ({"wind_gust_kt": 40.0, "group_to_utc": at(3)}, {"wind_gust_kt": 40.0, "group_to_utc": at(5)}),
        ({"visibility_sm": 1.0, "source": "TAF"}, {"visibility_sm": 1.0, "source": "NBH"}),
    ],
    ids=["hazards", "kinds of change", "ends", "sources"],
)
def test_of_two_groups_that_are_as_bad_the_same_one_is_named(one: dict[str, Any], other: dict[str, Any]) -> None:
    sky = fine("KPAO")
    groups = [weather(0, layer="temporary", **facts) for facts in (one, other)]

    found = [hold([lesson()], [*sky, *order], MINIMUMS).broken for order in (groups, groups[::-1])]

    assert len(found[0]) > 0
    pd.testing.assert_frame_equal(found[0], found[1])


@examples(12, "every breach in words costs by the example: fewer, with more lessons and faulty hours each")
@given(MANY_LESSONS, skies(least=4))
def test_every_verdict_but_ok_has_its_reasons_and_words(some: list[dict[str, Any]], sky: list[dict[str, Any]]) -> None:
    numbered = [one | {"booking_id": n} for n, one in enumerate(some)]
    held = hold(numbered, sky, MINIMUMS)
    expected = {n for n, verdict in enumerate(held.verdicts) if verdict != "ok"}
    assert set(held.broken["booking_id"]) == expected
    assert not held.broken.duplicated(["booking_id", "rule", "airport", "layer"]).any()
    assert not (held.broken["margin"] > 0).any()
    assert (held.broken["explanation"].str.len() > 20).all()
    for n in range(len(some)):
        words = held.words(n)
        assert words.endswith(".")
        assert "nan" not in words.lower().split()
        assert "safe" not in words
