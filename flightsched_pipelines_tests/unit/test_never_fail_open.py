"""The law: dropping or garbling any piece of weather never makes a verdict better; it may make it ``unknown``."""

import copy
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from functools import reduce
from operator import getitem
from typing import Any, TypeVar

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightsched_pipelines.domain.risk.bookings import severity
from flightsched_pipelines_tests.examples import examples
from flightsched_pipelines_tests.unit.domain.weather.builders import hour
from flightsched_pipelines_tests.unit.several_weathers import (
    BOOKINGS,
    NOW,
    WEATHER,
    Weather,
    verdicts,
    verdicts_of_each,
)

pytestmark = pytest.mark.long

Place = tuple[Any, ...]
Fault = TypeVar("Fault")


def paths(value: object, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The place of every piece in a JSON value."""
    if here:
        yield here
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from paths(item, (*here, key))


PLACES = list(paths(WEATHER))
OF_REPORTS = [place for place in PLACES if place[0] in {"metar", "taf"}]
PIECES = st.one_of(st.sampled_from(OF_REPORTS), st.sampled_from(PLACES))
"""Check with an older report of fair weather beside the newest, of each product."""

TEXTS = [place for place in OF_REPORTS if place[-1] in {"rawTAF", "rawOb"}]
TIMES = [
    ("one_call", "current", "dt"),
    *(place for place in OF_REPORTS if place[-1] in {"issueTime", "obsTime", "validTimeFrom", "validTimeTo"}),
]
SOUND = verdicts(WEATHER)
GARBAGE = st.one_of(
    st.none(), st.booleans(), st.text(max_size=6), st.just([]), st.just({}), st.just(-9999), st.just(10**12),
    st.just("NaN"), st.just([None]), st.just("\x00"), st.sampled_from(["TSXX", "FM", "TEMPO", "XYZ", "///", "0"]),
)  # fmt: skip


def test_the_sound_weather_shows_every_verdict() -> None:
    shown = pd.Series(SOUND).groupby(BOOKINGS["departure"]).unique()
    assert {*shown["KXYZ"]} == {"ok", "watch", "unknown", "at_risk"}
    assert {*shown["KONE"]} == {"ok", "unknown", "at_risk"}


AT_ONCE = 25
"""Weathers that are judged at once, each with one fault of its own."""


def several(fault: st.SearchStrategy[Fault]) -> st.SearchStrategy[list[Fault]]:
    return st.lists(fault, min_size=AT_ONCE, max_size=AT_ONCE)


@examples(10, "25 faults an example, each in a weather of its own; the faults are few kinds, each drawn often")
@given(places=several(PIECES.filter(lambda place: len(place) != 2)))
def test_dropping_any_piece_of_weather_never_improves_a_verdict(places: list[Place]) -> None:
    """Drop any piece but a whole report: the absence of a newer one in a response cannot be detected."""
    assert_none_improves((place, without(place)) for place in places)


@examples(10, "25 faults an example, each in a weather of its own; the faults are few kinds, each drawn often")
@given(faults=several(st.tuples(PIECES, GARBAGE)))
def test_garbling_any_piece_of_weather_never_improves_a_verdict(faults: list[tuple[Place, object]]) -> None:
    assert_none_improves(((place, garbage), with_piece(place, garbage)) for place, garbage in faults)


@examples(6, "25 faults an example, each in a weather of its own; the faults are few kinds, each drawn often")
@given(faults=several(st.tuples(st.sampled_from(TEXTS), st.floats(0, 1))))
def test_cutting_a_report_short_never_improves_a_verdict(faults: list[tuple[Place, float]]) -> None:
    assert_none_improves(
        ((place, kept), with_piece(place, (text := piece(place))[: int(kept * len(text))])) for place, kept in faults
    )


@examples(6, "25 faults an example, each in a weather of its own; the faults are few kinds, each drawn often")
@given(faults=several(st.tuples(st.sampled_from(TIMES), st.integers(-3000, 3000))))
def test_a_report_whose_time_is_wrong_never_improves_a_verdict(faults: list[tuple[Place, int]]) -> None:
    assert_none_improves(
        ((place, minutes), with_piece(place, later(piece(place), minutes))) for place, minutes in faults
    )


def later(time: int | str, minutes: int) -> int | str:
    if isinstance(time, int):
        return time + 60 * minutes
    return (datetime.fromisoformat(time) + timedelta(minutes=minutes)).isoformat()


def garbled(product: str, place: int, characters: str) -> str:
    """Return a bulletin with these characters in the place of one."""
    text = WEATHER[product]
    return text[:place] + characters + text[place + 1 :]


def is_another_number(product: str, place: int, characters: str) -> bool:
    """Return whether a bulletin's number is another one then, as bulletins write it: without leading zeros."""
    start = WEATHER[product].rfind("\n", 0, place) + 1
    field = place - start - (place - start - 5) % 3
    line = garbled(product, place, characters)[start:].partition("\n")[0]
    return (
        len(characters) == 1 and field >= 5 and re.fullmatch(r" *-?[1-9]\d*| *0", line[field : field + 3]) is not None
    )


GARBLED_CHARACTERS = [
    fault
    for fault in (
        (product, place, characters)
        for product in ("nbh", "nbs")
        for place in range(len(WEATHER[product]))
        for characters in ("", " ", "  ", "-", "#", "\x00", "\n")
    )
    if not is_another_number(*fault)
]
"""A bulletin, one of its characters, and what is there instead."""

BULLETINS = st.sampled_from(["nbh", "nbs"])
LINES = st.integers(0, 16)


@examples(4, "25 faults an example, each in a weather of its own; each row, and each kind of fault, is drawn often")
@given(faults=several(st.tuples(BULLETINS, LINES)))
def test_dropping_a_row_of_guidance_never_improves_a_verdict(faults: list[tuple[str, int]]) -> None:
    assert_none_improves(((product, line), with_row(product, line, lambda _: [])) for product, line in faults)


@examples(8, "25 faults an example, each in a weather of its own; each row, and each kind of fault, is drawn often")
@given(faults=several(st.sampled_from(GARBLED_CHARACTERS)))
def test_garbling_a_character_of_guidance_never_improves_a_verdict(faults: list[tuple[str, int, str]]) -> None:
    """Garble any character so that no other number is there: nothing tells that a legible one is wrong."""
    assert_none_improves((fault, WEATHER | {fault[0]: garbled(*fault)}) for fault in faults)


@examples(4, "25 faults an example, each in a weather of its own; where it is cut counts by its row")
@given(faults=several(st.tuples(BULLETINS, st.floats(0, 1))))
def test_cutting_guidance_short_never_improves_a_verdict(faults: list[tuple[str, float]]) -> None:
    assert_none_improves(
        ((product, kept), WEATHER | {product: (text := WEATHER[product])[: int(kept * len(text))]})
        for product, kept in faults
    )


@examples(6, "25 faults an example: which value goes missing counts by its row and the hour that it governs")
@given(faults=several(st.tuples(BULLETINS, LINES, st.integers(0, 24))))
def test_a_value_of_guidance_that_is_missing_never_improves_a_verdict(faults: list[tuple[str, int, int]]) -> None:
    def lacking(product: str, line: int, column: int) -> Weather:
        start = 5 + 3 * column
        return with_row(product, line, lambda row: [row[:start] + "-99" + row[start + 3 :]])

    assert_none_improves((fault, lacking(*fault)) for fault in faults)


@pytest.mark.parametrize("product", ["nbh", "nbs"])
@pytest.mark.parametrize("garbled", [lambda row: row[:-3] + "-99", lambda row: row[:-3]], ids=["missing", "cut off"])
def test_an_hour_of_guidance_that_is_missing_never_improves_a_verdict(
    product: str, garbled: Callable[[str], str]
) -> None:
    hours = next(number for number, row in enumerate(WEATHER[product].splitlines()) if row.startswith(" UTC"))

    assert_none_improves([(product, with_row(product, hours, lambda row: [garbled(row)]))])


@pytest.mark.parametrize("product", ["nbh", "nbs", "metar", "taf", "one_call"])
def test_a_product_that_does_not_come_never_improves_a_verdict(product: str) -> None:
    assert_none_improves([(product, {name: body for name, body in WEATHER.items() if name != product})])


@pytest.mark.parametrize("hours", [1, 4, 9, 26, 49])
def test_weather_that_has_grown_old_never_improves_a_verdict(hours: int) -> None:
    """Read the same responses later: their forecast is relied on for a while, then no longer."""
    later = verdicts(WEATHER, NOW + hours)
    lessons = [n for n, starts in enumerate(BOOKINGS["starts_at_utc"]) if starts > hour(NOW + hours + 1)]

    better = [n for n in lessons if later[n] != "unknown" and severity(later[n]) < severity(SOUND[n])]
    assert not better
    if hours > 6:
        assert "ok" not in {later[n] for n in lessons if BOOKINGS["starts_at_utc"].iloc[n] < hour(36)}


def piece(place: Place) -> Any:
    return reduce(getitem, place, WEATHER)


def with_piece(place: Place, value: object) -> Weather:
    """Return the weather with another value at a place."""
    broken, parent = opened_at(place)
    parent[place[-1]] = value
    return broken


def without(place: Place) -> Weather:
    broken, parent = opened_at(place)
    del parent[place[-1]]
    return broken


def opened_at(place: Place) -> tuple[dict[str, Any], Any]:
    """Return the weather, its product of a place copied, and the part with the piece at that place."""
    broken = WEATHER | {place[0]: copy.deepcopy(WEATHER[place[0]])}
    return broken, reduce(getitem, place[:-1], broken)


def with_row(product: str, line: int, changed: Callable[[str], list[str]]) -> Weather:
    """Return the weather with other rows for one of a bulletin."""
    lines = WEATHER[product].splitlines()
    line %= len(lines)
    return WEATHER | {product: "\n".join([*lines[:line], *changed(lines[line]), *lines[line + 1 :]])}


def assert_none_improves(weathers: Iterable[tuple[object, Weather]]) -> None:
    """Assert it of weathers, each with the fault that it has."""
    faults, broken = zip(*weathers, strict=True)
    for fault, after in zip(faults, verdicts_of_each(broken), strict=True):
        better = [
            (BOOKINGS["starts_at_utc"].iloc[n], BOOKINGS["training_level"].iloc[n], before, now)
            for n, (before, now) in enumerate(zip(SOUND, after, strict=True))
            if now != "unknown" and severity(now) < severity(before)
        ]
        assert not better, f"{fault} improved {better}"
