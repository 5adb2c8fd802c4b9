"""Laws of entering minimums: no row improves a verdict unseen, in whatever unit and with whatever effect."""

from datetime import date
from functools import cache
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from flightsched_pipelines.domain.risk.bookings import severity
from flightsched_pipelines.domain.risk.limits.effective_limits import ANOTHER_TYPE, Profiles, resolve
from flightsched_pipelines.domain.risk.limits.floors import Floor, below_regulation, looser_than_school
from flightsched_pipelines.domain.risk.limits.loosened_limits import loosened
from flightsched_pipelines.domain.risk.limits.minimums import (
    MINIMUM_COLUMNS,
    default_minimums,
    regulations,
    typed_minimums,
    with_regulations,
)
from flightsched_pipelines.domain.risk.rules import LESSON_KINDS, RULE_BOOK, TRAINING_LEVELS, UNITS
from flightsched_pipelines_tests.examples import examples
from flightsched_pipelines_tests.unit.domain.risk.builders import (
    DEFAULTS,
    fine,
    frame,
    hold,
    lesson,
    minimum,
    verdict,
    weather,
)
from flightsched_pipelines_tests.unit.domain.risk.test_laws import LESSONS, MANY_LESSONS, MINIMUMS, skies

pytestmark = pytest.mark.long

UNKNOWN, AT_RISK = severity("unknown"), severity("at_risk")
Row = dict[str, Any]


@st.composite
def rows(draw: st.DrawFn, **stated: Any) -> Row:
    """A row as a school may enter it, in any of its rule's units, for anybody."""
    name = draw(st.sampled_from([*RULE_BOOK]))
    rule = RULE_BOOK[name]
    unit = draw(st.sampled_from([*rule.units])) if rule.units else None
    limit = None
    if rule.plausible is not None and unit is not None:
        least, most = rule.plausible
        limit = draw(st.floats(least, min(most, 8 * max(abs(least), 1)))) / rule.units[unit]
        limit = min(max(limit, least / rule.units[unit]), most / rule.units[unit])
    return (
        minimum(
            name,
            draw(st.sampled_from(rule.comparisons)),
            limit,
            unit=unit,
            authority=draw(st.sampled_from(["school", "school", "default"])),
            school_id=draw(st.sampled_from([1, 2, None])),
            training_level=draw(st.sampled_from([None, *TRAINING_LEVELS])),
            solo=draw(st.sampled_from([None, True, False])),
            lesson_kind=draw(st.sampled_from([None, *LESSON_KINDS])),
            night=draw(st.sampled_from([None, True, False])),
            aircraft_type=draw(st.sampled_from([None, None, "C172S"])),
            effect=draw(st.sampled_from(["block", "block", "warn"])),
        )
        | stated
    )


def with_rows(*entered: Row, beside: pd.DataFrame = MINIMUMS) -> pd.DataFrame:
    return pd.concat([beside, typed_minimums(frame(entered, MINIMUM_COLUMNS))], ignore_index=True)


def severities(some: list[Row], sky: list[Row], minimums: pd.DataFrame) -> list[int]:
    return [severity(one) for one in hold(some, sky, minimums).verdicts]


@examples(30, "an example is many lessons under several minimums")
@given(LESSONS, skies(), st.lists(rows(effect="warn"), min_size=1, max_size=4))
def test_a_row_that_warns_never_improves_a_verdict(some: list[Row], sky: list[Row], warnings: list[Row]) -> None:
    before, after = severities(some, sky, MINIMUMS), severities(some, sky, with_rows(*warnings))
    assert all(now >= was for was, now in zip(before, after, strict=True))


