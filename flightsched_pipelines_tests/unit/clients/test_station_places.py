"""Places of stations come from airportsdata, by either of its idents, where there is guidance and an elevation."""

import airportsdata

from flightsched_pipelines.clients.weather.station_places import places_of, station_places
from flightsched_pipelines.domain.weather.guidance.coverage import has_stations
from flightsched_pipelines.domain.weather.guidance.stations import PLACE_COLUMNS


def test_every_place_is_that_of_the_package() -> None:
    known = airportsdata.load("LID") | airportsdata.load("ICAO")
    expected = {
        ident: (one["lat"], one["lon"], one["elevation"])
        for ident, one in known.items()
        if one["elevation"] != 0 and has_stations(one["lat"], one["lon"])
    }
    assert {row[0]: row[1:] for row in station_places().itertuples(index=False, name=None)} == expected


def test_a_station_that_is_not_known_has_no_place() -> None:
    assert places_of({"KAPA", "46012"})["airport"].tolist() == ["KAPA"]
    assert places_of(set()).empty
    assert list(places_of(set()).columns) == PLACE_COLUMNS
