"""Minimums as data: the defaults, what is in force, and rows that mean nothing."""

from datetime import date
from typing import Any

import pandas as pd
import pytest

from flightsched_pipelines.domain.risk.limits.minimums import (
    MINIMUM_COLUMNS,
    STATED_COLUMNS,
    default_minimums,
    in_force,
    typed_minimums,
    with_regulations,
)
from flightsched_pipelines.domain.risk.rules import RULE_BOOK, RULES, UNITS
from flightsched_pipelines_tests.unit.domain.risk.builders import frame, minimum


def limits(level: str, rule: str, authority: str = "default", **where: object) -> set[tuple[str, float]]:
    rows = default_minimums()
    rows = rows[(rows["training_level"] == level) & (rows["rule"] == rule) & (rows["authority"] == authority)]
    for column, value in where.items():
        rows = rows[rows[column] == value]
    return set(zip(rows["comparison"], rows["limit_value"], strict=True))


def test_the_defaults_are_those_that_were_asked_for() -> None:
    assert limits("student_pilot", "visibility") == {(">", 5.0)}
    assert limits("student_pilot", "ceiling") == {(">=", 5000.0)}
    assert limits("student_pilot", "wind") == {("<", 10.0)}
    assert limits("private_pilot", "visibility") == {(">", 3.0)}
    assert limits("private_pilot", "ceiling") == {(">", 1000.0)}
    rows = default_minimums()
    for hazard in ("thunderstorm", "icing"):
        everyone = rows[rows["rule"] == hazard]
        assert everyone["comparison"].tolist() == ["none"]
        assert everyone[["training_level", "solo", "lesson_kind", "night"]].isna().all(axis=None)


def test_the_regulation_lies_beneath_them() -> None:
    assert limits("student_pilot", "visibility", "regulation", solo=True, night=True) == {(">=", 5.0)}
    assert limits("student_pilot", "visibility", "regulation", solo=True, night=False) == {(">=", 3.0)}
    assert limits("private_pilot", "ceiling", "regulation") == {(">=", 1000.0)}


def test_every_default_says_where_it_comes_from_and_every_rule_has_one() -> None:
    rows = default_minimums()
    assert (rows["reference"].str.len() > 5).all()
    assert set(rows["rule"]) == set(RULES)
    assert rows.dtypes.astype(str).to_dict() == dict(MINIMUM_COLUMNS)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 2, 27), []),
        (date(2026, 2, 28), ["old"]),
        (date(2026, 6, 1), ["old", "new"]),
        (date(2027, 1, 1), ["new"]),
    ],
)
def test_a_row_is_in_force_from_its_first_to_its_last_day(day: date, expected: list[str]) -> None:
    rows = [
        minimum("wind", "<", 9, reference="old", effective_from=date(2026, 2, 28), effective_to=date(2026, 6, 1)),
        minimum("wind", "<", 8, reference="new", effective_from=date(2026, 6, 1)),
    ]
    assert in_force(typed_minimums(frame(rows, MINIMUM_COLUMNS)), day)["reference"].tolist() == expected


def read(**stated: object) -> dict[Any, Any]:
    """One row of the table as it is read."""
    row = minimum("wind", "<", 9.0, minimum_id=17) | stated
    return typed_minimums(pd.DataFrame([row], columns=["minimum_id", *STATED_COLUMNS], dtype=object)).iloc[0].to_dict()


@pytest.mark.parametrize(
    ("column", "stated"),
    [
        ("rule", {"rule": "mood"}),
        ("rule", {"rule": None}),
        ("comparison", {"rule": "visibility", "unit": "SM"}),
        ("comparison", {"comparison": ">"}),
        ("comparison", {"comparison": "none", "limit_value": None}),
        ("comparison", {"rule": "icing", "comparison": ">="}),
        ("limit_value", {"limit_value": None}),
        ("limit_value", {"limit_value": float("nan")}),
        ("limit_value", {"limit_value": float("inf")}),
        ("limit_value", {"rule": "visibility", "comparison": ">=", "limit_value": -5.0, "unit": "SM"}),
        ("limit_value", {"rule": "visibility", "comparison": ">=", "limit_value": 5.0, "unit": "m"}),
        ("limit_value", {"rule": "ceiling", "comparison": ">=", "limit_value": 1e9, "unit": "ft"}),
        ("unit", {"unit": None}),
        ("unit", {"unit": ""}),
        ("unit", {"unit": "Kt"}),
        ("unit", {"unit": "SM"}),
        ("effect", {"effect": "stop"}),
        ("authority", {"authority": "School"}),
        ("authority", {"authority": None}),
        ("training_level", {"training_level": "astronaut"}),
        ("lesson_kind", {"lesson_kind": "moon"}),
        ("effective_from", {"effective_from": None}),
        ("effective_from", {"effective_from": "someday"}),
        ("effective_to", {"effective_to": date(2019, 12, 31)}),
    ],
)
def test_a_row_that_means_nothing_is_kept_and_named(column: str, stated: dict[str, object]) -> None:
    fault = read(**stated)["fault"]
    assert isinstance(fault, str)
    assert fault.startswith("school.weather_minimums row 17, ")
    assert f"{column}: " in fault


@pytest.mark.parametrize(("rule", "unit"), [(name, unit) for name, rule in RULE_BOOK.items() for unit in rule.units])
def test_limits_are_brought_to_their_rules_unit_within_what_is_plausible(rule: str, unit: str) -> None:
    of_rule = RULE_BOOK[rule]
    if of_rule.plausible is None:
        return
    for bound, beyond in zip(of_rule.plausible, (-0.01, 0.01), strict=True):
        just = bound / of_rule.units[unit]
        inside, outside = (
            read(rule=rule, comparison=of_rule.comparisons[0], unit=unit, limit_value=just + off * abs(just))
            for off in (-beyond, beyond)
        )
        assert pd.isna(inside["fault"])
        assert (inside["limit_value"], inside["unit"]) == (pytest.approx(bound, rel=0.02), UNITS[rule])
        assert "limit_value" in str(outside["fault"])


def test_a_last_day_far_off_is_read() -> None:
    assert read(effective_to=date(9999, 12, 31))["effective_to"] == date(9999, 12, 31)


def test_reading_twice_is_reading_once() -> None:
    rows = [
        minimum("ceiling", ">=", 300.0, unit="m"),
        minimum("wind", "<", 9, unit="furlongs"),
        minimum("icing", "none", None),
    ]
    once = typed_minimums(frame(rows, MINIMUM_COLUMNS))
    pd.testing.assert_frame_equal(typed_minimums(once), once)
    assert once["limit_value"].iloc[0] == pytest.approx(984.25, abs=0.01)


def test_a_faulty_row_whose_days_cannot_be_read_holds_on_every_day() -> None:
    rows = typed_minimums(frame([minimum("wind", "<", 9, effective_from=None)], MINIMUM_COLUMNS))
    assert len(in_force(rows, date(1990, 1, 1))) == 1


def test_the_regulations_lie_beneath_no_rows_at_all() -> None:
    floor = with_regulations(typed_minimums(frame([], MINIMUM_COLUMNS)))
    assert set(floor["authority"]) == {"regulation"}
    assert floor.dtypes.astype(str).to_dict() == dict(MINIMUM_COLUMNS)
