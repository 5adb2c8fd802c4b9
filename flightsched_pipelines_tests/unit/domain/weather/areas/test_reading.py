"""Hazard areas are read from each product; what cannot be read widens them, and has one sentence."""

from dataclasses import replace
from typing import Any

import pytest

from flightsched_pipelines.domain.weather.areas.products import AreaProduct
from flightsched_pipelines.domain.weather.areas.reading import read_areas
from flightsched_pipelines_tests.unit.domain.weather.areas.builders import (
    NOW,
    SQUARE,
    at,
    cwa,
    gairmet,
    points,
    read,
    response,
    sentences,
    sigmet,
    tcf,
    tcf_feature,
)


def test_each_product_is_read() -> None:
    areas = read({"airsigmet": [sigmet()], "gairmet": [gairmet()], "cwa": [cwa()], "tcf": tcf(tcf_feature())})

    assert [(area.name, area.hazard, area.from_utc, area.to_utc, area.base_ft, area.top_ft) for area in areas] == [
        ("convective SIGMET 5W", "convection", at(0), at(2), 0.0, 45_000.0),
        ("G-AIRMET ZULU 3Z", "icing", at(0), at(6), 2_000.0, 18_000.0),
        ("center weather advisory ZOA 101", "severe_turbulence", at(0), at(2), 2_000.0, 12_000.0),
        ("convective forecast (medium coverage)", "convection_forecast", at(2), at(6), 0.0, 39_000.0),
    ]
    assert not sentences(areas)


def test_international_sigmets_are_read_with_holes_and_across_the_antimeridian() -> None:
    ring = [[178.0, 50.0], [-178.0, 50.0], [-178.0, 54.0], [178.0, 54.0], [178.0, 50.0]]
    hole = [[-179.5, 51.0], [-179.0, 51.0], [-179.0, 52.0], [-179.5, 51.0]]
    feature = {
        "type": "Feature",
        "properties": {
            "firId": "PAZA", "seriesId": "LIMA 2", "hazard": "TURB", "base": 0, "top": 20000,
            "validTimeFrom": at(0).isoformat(), "validTimeTo": at(4).isoformat(),
        },
        "geometry": {"type": "Polygon", "coordinates": [ring, hole]},
    }  # fmt: skip
    [area] = read({"isigmet": {"type": "FeatureCollection", "features": [feature]}})

    assert (area.name, area.hazard, area.problem) == ("international SIGMET PAZA LIMA 2", "severe_turbulence", None)
    assert area.outline is not None
    assert "182.0" in area.outline


def test_a_freezing_level_is_a_line_and_no_area() -> None:
    line = gairmet(hazard="FZLVL", geometryType="LINE", level="080", coords=points((40, -120), (41, -110)))

    assert read({"gairmet": [line]}) == []


def test_a_severity_below_severe_makes_an_advisory_moderate_and_no_other_word_does() -> None:
    hazards = [read({"cwa": [cwa(qualifier=word)]})[0].hazard for word in ("MOD", "SEV", "", None, "AREA", [])]

    assert hazards == ["turbulence", *["severe_turbulence"] * 5]


