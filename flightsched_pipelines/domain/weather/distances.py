"""Distances between airports."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

EARTH_RADIUS_NM = 3_440.065

_POSITION = ("latitude_deg", "longitude_deg")


def distances_nm(here: pd.DataFrame, there: pd.DataFrame) -> NDArray[np.float64]:
    """Return great-circle distances between two sets of airports, shape (here, there), by the haversine formula."""
    latitude, longitude = (np.radians(here[name].to_numpy(float))[:, None] for name in _POSITION)
    other_latitude, other_longitude = (np.radians(there[name].to_numpy(float))[None, :] for name in _POSITION)
    half_chord = (
        np.sin((latitude - other_latitude) / 2) ** 2
        + np.cos(latitude) * np.cos(other_latitude) * np.sin((longitude - other_longitude) / 2) ** 2
    )
    distances = 2 * EARTH_RADIUS_NM * np.arcsin(np.sqrt(np.clip(half_chord, 0, 1)))
    return np.where(np.isnan(distances), np.inf, distances)  # position unknown: near no station
