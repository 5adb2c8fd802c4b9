"""The forecast as arrays: the values of each governing row at its airport and hour.

Everything is *oriented* so that less is worse (quantities with an upper limit are negated): the value of an hour, a
window or several rows is then always a minimum, and a rule is breached where the value is below its threshold.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from types import MappingProxyType
from typing import cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from flightsched_pipelines.domain.risk.arrays.encoding import MICROS_PER_HOUR, category_codes, micros, micros_of
from flightsched_pipelines.domain.risk.icing import in_icing, moisture_base_ft
from flightsched_pipelines.domain.risk.rules import ALTITUDES_FT, LESSON_KINDS
from flightsched_pipelines.domain.weather.conditions import CONVECTIVE, ELEMENTS, FREEZING, HAZARDS, WIND_SHEAR
from flightsched_pipelines.domain.weather.density_altitude import density_altitude_ft, highest_density_altitude_ft
from flightsched_pipelines.domain.weather.wind import best_runway_crosswind, open_headings

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

LAYERS = ("prevailing", "temporary")
PREVAILING, TEMPORARY = (LAYERS.index(layer) for layer in ("prevailing", "temporary"))

QUANTITIES = (
    "visibility",
    "ceiling",
    "wind",
    "gust",
    "gust_spread",
    "crosswind",
    "thunderstorm",
    "wind_shear",
    *(f"icing_{kind}" for kind in LESSON_KINDS),
    "density_altitude",
    "density_altitude_unknown",
)
"""Quantities of the grid, one plane each. Icing has one for each lesson kind, as each flies at another altitude.

Density altitude has two: what it is where it is known, and the highest that it may be where it is not.
"""

DENSITY_ALTITUDE_UNKNOWN = QUANTITIES.index("density_altitude_unknown")

PRESENT, ABSENT = -1.0, np.inf
"""A hazard as an oriented value."""

_ELEMENT_BITS = MappingProxyType({name: 1 << n for n, name in enumerate((*ELEMENTS, "thunderstorm", "temperature"))})
_ANOTHER_ELEMENT = 1 << len(_ELEMENT_BITS)
_HAZARD_BITS = MappingProxyType({code: 1 << n for n, code in enumerate(HAZARDS)})
_ANOTHER_HAZARD = 1 << len(HAZARDS)


@dataclass(frozen=True)
class ForecastGrid:
    """The governing forecast rows over every airport, from ``first_hour_utc`` on, hour by hour.

    A cell is an airport and hour: ``airport * columns + column``. Hour ``n`` is column ``n + 1``; two columns frame the
    hours: column 0 is the past and the last one is beyond the forecast, both without rows. One extra airport, after the
    last, represents every unknown one.
    """

    airports: tuple[str, ...]
    approach: Floats
    """Approach minima of each airport, shape (visibility and ceiling, airports + 1); -inf for none."""
    without_runways: NDArray[np.bool_]
    """Airports of which no open runway is known: the full wind counts as crosswind there; shape (airports + 1)."""
    first_hour_utc: datetime
    shape: tuple[int, int]
    """Number of airports and of columns, frames included."""
    forecasts: pd.DataFrame
    row: Indices
    """Positions of the governing rows in ``forecasts``, by cell; the arrays below are aligned with them."""
    cell: Indices
    prevails: NDArray[np.bool_]
    """True for rows of the prevailing layer; the others are temporary."""
    values: Floats
    """Oriented values of each row, shape (quantities, rows); inf where it has none."""
    missing: Indices
    """Bits of the elements that each row lacks (`element_names`)."""

    @property
    def columns(self) -> int:
        """Return the number of columns, the past and the beyond included."""
        return self.shape[1]

    @cached_property
    def complete(self) -> NDArray[np.bool_]:
        """Return, in ``shape``, the cells with a prevailing row in which no governing row lacks an element."""
        complete = np.zeros(self.shape[0] * self.shape[1], dtype=bool)
        complete[self.cell[self.prevails]] = True
        complete[self.cell[self.missing != 0]] = False
        return complete.reshape(self.shape)

    @cached_property
    def rows(self) -> pd.DataFrame:
        """Return the governing forecast rows, by cell."""
        return self.forecasts.iloc[self.row].reset_index(drop=True)

    @cached_property
    def row_starts(self) -> Indices:
        """Return the first row of each cell, and the end of the last cell's."""
        return np.searchsorted(self.cell, np.arange(self.shape[0] * self.shape[1] + 1))

    def airport_indices(self, idents: pd.Series) -> Indices:
        """Return the position of each ident among the airports; unknown ones share the last."""
        return category_codes(self.airports, idents, len(self.airports))


