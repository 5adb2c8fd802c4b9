"""Choose the stations of guidance: an airport's own, else the nearest one of the whole bulletin within a distance.

A station is no choice of an airport that has its own, however near. One whose place is unknown serves its own airport
alone.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from flightsched_pipelines.domain.weather.distances import distances_nm

PLACE_COLUMNS = ["airport", "latitude_deg", "longitude_deg", "elevation_ft"]
"""Ident and place of a station, airport or not."""

_NM_PER_DEGREE = 59.5
"""A degree of latitude has a little more on a sphere of the Earth's size, so that no station is left out."""

_OWN_NM = -1.0
"""Nearer than any other station."""


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """Airports, and by station those that it may serve, each with its distance in nautical miles."""

    airports: tuple[str, ...]
    served: Mapping[str, Sequence[tuple[str, float]]]


def neighbourhood(airports: pd.DataFrame, places: pd.DataFrame, within_nm: float) -> Neighbourhood:
    """Return the stations that may serve airports.

    Args:
        airports: ident and position.
        places: ident and position of stations, each once; those of airports are known already.
        within_nm: the greatest distance of a station that is not an airport's own.
    """
    position, known = PLACE_COLUMNS[:3], set(airports["airport"])
    others = places.loc[[ident not in known for ident in places["airport"]], position]
    stations = pd.concat([airports[position], others]).sort_values("latitude_deg", ignore_index=True)
    idents, latitudes = stations["airport"].tolist(), stations["latitude_deg"].to_numpy(float)
    served: defaultdict[str, list[tuple[str, float]]] = defaultdict(list)
    for number, airport in enumerate(airports["airport"].astype(str)):
        here = airports.iloc[[number]]
        latitude, reach = float(here["latitude_deg"].iloc[0]), within_nm / _NM_PER_DEGREE
        first = int(np.searchsorted(latitudes, latitude - reach))
        last = int(np.searchsorted(latitudes, latitude + reach, side="right"))
        away = distances_nm(here, stations.iloc[first:last])[0]
        for there in np.flatnonzero(away <= within_nm).tolist():
            if idents[first + there] != airport:
                served[idents[first + there]].append((airport, float(away[there])))
        served[airport].append((airport, _OWN_NM))
    return Neighbourhood(tuple(airports["airport"].astype(str)), dict(served))


class NearestStations:
    """The nearest station of each airport among those of one bulletin, which come one by one."""

    def __init__(self, of: Neighbourhood) -> None:
        self._served = of.served
        self._nearest: dict[str, tuple[float, str]] = {}
        self.seen: set[str] = set()

    def take(self, station: str) -> bool:
        """Return whether a station is the nearest of an airport so far."""
        serves = self._served.get(station, ())
        for airport, distance_nm in serves:
            self.seen.add(station)
            nearest_nm, _ = self._nearest.get(airport, (np.inf, ""))
            if distance_nm < nearest_nm:
                self._nearest[airport] = distance_nm, station
        return any(self._nearest[airport][1] == station for airport, _ in serves)

    @property
    def chosen(self) -> frozenset[str]:
        """The stations that are the nearest of an airport."""
        return frozenset(station for _, station in self._nearest.values())
