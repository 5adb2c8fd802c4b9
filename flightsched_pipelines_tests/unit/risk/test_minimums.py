"""Minimums as data: the defaults, what is in force, and rows that mean nothing."""

from datetime import date

import pandas as pd
import pytest

from flightsched_pipelines.risk.minimums import (
    MINIMUM_COLUMNS,
    RULES,
    MinimumsError,
    default_minimums,
    in_force,
    typed_minimums,
)
from flightsched_pipelines_tests.unit.risk.skies import frame, minimum


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


@pytest.mark.parametrize(
    "row",
    [
        minimum("mood", ">", 5),
        minimum("visibility", "<", 5),
        minimum("wind", ">", 5),
        minimum("wind", "none", None),
        minimum("icing", ">=", 1),
        minimum("visibility", ">", None),
        minimum("wind", "<", float("inf")),
        minimum("visibility", ">", 5, effective_from=None),
    ],
)
def test_a_rule_that_means_nothing_is_named(row: dict[str, object]) -> None:
    rows = pd.concat([default_minimums(), frame([row], MINIMUM_COLUMNS)], ignore_index=True)
    with pytest.raises(MinimumsError, match=str(row["rule"])):
        typed_minimums(rows)


@pytest.mark.parametrize(
    ("column", "word"),
    [("effect", "stop"), ("authority", "School"), ("training_level", "astronaut"), ("lesson_kind", "moon")],
)
def test_a_word_that_means_nothing_is_named(column: str, word: str) -> None:
    with pytest.raises(MinimumsError, match=f"{column} is '{word}'; give one of"):
        typed_minimums(frame([minimum("wind", "<", 9, **{column: word})], MINIMUM_COLUMNS))
