"""Places of weather stations, as far as the package airportsdata knows them."""

import csv
from collections.abc import Collection
from functools import cache
from importlib.resources import files

from pandas import DataFrame

from flightsched_pipelines.domain.weather.guidance.coverage import has_stations
from flightsched_pipelines.domain.weather.guidance.stations import PLACE_COLUMNS


@cache
def station_places() -> DataFrame:
    """Return ident, position and elevation (``PLACE_COLUMNS``) where there is guidance, by ICAO or local identifier.

    Without an elevation a place is not known: the package has 0 ft for more than half of the local identifiers.
    """
    places: dict[str, tuple[float, float, float]] = {}
    # The package's own function makes 45 MB of it.
    with (files("airportsdata") / "airports.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            place = float(row["lat"]), float(row["lon"]), float(row["elevation"])
            if place[2] and has_stations(*place[:2]):
                places.setdefault(row["lid"], place)
                places[row["icao"]] = place
    places.pop("", None)
    return DataFrame.from_dict(places, orient="index", columns=PLACE_COLUMNS[1:]).reset_index(names="airport")


def places_of(stations: Collection[str]) -> DataFrame:
    """Return the places of some stations; none of those that are not known."""
    if not stations:
        return DataFrame({name: [] for name in PLACE_COLUMNS})
    places = station_places()
    return places[places["airport"].isin(list(stations))]
