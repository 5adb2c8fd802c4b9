"""Density altitude: pressure altitude corrected for the temperature (FAA-P-8740-2, PHAK chapter 11).

By the usual rule of 120 ft for each °C beside the standard atmosphere. It is higher than the exact formula on hot days
(some 250 ft at 5,000 ft and 35 °C, 650 ft at 10,000 ft and 45 °C), and lower by at most 20 ft near the standard
temperature.
"""

import numpy as np
from numpy.typing import NDArray

STANDARD_HPA = 1_013.25
FT_PER_C = 120.0
SEA_LEVEL_C, LAPSE_C_PER_1000_FT = 15.0, 1.98

HOTTEST_C = 57.0
"""The highest temperature on record (WMO: 56.7 °C), taken where none is known."""

LOWEST_HPA = 950.0
"""An altimeter setting below which it is seldom, taken where none is known."""

Floats = NDArray[np.float64]


def pressure_altitude_ft(elevation_ft: Floats, altimeter_hpa: Floats) -> Floats:
    """Return the pressure altitude of fields at an altimeter setting (NWS, from the standard atmosphere)."""
    return elevation_ft + 145_366.45 * (1 - (altimeter_hpa / STANDARD_HPA) ** 0.190284)


def density_altitude_ft(elevation_ft: Floats, altimeter_hpa: Floats, temperature_c: Floats) -> Floats:
    """Return the density altitude of fields; NaN where elevation, altimeter setting or temperature is."""
    pressure_ft = pressure_altitude_ft(elevation_ft, altimeter_hpa)
    standard_c = SEA_LEVEL_C - LAPSE_C_PER_1000_FT * pressure_ft / 1_000
    return pressure_ft + FT_PER_C * (temperature_c - standard_c)


def highest_density_altitude_ft(elevation_ft: Floats, altimeter_hpa: Floats, temperature_c: Floats) -> Floats:
    """Return the highest density altitude that what is known allows; infinite where the elevation is not known."""
    highest = density_altitude_ft(
        elevation_ft,
        np.where(np.isnan(altimeter_hpa), LOWEST_HPA, altimeter_hpa),
        np.where(np.isnan(temperature_c), HOTTEST_C, temperature_c),
    )
    return np.where(np.isnan(highest), np.inf, highest)
