"""Day and night for bookings, from a table of sun times by solar day (``weather.daylight.sun_table``)."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from flightsched_pipelines.domain.risk.arrays.encoding import MICROS_PER_HOUR, MICROS_PER_MINUTE, Micros, micros

_MICROS_PER_DAY = 24 * MICROS_PER_HOUR
_NEVER_BEGINS, _NEVER_ENDS = np.iinfo(np.int64).max, np.iinfo(np.int64).min


@dataclass(frozen=True, slots=True)
class DaylightArrays:
    """Begin and end of daylight for each airport and solar day, shape (airports + 1, days + 2).

    If the sun does not set between two days, both intervals cover both days. Outside the table nothing is known.
    """

    solar_offset: Micros
    first_day: int
    known: NDArray[np.bool_]
    dawn: Micros
    sunrise: Micros
    sunset: Micros
    dusk: Micros

    def day_index(self, airport: NDArray[np.int64], time: Micros) -> NDArray[np.int64]:
        """Return the index, in the flattened arrays, of the solar day that a time belongs to."""
        days = self.known.shape[1]
        day = (time + self.solar_offset[airport]) // _MICROS_PER_DAY - self.first_day + 1
        return airport * days + np.clip(day, 0, days - 1)


def daylight_arrays(suns: pd.DataFrame, airports: pd.DataFrame, airport_indices: NDArray[np.int64]) -> DaylightArrays:
    """Return daylight over ``airports``; ``airport_indices`` gives the row of each row of ``suns``.

    A missing airport or day is unknown; a null time on a day that is present means that the sun stays below the
    horizon.
    """
    dates = pd.to_datetime(suns["solar_date"]).to_numpy(dtype="datetime64[D]").astype(np.int64)
    first_day = int(dates.min()) if len(dates) else 0
    shape = (len(airports) + 1, int(dates.max(initial=first_day)) - first_day + 3)
    place = (airport_indices, dates - first_day + 1)

    def spread(name: str, absent: int) -> Micros:
        table = np.full(shape, absent, dtype=np.int64)
        times = suns[name]
        table[place] = np.where(times.isna(), absent, micros(times))
        return table

    dawn, dusk = _joined(spread("dawn_utc", _NEVER_BEGINS), spread("dusk_utc", _NEVER_ENDS))
    sunrise, sunset = _joined(spread("sunrise_utc", _NEVER_BEGINS), spread("sunset_utc", _NEVER_ENDS))
    known = np.zeros(shape, dtype=bool)
    known[place] = True
    known[-1] = False  # shared by all unknown airports
    longitude = np.nan_to_num(airports["longitude_deg"].to_numpy(dtype=np.float64))
    # The zone of a solar day is whole minutes wide, as in the sun table.
    offset = np.zeros(shape[0], dtype=np.int64)
    offset[:-1] = np.round(4 * np.nan_to_num(longitude)) * MICROS_PER_MINUTE
    return DaylightArrays(offset, first_day, known, dawn, sunrise, sunset, dusk)


def _joined(begins: Micros, ends: Micros) -> tuple[Micros, Micros]:
    """Join intervals of daylight that meet at midnight."""
    for day in range(begins.shape[1] - 2, -1, -1):
        meets = (ends[:, day] >= begins[:, day + 1]) & (begins[:, day] <= ends[:, day])
        ends[:, day] = np.where(meets, ends[:, day + 1], ends[:, day])
    for day in range(1, begins.shape[1]):
        meets = (ends[:, day - 1] >= begins[:, day]) & (begins[:, day] <= ends[:, day])
        begins[:, day] = np.where(meets, begins[:, day - 1], begins[:, day])
    return begins, ends
