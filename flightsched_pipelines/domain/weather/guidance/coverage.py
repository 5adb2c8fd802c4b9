"""The regions in which the National Blend of Models has stations: the United States and its territories."""

import pandas as pd

REGIONS: tuple[tuple[float, float, float, float], ...] = (
    (24.0, 50.0, -125.5, -66.0),
    (51.0, 72.0, -180.0, -129.0),
    (51.0, 54.0, 172.0, 180.0),
    (18.0, 23.0, -161.0, -154.0),
    (17.0, 19.0, -68.0, -64.0),
    (13.0, 15.5, 144.0, 146.5),
)
"""South, north, west and east in degrees: the contiguous states, Alaska and its far islands, Hawaii, Puerto Rico, Guam.

The boxes take in some of Canada and Mexico, where stations are fewer: an airport without one is no worse for it.
"""


def has_stations(latitude_deg: float, longitude_deg: float) -> bool:
    """Return whether a position is in one of the regions."""
    return any(south <= latitude_deg <= north and west <= longitude_deg <= east for south, north, west, east in REGIONS)


def is_covered(airports: pd.DataFrame) -> "pd.Series[bool]":
    """Return whether guidance is to be requested of airports, by their position."""
    latitude, longitude = airports["latitude_deg"], airports["longitude_deg"]
    inside = pd.Series(False, index=airports.index)
    for south, north, west, east in REGIONS:
        inside |= latitude.between(south, north) & longitude.between(west, east)
    return inside
