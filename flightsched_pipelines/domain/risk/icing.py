"""Screen for icing: visible moisture at 0 to -20 °C below the altitude of a lesson (AIM 7-1-19).

It needs a temperature, so it screens observations and OpenWeatherMap rows; TAFs have none and count by their codes.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from flightsched_pipelines.domain.risk.arrays.encoding import encoded
from flightsched_pipelines.domain.weather.reports.words.weather_codes import read_weather

LAPSE_C_PER_FT = 2 / 1_000
WARMEST_C, COLDEST_C = 0.0, -20.0


def moisture_base_ft(ceiling_ft: NDArray[np.float64], weather: pd.Series) -> NDArray[np.float64]:
    """Return the altitude from which visible moisture reaches up: the ceiling, or the ground in precipitation.

    Codes that cannot be read count as precipitation.

    Args:
        ceiling_ft: above ground, NaN for unlimited.
        weather: present weather codes ("-RA BR").
    """
    number, words = encoded(weather)
    read = [read_weather(str(word)) for word in [*words, ""]]
    falls = np.array([one.precipitation or not one.legible for one in read])[number]
    return np.where(falls, 0.0, np.where(np.isnan(ceiling_ft), np.inf, ceiling_ft))


def in_icing(altitude_ft: float, temperature_c: NDArray[np.float64], base_ft: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return whether a climb to an altitude meets moisture that may freeze.

    Args:
        altitude_ft: top of the climb, above ground.
        temperature_c: at the surface; NaN is never icing, as there is nothing to screen.
        base_ft: of the moisture (``moisture_base_ft``).
    """
    moist = base_ft <= altitude_ft
    warmest_c = temperature_c - LAPSE_C_PER_FT * np.where(moist, base_ft, 0.0)
    coldest_c = temperature_c - LAPSE_C_PER_FT * altitude_ft
    return moist & (coldest_c <= WARMEST_C) & (warmest_c >= COLDEST_C)