@examples(30, "an example is many lessons under several minimums")
@given(LESSONS, skies(), rows())
def test_a_limit_in_another_unit_is_the_limit_that_it_converts_to(some: list[Row], sky: list[Row], row: Row) -> None:
    rule = RULE_BOOK[row["rule"]]
    own = row | {"unit": UNITS[row["rule"]]}
    if row["limit_value"] is not None:
        own["limit_value"] = row["limit_value"] * rule.units[row["unit"]]
    assert severities(some, sky, with_rows(row)) == severities(some, sky, with_rows(own))


@examples(30, "an example is many lessons under several minimums")
@given(
    LESSONS,
    skies(),
    rows(),
    st.sampled_from(
        [{"unit": "furlong"}, {"unit": None}, {"limit_value": float("nan")}, {"limit_value": -1e9}, {"rule": "mood"}]
    ),
)
def test_a_row_that_cannot_be_read_makes_whom_it_concerns_unknown(
    some: list[Row], sky: list[Row], row: Row, spoilt: Row
) -> None:
    entered = row | spoilt
    if RULE_BOOK[row["rule"]].plausible is None and str(*spoilt.values()) in {"None", "nan"}:
        return  # its row has neither unit nor limit, as it is to be
    before, after = severities(some, sky, MINIMUMS), severities(some, sky, with_rows(entered))
    for one, was, now in zip(some, before, after, strict=True):
        assert now >= was
        concerned = all(
            row[name] is None or row[name] == one[name]
            for name in ("school_id", "training_level", "solo", "lesson_kind")
        ) and (row["aircraft_type"] is None or one["aircraft_type"] in {None, row["aircraft_type"]})
        if concerned and row["night"] is None:
            assert now in {UNKNOWN, AT_RISK}


@examples(30, "an example is many lessons under several minimums")
@given(LESSONS, skies(), st.lists(rows(), min_size=1, max_size=3))
def test_a_verdict_that_rows_improve_is_told_of(some: list[Row], sky: list[Row], entered: list[Row]) -> None:
    usual, ours = DEFAULTS, with_rows(*entered, beside=DEFAULTS)
    before, after = severities(some, sky, usual), severities(some, sky, ours)
    if any(now < was for was, now in zip(before, after, strict=True)):
        assert loosened(ours)


@examples(30, "an example is many lessons under several minimums")
@given(LESSONS, skies(), st.lists(rows(), max_size=3))
def test_the_regulations_stay_the_floor(some: list[Row], sky: list[Row], entered: list[Row]) -> None:
    """Enter any rows, without a row of the regulations in the table."""
    nothing = typed_minimums(frame([], MINIMUM_COLUMNS))
    floor = severities(some, sky, with_regulations(nothing))
    ours = severities(some, sky, with_regulations(with_rows(*entered, beside=nothing)))
    assert all(now == AT_RISK for was, now in zip(floor, ours, strict=True) if was == AT_RISK)


@examples(30, "an example is many lessons under several minimums")
@given(LESSONS, skies(), st.lists(rows(authority="student", school_id=None, student_id=8), min_size=1, max_size=4))
def test_a_students_own_limits_never_improve_a_verdict_and_concern_nobody_else(
    some: list[Row], sky: list[Row], own: list[Row]
) -> None:
    before, after = severities(some, sky, MINIMUMS), severities(some, sky, with_rows(*own))
    for one, was, now in zip(some, before, after, strict=True):
        assert now >= was if one["student_id"] == 8 else now == was


@examples(30, "an example is many lessons under several minimums")
@given(LESSONS, skies(), rows(authority="student", school_id=None, student_id=8, effect="block"))
def test_no_number_and_no_text_of_a_students_own_limit_is_in_breaches_or_margins(
    some: list[Row], sky: list[Row], own: Row
) -> None:
    held = hold(some, sky, with_rows(own | {"reference": "a talk with Ann"}))
    without = hold(some, sky, MINIMUMS).margin
    broken, judged = held.broken, ~np.isnan(held.margin) & ~np.isnan(without)
    np.testing.assert_array_equal(held.margin[judged], without[judged])
    personal = broken[broken["authority"] == "student"]
    assert not broken["explanation"].str.contains("Ann").any()
    assert set(personal["reference"]) <= {"the student's own limit"}
    if own["rule"] != "aircraft_crosswind":
        assert personal[["limit_value", "margin"]].isna().all(axis=None)


