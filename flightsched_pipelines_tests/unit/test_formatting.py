"""Times, quantities and numbers of things have one form."""

import ast
import re
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import flightsched_pipelines
from flightsched_pipelines.formatting import (
    format_duration,
    format_period,
    format_quantity,
    format_time,
    format_utc,
    format_visibility,
    plural,
)
from flightsched_pipelines_tests.examples import examples

LA = "America/Los_Angeles"
PACKAGE = Path(flightsched_pipelines.__file__).parent


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("starts", "minutes", "zone", "words"),
    [
        ("2026-11-24T18:00", 90, LA, "Tue 24 Nov 10:00–11:30 PST"),
        ("2026-11-25T07:00", 90, LA, "Tue 24 Nov 23:00–Wed 25 Nov 00:30 PST"),
        ("2026-10-01T06:30", 60, LA, "Wed 30 Sep 23:30–Thu 1 Oct 00:30 PDT"),
        ("2028-02-29T18:00", 60, LA, "Tue 29 Feb 10:00–11:00 PST"),
        ("2028-03-01T07:30", 60, LA, "Tue 29 Feb 23:30–Wed 1 Mar 00:30 PST"),
        ("2026-03-08T09:30", 60, LA, "Sun 8 Mar 01:30 PST–03:30 PDT"),
        ("2026-11-01T08:30", 60, LA, "Sun 1 Nov 01:30 PDT–01:30 PST"),
        ("2026-11-08T18:00", 90, "America/Sao_Paulo", "Sun 8 Nov 15:00–16:30 Sao Paulo time"),
        ("2028-02-29T18:30", 60, "Asia/Kolkata", "Wed 1 Mar 00:00–01:00 IST"),
    ],
)
def test_a_period_is_on_the_local_clock_with_the_name_of_its_zone(
    starts: str, minutes: int, zone: str, words: str
) -> None:
    assert format_period(at(starts), at(starts) + timedelta(minutes=minutes), zone) == words


def test_the_hour_that_comes_twice_is_told_apart() -> None:
    first, second = at("2026-11-01T08:30"), at("2026-11-01T09:30")
    assert format_time(first, LA) == "Sun 1 Nov 01:30 PDT"
    assert format_time(second, LA) == "Sun 1 Nov 01:30 PST"


def test_it_is_told_apart_where_the_zone_has_no_abbreviation_either() -> None:
    first, second = at("2026-04-05T02:30"), at("2026-04-05T03:30")
    assert format_time(first, "America/Santiago") != format_time(second, "America/Santiago")


def test_operators_read_utc_in_the_same_form() -> None:
    assert format_utc(at("2026-11-08T18:00")) == "Sun 8 Nov 18:00 UTC"


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        format_time(datetime(2026, 11, 24, 18), LA)  # noqa: DTZ001, it is what is refused


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (1000.0, "ft", "1,000 ft"), (12.0, "kt", "12 kt"), (10.3, "kt", "10.3 kt"), (30.0, "min", "30 min"),
        (0.0625, "SM", "1/16 SM"), (0.06, "SM", "1/16 SM"), (0.125, "SM", "1/8 SM"), (0.12, "SM", "1/8 SM"),
        (0.13, "SM", "1/8 SM"), (0.19, "SM", "3/16 SM"), (0.25, "SM", "1/4 SM"), (0.31, "SM", "5/16 SM"),
        (0.38, "SM", "3/8 SM"), (0.5, "SM", "1/2 SM"), (0.62, "SM", "5/8 SM"), (0.75, "SM", "3/4 SM"),
        (0.88, "SM", "7/8 SM"), (1.0, "SM", "1 SM"), (1.25, "SM", "1 1/4 SM"), (2.5, "SM", "2 1/2 SM"),
        (3.0, "SM", "3 SM"), (10.0, "SM", "10 SM"), (2.49, "SM", "2.49 SM"), (4.999, "SM", "4.99 SM"),
        (0.0, "SM", "0 SM"), (6.21, "SM", "6.21 SM"), (1.06, "SM", "1.06 SM"),
    ],
)  # fmt: skip
def test_a_quantity_has_its_unit_and_visibility_the_fractions_of_a_report(value: float, unit: str, words: str) -> None:
    assert format_quantity(value, unit) == words