CROSSED = points((36, -124), (39, -120), (39, -124), (36, -120), (36, -124))
BAD: list[tuple[AreaProduct, Any, str]] = [
    (
        "airsigmet", sigmet(coords=CROSSED),
        "convective SIGMET 5W: its outline crosses itself; everything within its outermost points counts",
    ),
    (
        "airsigmet", sigmet(coords=points(*SQUARE[:2])),
        "convective SIGMET 5W: its outline has 2 points; an area has at least 3, so it may be anywhere",
    ),
    (
        "airsigmet", sigmet(coords=[]),
        "convective SIGMET 5W: its outline has 0 points; an area has at least 3, so it may be anywhere",
    ),
    (
        "airsigmet", sigmet(coords=[*points(*SQUARE[:2]), {"lat": "north", "lon": -120}]),
        "convective SIGMET 5W: point 3 of its outline cannot be read, so it may be anywhere",
    ),
    (
        "airsigmet", sigmet(coords=points((36, -124), (39, -124), (0, -120))),
        "convective SIGMET 5W: two points of its outline are more than 1,500 NM apart, so it may be anywhere",
    ),
    (
        "airsigmet", sigmet(coords=points((36, -124), (37, -123), (38, -122))),
        "convective SIGMET 5W: the points of its outline are on one line, so it may be anywhere",
    ),
    (
        "airsigmet", sigmet(coords=points(*((80.0, longitude) for longitude in range(-180, 180, 30)))),
        "convective SIGMET 5W: its outline goes round a pole, so it may be anywhere",
    ),
    (
        "airsigmet", sigmet(validTimeFrom=-1_373_000_000, validTimeTo=-1_372_990_000),
        "convective SIGMET 5W: its times cannot be read, so it counts for 7 h",
    ),
    (
        "airsigmet", sigmet(validTimeFrom="2016-06-01T16:00:00Z", validTimeTo="2016-06-01T18:00:00Z"),
        "convective SIGMET 5W: its times, from 2016-06-01 16:00Z, are not of this day, so it counts for 7 h",
    ),
    ("airsigmet", sigmet(hazard="FROGS"), "SIGMET 5W: its hazard 'FROGS' is not known"),
    ("airsigmet", "rain", "No SIGMET can be read: area 1 of the response is not an object"),
    (
        "gairmet", gairmet(top=None, base=None),
        "G-AIRMET ZULU 3Z: it has no altitudes, so every altitude counts",
    ),
    (
        "gairmet", gairmet(top="low"),
        "G-AIRMET ZULU 3Z: its altitudes cannot be read, so every altitude counts",
    ),
    (
        "gairmet", gairmet(validTime="1926-06-01T19:00:00.000Z"),
        "G-AIRMET ZULU 3Z: its times cannot be read, so it counts for 16 h",
    ),
    (
        "cwa", cwa(top=1500),
        "center weather advisory ZOA 101: its top is not above its base, 2,000 ft, so every altitude counts",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("product", "item", "sentence"), BAD, ids=[sentence for _, _, sentence in BAD])
def test_what_cannot_be_read_has_one_sentence(product: AreaProduct, item: object, sentence: str) -> None:
    [area] = read({product: [item]})

    assert area.problem == sentence
    if "anywhere" in sentence or "not known" in sentence or "No SIGMET" in sentence:
        assert area.hazard is None
    if "every altitude" in sentence:
        assert (area.base_ft, area.top_ft) == (0.0, None)


def test_the_freezing_level_is_the_lowest_and_the_surface_where_it_is_not_whole() -> None:
    bases = [read({"gairmet": [gairmet(fzlbase=low, fzltop=high)]})[0].base_ft for low, high in (
        ("080", "120"), ("SFC", "040"), (None, "120"), ("x", "120"), ("10000", "12000"),
    )]  # fmt: skip

    assert bases == [8_000.0, 0.0, 0.0, 0.0, 10_000.0]


@pytest.mark.parametrize("body", ["", "<html>", '{"areas": []}', "[", "7"])
def test_a_body_that_is_no_list_of_areas_is_an_area_anywhere(body: str) -> None:
    [area] = read({"airsigmet": body})

    assert (area.hazard, area.outline, area.from_utc, area.to_utc) == (None, None, at(0), at(7))
    assert area.problem == "No SIGMET can be read: the response is not a list of areas"


def test_a_product_that_failed_or_is_absent_may_be_anywhere_as_far_as_it_reaches() -> None:
    failed = replace(response("cwa", ""), outcome="timeout", error="It did not answer within 20 s")
    areas = read_areas([response("airsigmet", []), response("tcf", "", "empty"), failed], NOW)

    assert [(area.product, area.to_utc) for area in areas] == [("isigmet", at(7)), ("gairmet", at(16)), ("cwa", at(3))]
    assert sentences(areas) == [
        "No international SIGMET can be read: there is no response",
        "No G-AIRMET can be read: there is no response",
        "No center weather advisory can be read: It did not answer within 20 s",
    ]


def test_an_hour_for_which_no_areas_were_asked_has_none() -> None:
    report = replace(response("cwa", []), product="metar")

    assert read_areas([report], NOW) == []