@pytest.mark.parametrize("rule", ["visibility", "ceiling", "wind", "gust", "crosswind", "aircraft_crosswind"])
def test_no_text_of_a_students_own_limit_is_in_breaches_whatever_its_rule(rule: str) -> None:
    limit = {"visibility": 8.0, "ceiling": 5_000.0, "aircraft_crosswind": None}.get(rule, 5.0)
    own = minimum(
        rule, RULE_BOOK[rule].comparisons[0], limit, authority="student", student_id=7, reference="a talk with Ann"
    )
    storm = weather(
        1, visibility_sm=1.0, ceiling_ft=300.0, wind_direction_deg=220.0, wind_speed_kt=30.0, wind_gust_kt=45.0,
        hazards=["FZRA"],
    )  # fmt: skip
    broken = hold([lesson(aircraft_crosswind_kt=15.0)], [*fine(), storm], with_rows(own)).broken
    personal = broken[broken["authority"] == "student"]
    assert list(personal["rule"].unique()) == [rule]
    assert list(personal["reference"].unique()) == ["the student's own limit"]
    assert not broken["explanation"].str.contains("Ann").any()


@examples(200, "an example is one limit beside the regulation")
@given(rows(authority="school"))
def test_what_is_not_below_the_regulation_is_at_least_as_strict_wherever_it_applies(row: Row) -> None:
    """Compare with every regulation by itself, in the words of the tables."""
    row |= {"effective_from": date(2026, 1, 1)}
    rule = RULE_BOOK[row["rule"]]
    beaten = [
        one
        for one in regulations().astype(object).replace(float("nan"), None).to_dict("records")
        if one["rule"] == row["rule"]
        and all(
            None in {one[name], row[name]} or one[name] == row[name] for name in ("training_level", "solo", "night")
        )
        and row["limit_value"] * rule.units[row["unit"]] < one["limit_value"]
    ]
    levels = [row["training_level"]] if row["training_level"] else TRAINING_LEVELS
    why = below_regulation(row, levels)
    assert (why is not None) == bool(beaten)
    if why:
        assert any(one["reference"] in why for one in beaten)


FLOOR = Floor(with_regulations(MINIMUMS))


@cache
def profiles_of(level: str) -> Profiles:
    """All profiles of the student with limits of their own."""
    circumstances = [*product((False, True), range(len(LESSON_KINDS)), (False, True))]
    solo, kind, night = (np.array(values) for values in zip(*circumstances, strict=True))
    same = np.ones(len(circumstances))
    types = np.full(len(same), ANOTHER_TYPE, dtype=object)
    return Profiles(2 * same, 8 * same, types, (same * TRAINING_LEVELS.index(level)).astype(int), solo, kind, night)


@cache
def of_school(level: str) -> NDArray[np.float64]:
    """The school's blocking thresholds for these profiles."""
    return resolve(MINIMUMS, profiles_of(level)).thresholds[0]


@examples(200, "an example is one limit beside a school's minimums")
@given(rows(authority="student", student_id=8, aircraft_type=None), st.sampled_from(TRAINING_LEVELS))
def test_a_limit_that_is_not_looser_than_the_schools_governs_or_is_the_same(row: Row, level: str) -> None:
    """Compare thresholds of all profiles of the student with and without the limit standing alone."""
    row |= {"effective_from": date(2026, 1, 1), "effect": "block"}
    why = looser_than_school(row, FLOOR, 2, level)
    alone = typed_minimums(frame([row | {"school_id": None, "training_level": None}], MINIMUM_COLUMNS))
    own, school = resolve(alone, profiles_of(level)).thresholds[0], of_school(level)
    assert (why is not None) == bool(((own > -np.inf) & (own < school)).any())


