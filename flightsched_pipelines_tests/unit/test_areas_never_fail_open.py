"""The law for hazard areas: dropping, garbling or ageing any piece of them never makes a verdict better.

What cannot be detected is left out: that an area, or a point within an outline, is absent from a response.
"""

import copy
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightsched_pipelines.domain.risk.assess import assess
from flightsched_pipelines.domain.risk.bookings import BOOKING_COLUMNS, severity
from flightsched_pipelines.domain.weather.areas.area_columns import area_frame
from flightsched_pipelines.domain.weather.areas.products import AREA_PRODUCTS
from flightsched_pipelines.domain.weather.areas.reading import read_areas
from flightsched_pipelines.domain.weather.forecast_columns import FORECAST_COLUMNS
from flightsched_pipelines_tests.examples import examples
from flightsched_pipelines_tests.unit.domain.risk.builders import (
    AIRPORTS,
    DEFAULTS,
    NOW,
    RUNWAYS,
    SUNS,
    at,
    fine,
    frame,
    lesson,
)
from flightsched_pipelines_tests.unit.domain.weather.areas.builders import (
    cwa,
    gairmet,
    points,
    response,
    sigmet,
    tcf,
    tcf_feature,
)
from flightsched_pipelines_tests.unit.test_never_fail_open import GARBAGE, paths

NORTH = points((37.8, -123.0), (39.0, -123.0), (39.0, -120.0), (37.8, -120.0), (37.8, -123.0))
AREAS: dict[str, Any] = {
    "airsigmet": [sigmet(), sigmet(seriesId="6W", hazard="TURB", altitudeLow1=2500, altitudeHi1=9000, coords=NORTH)],
    "isigmet": [],
    "gairmet": [
        gairmet(3), gairmet(6),
        gairmet(9, hazard="TURB-LO", product="TANGO", tag="1T", base="SFC", top="120", coords=NORTH),
        gairmet(3, hazard="IFR", product="SIERRA", tag="1S", base=None, top=None),
    ],
    "cwa": [cwa(base=3500), cwa(hazard="ICE", qualifier="MOD", base=0, coords=NORTH)],
    "tcf": tcf(tcf_feature()),
}  # fmt: skip
KINDS: tuple[tuple[str, str, list[str]], ...] = (
    ("pattern", "KPAO", []), ("local", "KLVK", []), ("cross_country", "KPAO", ["KLVK"]),
)  # fmt: skip
LESSONS = [
    lesson(
        booking_id=number, training_level=level, solo=solo, lesson_kind=kind, starts_at_utc=at(starts),
        ends_at_utc=at(starts + 0.75), departure=departure, route=route,
    )
    for number, (level, solo, kind, departure, route, starts) in enumerate(
        (level, solo, kind, departure, route, starts)
        for level, solo in (("student_pilot", True), ("private_pilot", False), ("instrument_rated", False))
        for kind, departure, route in KINDS
        for starts in (1, 3.5, 5, 7, 8.5)
    )
]  # fmt: skip
BOOKINGS, FORECASTS = frame(LESSONS, BOOKING_COLUMNS), frame(fine("KPAO", "KLVK"), FORECAST_COLUMNS)
PIECES = list(paths(AREAS))


def verdicts(areas: dict[str, Any]) -> list[str]:
    """The verdicts of the lessons under the areas of some bodies; a product without a body did not come."""
    responses = [response(product, areas[product]) for product in AREA_PRODUCTS if product in areas]
    read = area_frame(read_areas(responses, NOW))
    found = assess(BOOKINGS, FORECASTS, DEFAULTS, AIRPORTS, RUNWAYS, SUNS, first_hour_utc=NOW, areas=read)
    return [str(verdict) for verdict in found.verdicts]


SOUND = verdicts(AREAS)


def test_the_sound_areas_show_every_verdict_that_an_area_can_make() -> None:
    assert set(SOUND) == {"ok", "watch", "at_risk"}


def is_within_a_list(place: tuple[Any, ...]) -> bool:
    """An area or a point of an outline, whose absence cannot be detected."""
    return isinstance(place[-1], int)


@examples(150, "one piece an example; there are some three hundred, of few kinds")
@given(place=st.sampled_from([place for place in PIECES if not is_within_a_list(place)]))
def test_dropping_any_piece_of_an_area_never_improves_a_verdict(place: tuple[Any, ...]) -> None:
    broken, parent = opened_at(place)
    del parent[place[-1]]

    assert_none_improved(broken, place)


@examples(250, "one piece an example; there are some three hundred, of few kinds")
@given(place=st.sampled_from(PIECES), garbage=GARBAGE)
def test_garbling_any_piece_of_an_area_never_improves_a_verdict(place: tuple[Any, ...], garbage: object) -> None:
    if garbage == [] and place[-1] in {*AREA_PRODUCTS, "features"}:
        return  # a product without areas
    broken, parent = opened_at(place)
    parent[place[-1]] = garbage

    assert_none_improved(broken, place)


@pytest.mark.parametrize("product", AREA_PRODUCTS)
@pytest.mark.parametrize("cut", [0.1, 0.5, 0.99])
def test_a_body_that_is_cut_short_never_improves_a_verdict(product: str, cut: float) -> None:
    body = json.dumps(AREAS[product])
    broken = {**AREAS, product: body[: int(cut * len(body))]}

    assert_none_improved(broken, (product,))


def aged(body: Any, hours: float, names: Sequence[str]) -> Any:
    """Return a body with these times so many hours ago, as a frozen one has them."""
    if isinstance(body, list):
        return [aged(part, hours, names) for part in body]
    if not isinstance(body, dict):
        return body
    return {
        name: earlier(value, hours) if name in names else aged(value, hours, names) for name, value in body.items()
    }  # fmt: skip


def earlier(value: Any, hours: float) -> Any:
    """Return a time of a body so many hours ago, as the Aviation Weather Center writes it."""
    if isinstance(value, int):
        return int(value - hours * 3600)
    written = "%Y%m%d_%H%M" if "_" in value else "%Y-%m-%dT%H:%M:%S.000Z"
    return (datetime.strptime(value, written).replace(tzinfo=UTC) - timedelta(hours=hours)).strftime(written)


@pytest.mark.parametrize("names", [("issueTime", "validTime"), ("validTime",), ("issueTime",)], ids="-".join)
@pytest.mark.parametrize("product", ["gairmet", "tcf"])
@examples(30, "an age an example")
@given(hours=st.floats(10, 200))
def test_a_frozen_product_never_improves_a_verdict(product: str, names: tuple[str, ...], hours: float) -> None:
    broken = {**AREAS, product: aged(AREAS[product], hours, names)}

    assert_none_improved(broken, (product, *names, hours))


def opened_at(place: tuple[Any, ...]) -> tuple[dict[str, Any], Any]:
    """Return the areas, and the part of them with the piece at a place."""
    broken = copy.deepcopy(AREAS)
    parent: Any = broken
    for key in place[:-1]:
        parent = parent[key]
    return broken, parent


def assert_none_improved(broken: dict[str, Any], place: tuple[Any, ...]) -> None:
    better = [
        (LESSONS[n]["booking_id"], before, after)
        for n, (before, after) in enumerate(zip(SOUND, verdicts(broken), strict=True))
        if after != "unknown" and severity(after) < severity(before)
    ]
    assert not better, f"{place} improved {better}"
