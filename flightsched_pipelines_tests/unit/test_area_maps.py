"""A map has the areas, the airports and the way; nothing of it comes from the network."""

from datetime import UTC, datetime

import pandas as pd
import pytest

from flightsched_pipelines.domain.weather.areas.area_columns import area_frame
from flightsched_pipelines.reporting.area_map import AreaMap, MapArea, area_map
from flightsched_pipelines.services.hourly.area_maps import map_of_hour, map_of_lesson
from flightsched_pipelines_tests.unit.domain.risk.builders import AIRPORTS, fine, hold, lesson
from flightsched_pipelines_tests.unit.domain.weather.areas.builders import gairmet, points, read, sigmet

HOUR = datetime(2026, 6, 1, 16, tzinfo=UTC)
AREAS = area_frame(
    read(
        {"airsigmet": [sigmet(), sigmet(seriesId="6W", coords=points((30, -90)))], "gairmet": [gairmet(3), gairmet(6)]}
    )
)


def test_a_map_of_an_hour_names_each_area_once_with_altitudes_and_times() -> None:
    drawn = map_of_hour(AREAS, AIRPORTS, HOUR)

    assert list(dict.fromkeys(area.words for area in drawn.areas)) == [
        "G-AIRMET ZULU 3Z, 2,000 ft to 18,000 ft, 16:00–01:00Z",
        "convective SIGMET 5W, surface to 45,000 ft, 16:00–18:00Z",
    ]
    assert set(drawn.airports) == {"KPAO", "KSQL", "KLVK"}


def test_a_map_of_a_lesson_has_only_what_it_meets_and_its_way() -> None:
    flight = lesson(lesson_kind="cross_country", route=["KLVK"])
    found = hold([flight], fine("KPAO", "KLVK"), areas=AREAS).broken
    met = zip(found["rule"].tolist(), found["hazard"].tolist(), strict=True)
    drawn = map_of_lesson(AREAS, AIRPORTS, ["KPAO", "KLVK"], met)

    assert drawn is not None
    assert {area.hazard for area in drawn.areas} == {"convection", "icing"}
    assert [len(way) for way in drawn.ways] == [2]
    assert map_of_lesson(AREAS, AIRPORTS, ["KPAO"], []) is None


def test_the_picture_draws_an_area_around_the_airport_within_it() -> None:
    svg = area_map(map_of_hour(AREAS, AIRPORTS, HOUR)).svg

    shapes = svg.findall("path")
    assert {shape.get("class") for shape in shapes} == {"f-at_risk s-at_risk", "f-one s-one"}
    assert "KPAO" in [text.text for text in svg.findall("text")]
    assert "http" not in area_map(map_of_hour(AREAS, AIRPORTS, HOUR)).__html__().replace(
        "http://www.w3.org/2000/svg", ""
    )


@pytest.mark.parametrize("longitude", [179.9, -179.9])
def test_a_map_across_the_antimeridian_is_whole(longitude: float) -> None:
    outline = '{"type":"Polygon","coordinates":[[[179,51],[181,51],[181,53],[179,53],[179,51]]]}'
    svg = area_map(AreaMap("a", [MapArea("convection", outline, "b")], {"PASY": (longitude, 52.0)})).svg

    steps = svg.findall("path")[0].get("d") or ""
    across = [float(step.split()[0]) for step in steps.replace("Z", "").replace("M", "L").split("L") if step]
    assert min(across) < 180 < max(across)
    assert max(across) - min(across) < 400


def test_a_map_without_airports_or_areas_is_empty_and_no_error() -> None:
    assert area_map(map_of_hour(area_frame(), AIRPORTS.head(0), HOUR)).description.startswith("no area")
    assert area_map(map_of_hour(AREAS, pd.DataFrame(AIRPORTS.head(0)), HOUR)).svg is not None