@examples(12, "every breach in words costs by the example: fewer, with more lessons and faulty hours each")
@given(MANY_LESSONS, skies(least=4))
def test_without_minimums_nothing_is_ok(some: list[Row], sky: list[Row]) -> None:
    nothing = typed_minimums(frame([], MINIMUM_COLUMNS))
    for minimums in (nothing, with_regulations(nothing)):
        held = hold(some, sky, minimums)
        assert set(held.verdicts) <= {"unknown", "at_risk"}
        assert held.broken["explanation"].str.contains("minimums are on record|At risk").all()


def own(rule: str, comparison: str, limit: float | None, **stated: Any) -> pd.DataFrame:
    return with_rows(
        minimum(rule, comparison, limit, minimum_id=41, authority="school", school_id=1, **stated), beside=DEFAULTS
    )


@pytest.mark.parametrize(
    ("entered", "sky", "expected"),
    [
        (own("ceiling", ">=", 1500.0, unit="m"), {"ceiling_ft": 2_000.0}, "at_risk"),
        (own("wind", "<", 10.0, unit="m/s"), {"wind_speed_kt": 18.0}, "ok"),
        (own("wind", "<", 10.0, unit="m/s"), {"wind_speed_kt": 20.0}, "at_risk"),
        (own("wind", "<", 30.0, effect="warn"), {"wind_speed_kt": 12.0}, "at_risk"),
        (own("visibility", ">=", -5.0), {"visibility_sm": 4.0}, "at_risk"),
        (own("visibility", ">=", -5.0), {}, "unknown"),
        (own("visibility", ">=", 3.0, unit="NM"), {}, "unknown"),
        (own("aircraft_crosswind", "<=", 5.0, unit="kt"), {}, "unknown"),
        (own("aircraft_crosswind", "<=", None, unit="moon"), {}, "unknown"),
        (own("aircraft_crosswind", "<=", None, unit="kt"), {}, "ok"),
        (own("icing", "none", 5.0), {}, "unknown"),
    ],
)
def test_units_warnings_and_absurd_limits(entered: pd.DataFrame, sky: Row, expected: str) -> None:
    assert verdict(lesson(), fine(wind_direction_deg=314.0, **sky), entered) == expected


def test_a_lesson_that_a_faulty_row_concerns_names_it() -> None:
    (words,) = hold([lesson()], fine(), own("visibility", ">=", 3.0, unit="NM")).broken["explanation"]
    assert words == (
        "Unknown: a row that it depends on cannot be read, and must be mended: school.weather_minimums row 41, "
        "unit: 'NM' is not a unit of visibility; give one of SM, m, km."
    )


def test_what_is_looser_than_the_defaults_is_told_with_row_level_limit_and_default() -> None:
    (one,) = loosened(own("visibility", ">=", 5000.0, unit="m", training_level="student_pilot", solo=False))
    assert one.minimum_id == 41
    assert one.sentence == "school 1, student_pilot, visibility: >= 3.1 SM, default > 5 SM"
    assert loosened(default_minimums()) == []
    assert loosened(own("wind", "<", 5.0)) == []
    without_icing = DEFAULTS[DEFAULTS["rule"] != "icing"].reset_index(drop=True)
    assert {one.sentence.partition(": ")[2] for one in loosened(without_icing)} == {"no limit, default none allowed"}


def test_a_margin_is_to_the_schools_limit_where_a_students_own_is_nearer() -> None:
    some, sky = [lesson(student_id=8)], fine("KPAO")
    nearer = minimum("wind", "<=", 9.0, authority="student", school_id=None, student_id=8, effect="block")
    held, without = hold(some, sky, with_rows(nearer)), hold(some, sky, MINIMUMS)
    np.testing.assert_array_equal(held.margin, without.margin)
    assert np.isfinite(held.margin).all()