def test_a_visibility_that_is_a_bound_is_not_told_as_measured() -> None:
    assert format_visibility(6.0, at_least=True) == "more than 6 SM"
    assert format_visibility(6.21, at_least=True) == "at least 6.21 SM"
    assert format_visibility(6.0) == "6 SM"


def miles(words: str) -> float:
    return float(sum(Fraction(part) for part in words.removesuffix(" SM").split()))


@examples(1_000, "the formats branch at a few bounds, which numbers are drawn close to")
@given(st.floats(0, 20))
def test_a_visibility_in_words_is_near_the_figure_and_a_higher_one_never_reads_as_lower(value: float) -> None:
    assert abs(miles(format_quantity(value, "SM")) - value) <= 0.0101
    assert miles(format_quantity(value + 0.02, "SM")) > miles(format_quantity(value, "SM"))


@examples(300, "the formats branch at a few bounds, which numbers are drawn close to")
@given(st.integers(1, 20), st.floats(0.0101, 1))
def test_a_visibility_below_whole_miles_never_reads_as_those(limit: int, short: float) -> None:
    assert miles(format_quantity(limit - short, "SM")) < limit


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (plural(0, "alert"), "0 alerts"), (plural(1, "alert"), "1 alert"), (plural(2, "alert"), "2 alerts"),
        (plural(1_000, "lesson"), "1,000 lessons"), (plural(1, "check fails", "checks fail"), "1 check fails"),
        (plural(3, "check fails", "checks fail"), "3 checks fail"),
    ],
)  # fmt: skip
def test_one_thing_is_one_thing(words: str, expected: str) -> None:
    assert words == expected


def test_no_other_module_has_a_form_of_its_own() -> None:
    # %d is a day of two digits, %Z a zone as the C library names it; '{...}s' would be a plural of its own.
    own = re.compile(r"%a|%d %b|%Z|'s' (\*|if)|\"s\" (\*|if)")
    found = [
        f"{path.relative_to(PACKAGE)}: {line.strip()}"
        for path in sorted((*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.j2")))
        if path.name != "formatting.py"
        for line in path.read_text(encoding="utf-8").splitlines()
        if own.search(line)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(0, "0 min"), (45, "45 min"), (60, "1 h"), (90, "1 h 30 min"), (600.9, "10 h"), (1_505, "25 h 5 min")],
)
def test_a_length_of_time_is_in_hours_and_minutes(minutes: float, words: str) -> None:
    assert format_duration(timedelta(minutes=minutes)) == words


def counted_by_hand(sentence: ast.JoinedStr) -> list[str]:
    """Return the counts of things in a sentence that are followed by a plural, whatever the number is."""
    return [
        f"{ast.unparse(count.value)}{noun.value}"
        for count, noun in pairwise(sentence.values)
        if isinstance(count, ast.FormattedValue)
        and isinstance(count.value, ast.Call)
        and isinstance(count.value.func, ast.Name)
        and count.value.func.id in {"len", "sum"}
        and isinstance(noun, ast.Constant)
        and re.match(r" [a-z]+s\b", str(noun.value))
    ]


def test_things_that_are_counted_have_their_plural_by_their_number() -> None:
    text = PACKAGE / "text.py"
    """Below `formatting`, which builds on it; a text that is too long has several characters."""
    modules = [path for path in PACKAGE.rglob("*.py") if path != text]
    sentences = (node for path in modules for node in ast.walk(ast.parse(path.read_text("utf-8"))))

    assert [found for one in sentences if isinstance(one, ast.JoinedStr) for found in counted_by_hand(one)] == []
    by_hand = ast.parse('f"{len(rows)} rows are read"', mode="eval").body
    assert isinstance(by_hand, ast.JoinedStr)
    assert counted_by_hand(by_hand) == ["len(rows) rows are read"]