def build_forecast_grid(
    forecasts: pd.DataFrame, airports: pd.DataFrame, runways: pd.DataFrame, first_hour_utc: datetime
) -> ForecastGrid:
    """Build the grid from the governing rows of a forecast frame (``FORECAST_COLUMNS``), from the first hour on.

    A value that is NaN counts as missing even if the row does not list it; only a ceiling (unlimited) and a gust (none)
    may be NaN.
    """
    idents = tuple(str(ident) for ident in airports["airport"])
    hour = (micros(forecasts["hour_utc"]) - micros_of(first_hour_utc)) // MICROS_PER_HOUR
    place = category_codes(idents, forecasts["airport"], -1)
    row = np.flatnonzero(forecasts["governs"].to_numpy(dtype=bool) & (hour >= 0) & (place >= 0))
    columns = int(hour[row].max(initial=-1)) + 3
    cell = place[row] * columns + hour[row] + 1
    order = np.argsort(cell, kind="stable")
    row, cell = row[order], cell[order]
    headings = open_headings(runways, list(idents))
    prevails = (forecasts["layer"] == LAYERS[PREVAILING]).to_numpy(dtype=bool, na_value=False)[row]
    values, missing = _oriented_values(forecasts, row, headings[cell // columns])
    density_altitudes = _density_altitudes(forecasts, row, prevails, _elevations_ft(airports)[cell // columns])
    values = np.concatenate([values, density_altitudes])
    return ForecastGrid(
        airports=idents,
        approach=_approach_minima(airports),
        without_runways=np.append(np.isnan(headings).all(axis=1), False),
        first_hour_utc=first_hour_utc,
        shape=(len(idents) + 1, columns),
        forecasts=forecasts,
        row=row,
        cell=cell,
        prevails=prevails,
        values=values,
        missing=missing,
    )


def element_names(bits: int) -> list[str]:
    """Return the elements that bits of ``ForecastGrid.missing`` encode."""
    names = [name for name, bit in _ELEMENT_BITS.items() if bits & bit]
    return names + ["another element"] * bool(bits & _ANOTHER_ELEMENT)


def element_bits(*elements: str) -> int:
    """Return the bits of ``ForecastGrid.missing`` that encode elements, and that of elements that are not known."""
    return sum(_ELEMENT_BITS[element] for element in elements) | _ANOTHER_ELEMENT


def _approach_minima(airports: pd.DataFrame) -> Floats:
    minima = airports[["approach_visibility_sm", "approach_ceiling_ft"]].to_numpy(dtype=np.float64).T
    return np.append(np.nan_to_num(minima, nan=-np.inf), np.full((2, 1), -np.inf), axis=1)


def _oriented_values(forecasts: pd.DataFrame, row: Indices, headings_deg: Floats) -> tuple[Floats, Indices]:
    """The oriented values of some rows, shape (quantities, rows), and the bits of the elements each lacks."""

    def column(name: str) -> Floats:
        return forecasts[name].to_numpy(dtype=np.float64, na_value=np.nan)[row]

    missing = _packed(forecasts["missing"].to_numpy(dtype=object)[row], _ELEMENT_BITS, _ANOTHER_ELEMENT)
    hazards = _packed(forecasts["hazards"].to_numpy(dtype=object)[row], _HAZARD_BITS, _ANOTHER_HAZARD)
    missing |= np.where(hazards & _ANOTHER_HAZARD, _ELEMENT_BITS["weather"], 0)
    speed, visibility, ceiling = column("wind_speed_kt"), column("visibility_sm"), column("ceiling_ft")
    missing |= np.where(np.isnan(speed), _ELEMENT_BITS["wind"], 0)
    missing |= np.where(np.isnan(visibility), _ELEMENT_BITS["visibility"], 0)

    gust = np.fmax(column("wind_gust_kt"), speed)
    sector = column("wind_varies_from_deg"), column("wind_varies_to_deg")
    _, crosswind, _ = best_runway_crosswind(column("wind_direction_deg"), speed, gust, headings_deg, sector)
    temperature, base = column("temperature_c"), moisture_base_ft(ceiling, forecasts["weather"].iloc[row])
    icing = [hazards & _any_of(FREEZING) | in_icing(ALTITUDES_FT[kind], temperature, base) for kind in LESSON_KINDS]
    present = [hazards & _any_of(CONVECTIVE), hazards & _any_of(WIND_SHEAR), *icing]
    values = np.stack(
        [visibility, ceiling, -speed, -gust, speed - gust, -crosswind]
        + [np.where(flags != 0, PRESENT, ABSENT) for flags in present]
    )
    values[np.isnan(values)] = np.inf
    return values, missing


def _elevations_ft(airports: pd.DataFrame) -> Floats:
    known = "elevation_ft" in airports
    return airports["elevation_ft"].to_numpy(dtype=np.float64) if known else np.full(len(airports), np.nan)


def _density_altitudes(
    forecasts: pd.DataFrame, row: Indices, prevails: NDArray[np.bool_], elevation_ft: Floats
) -> Floats:
    """The oriented density altitude of some rows where it is known, and the highest possible one where it is not.

    Shape (2, rows). It is that of an hour, and stands in the rows of the prevailing layer alone.
    """
    altimeter, temperature = (
        forecasts[name].to_numpy(dtype=np.float64, na_value=np.nan)[row]
        for name in ("altimeter_hpa", "outside_air_temperature_c")
    )
    known = density_altitude_ft(elevation_ft, altimeter, temperature)
    unknown = np.isnan(known)
    highest = highest_density_altitude_ft(elevation_ft, altimeter, temperature)
    oriented = np.where([~unknown, unknown], [-known, -highest], np.inf)
    oriented[:, ~prevails] = np.inf
    return oriented


def _packed(lists: NDArray[np.object_], bits: Mapping[str, int], other: int) -> Indices:
    """Lists of codes as integers, one bit a code; an unknown code, or a value that is not a list, is ``other``."""
    packed = np.zeros(len(lists), dtype=np.int64)
    said = [(row, codes) for row, codes in enumerate(lists.tolist()) if codes or type(codes) is not list]
    for row, codes in said:
        is_list = isinstance(codes, list | tuple | set | frozenset | np.ndarray)
        packed[row] = sum({bits.get(code, other) for code in cast("Iterable[str]", codes)}) if is_list else other
    return packed


def _any_of(codes: frozenset[str]) -> int:
    return sum(_HAZARD_BITS[code] for code in codes)
