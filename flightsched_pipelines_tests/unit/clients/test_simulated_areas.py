"""The simulated areas are where and when the simulated weather is, in the products' own forms."""

from datetime import UTC, datetime, timedelta

import pytest
import shapely

from flightsched_pipelines.clients.weather.simulation.areas import areas
from flightsched_pipelines.clients.weather.simulation.atmosphere import conditions_at
from flightsched_pipelines.clients.weather.simulation.reports import Station
from flightsched_pipelines.domain.weather.areas.area_columns import HazardArea
from flightsched_pipelines.domain.weather.areas.reading import read_areas

BEGIN = datetime(2026, 11, 26, tzinfo=UTC)
STATIONS = [Station("KAPA", "Centennial", 39.57, -104.85, 5885), Station("KPAO", "Palo Alto", 37.46, -122.12, 7)]


def areas_at(hour_utc: datetime) -> list[HazardArea]:
    return read_areas(areas(STATIONS, hour_utc), hour_utc)


def is_within(area: HazardArea, station: Station) -> bool:
    outline = shapely.from_geojson(area.outline or "{}")
    return bool(shapely.covers(outline, shapely.Point(station.longitude_deg, station.latitude_deg)))


def test_three_days_have_every_product_and_nothing_that_cannot_be_read() -> None:
    found = [area for hour in range(72) for area in areas_at(BEGIN + timedelta(hours=hour))]

    assert {area.hazard for area in found} == {"convection", "icing", "turbulence", "ifr", "convection_forecast"}
    assert not [area.problem for area in found if area.problem]


@pytest.mark.parametrize("station", STATIONS, ids=["KAPA", "KPAO"])
def test_a_storm_at_a_station_is_under_a_sigmet(station: Station) -> None:
    storms = 0
    for hour in range(72):
        at = BEGIN + timedelta(hours=hour)
        if "TS" in conditions_at(station.ident, station.longitude_deg, at).air.weather:
            storms += 1
            assert any(area.hazard == "convection" and is_within(area, station) for area in areas_at(at))
    assert storms


@pytest.mark.parametrize("latitude_deg", [-90.0, -89.0, 89.0, 90.0])
@pytest.mark.parametrize("longitude_deg", [-180.0, 179.99, 180.0])
def test_an_area_at_the_end_of_the_map_can_be_read(latitude_deg: float, longitude_deg: float) -> None:
    station = Station("KPOL", "A pole", latitude_deg, longitude_deg, 0)
    for hour in range(0, 72, 5):
        at = BEGIN + timedelta(hours=hour)
        assert [area.problem for area in read_areas(areas([station], at), at) if area.problem] == []
