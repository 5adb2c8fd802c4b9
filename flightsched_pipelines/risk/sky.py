"""The sky as arrays over airport x hour: for each layer, the worst that any governing forecast row says.

Everything is *oriented* so that less is worse (what must be small is negated): what holds for an hour, a window or
several rows is then always a minimum, and a rule is broken where the value lies below its threshold.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from flightsched_pipelines.risk.bookings import LESSON_KINDS
from flightsched_pipelines.risk.icing import ALTITUDES_FT, in_icing
from flightsched_pipelines.weather.conditions import CONVECTIVE, ELEMENTS, FREEZING, HAZARDS, WIND_SHEAR
from flightsched_pipelines.weather.wind import best_runway_crosswind, open_headings

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

LAYERS = ("prevailing", "temporary")
PREVAILING = LAYERS.index("prevailing")

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
)
"""What the sky holds, a plane each. Icing has one a lesson kind, as each flies at another altitude."""

PRESENT, ABSENT = -1.0, np.inf
"""A hazard as an oriented value."""

_ELEMENT_BITS = MappingProxyType({name: 1 << n for n, name in enumerate((*ELEMENTS, "thunderstorm", "temperature"))})
_ANOTHER_ELEMENT = 1 << len(_ELEMENT_BITS)
_HAZARD_BITS = MappingProxyType({code: 1 << n for n, code in enumerate(HAZARDS)})
_ANOTHER_HAZARD = 1 << len(HAZARDS)


@dataclass(frozen=True, slots=True)
class Sky:
    """The forecast over every airport, from ``first_hour_utc`` on.

    Two columns frame the hours: column 0 is the past and the last column is beyond the forecast, both without any
    forecast; one row after the last airport stands for every unknown airport. Hour ``n`` is column ``n + 1``.
    """

    airports: tuple[str, ...]
    approach: Floats
    """Approach minima of each airport's row, shape (visibility and ceiling, airports + 1); -inf for none."""
    first_hour_utc: datetime
    worst: Floats
    """Oriented values, shape (quantities, layers, airports + 1, columns); inf where no row says anything."""
    complete: NDArray[np.bool_]
    """Where a prevailing row governs and no governing row lacks an element, shape (airports + 1, columns)."""
    rows: pd.DataFrame
    """The governing forecast rows, by cell."""
    values: Floats
    """Oriented values of each row, shape (quantities, rows)."""
    missing: Indices
    """Bits of the elements that each row lacks (`element_names`)."""
    row_starts: Indices
    """The first of each cell's rows, and the end of the last cell's; a cell is ``airport * columns + column``."""

    @property
    def columns(self) -> int:
        """How many columns there are, the past and the beyond included."""
        return self.complete.shape[1]

    def airport_indices(self, idents: pd.Series) -> Indices:
        """The row of each ident; unknown ones share the last."""
        known = pd.Index(self.airports, dtype="str")
        codes, uniques = pd.factorize(idents)
        rows = np.append(known.get_indexer(pd.Index(uniques)), -1)[codes].astype(np.int64)
        return np.where(rows < 0, len(self.airports), rows)


def build_sky(forecasts: pd.DataFrame, airports: pd.DataFrame, runways: pd.DataFrame, first_hour_utc: datetime) -> Sky:
    """The sky from the governing rows of a forecast frame (``FORECAST_COLUMNS``), those before the first hour left out.

    A value that is NaN counts as missing even where the row does not say so; only a ceiling (unlimited) and a gust
    (none) may be.
    """
    idents = tuple(str(ident) for ident in airports["airport"])
    hour = ((forecasts["hour_utc"] - pd.Timestamp(first_hour_utc)) // timedelta(hours=1)).to_numpy(dtype=np.int64)
    place = pd.Index(idents, dtype="str").get_indexer(pd.Index(forecasts["airport"], dtype="str"))
    counts = forecasts["governs"].to_numpy(dtype=bool) & (hour >= 0) & (place >= 0)
    columns = int(hour[counts].max(initial=-1)) + 3
    cell = (place * columns + hour + 1)[counts]
    order = np.argsort(cell, kind="stable")
    cell = cell[order]
    rows = forecasts.iloc[np.flatnonzero(counts)[order]].reset_index(drop=True)

    values, missing = _oriented_values(rows, open_headings(runways, list(idents))[cell // columns])
    layer = (rows["layer"].to_numpy(dtype=object) != LAYERS[PREVAILING]).astype(np.int64)
    shape = (len(idents) + 1, columns)
    worst = np.full((len(QUANTITIES), len(LAYERS), *shape), np.inf)
    for plane, value in zip(worst, values, strict=True):
        np.minimum.at(plane.reshape(-1), layer * shape[0] * columns + cell, value)
    complete = np.zeros(shape[0] * columns, dtype=bool)
    complete[cell[layer == PREVAILING]] = True
    complete[cell[missing != 0]] = False
    return Sky(
        airports=idents,
        approach=_approach_minima(airports),
        first_hour_utc=first_hour_utc,
        worst=worst,
        complete=complete.reshape(shape),
        rows=rows,
        values=values,
        missing=missing,
        row_starts=np.searchsorted(cell, np.arange(shape[0] * columns + 1)),
    )


def element_names(bits: int) -> list[str]:
    """The elements that bits of ``Sky.missing`` stand for."""
    names = [name for name, bit in _ELEMENT_BITS.items() if bits & bit]
    return names + ["another element"] * bool(bits & _ANOTHER_ELEMENT)


def _approach_minima(airports: pd.DataFrame) -> Floats:
    minima = airports[["approach_visibility_sm", "approach_ceiling_ft"]].to_numpy(dtype=np.float64).T
    return np.append(np.nan_to_num(minima, nan=-np.inf), np.full((2, 1), -np.inf), axis=1)


def _oriented_values(rows: pd.DataFrame, headings_deg: Floats) -> tuple[Floats, Indices]:
    """The oriented values of rows, shape (quantities, rows), and the bits of what each lacks."""

    def column(name: str) -> Floats:
        return rows[name].to_numpy(dtype=np.float64, na_value=np.nan)

    missing = _packed(rows["missing"], _ELEMENT_BITS, _ANOTHER_ELEMENT)
    hazards = _packed(rows["hazards"], _HAZARD_BITS, _ANOTHER_HAZARD)
    missing |= np.where(hazards & _ANOTHER_HAZARD, _ELEMENT_BITS["weather"], 0)
    speed, visibility, ceiling = column("wind_speed_kt"), column("visibility_sm"), column("ceiling_ft")
    missing |= np.where(np.isnan(speed), _ELEMENT_BITS["wind"], 0)
    missing |= np.where(np.isnan(visibility), _ELEMENT_BITS["visibility"], 0)

    gust = np.fmax(column("wind_gust_kt"), speed)
    _, crosswind, _ = best_runway_crosswind(column("wind_direction_deg"), speed, gust, headings_deg)
    icing = [
        hazards & _any_of(FREEZING) | in_icing(ALTITUDES_FT[kind], column("temperature_c"), ceiling, rows["weather"])
        for kind in LESSON_KINDS
    ]
    present = [hazards & _any_of(CONVECTIVE), hazards & _any_of(WIND_SHEAR), *icing]
    values = np.stack(
        [visibility, ceiling, -speed, -gust, speed - gust, -crosswind]
        + [np.where(flags != 0, PRESENT, ABSENT) for flags in present]
    )
    return np.where(np.isnan(values), np.inf, values), missing


def _packed(lists: pd.Series, bits: Mapping[str, int], other: int) -> Indices:
    """Lists of codes as integers, a bit a code; a code that has none, or no list at all, is ``other``."""
    packed = np.zeros(len(lists), dtype=np.int64)
    for row, codes in enumerate(lists):
        if isinstance(codes, list) and not codes:
            continue
        is_list = isinstance(codes, list | tuple | set | frozenset | np.ndarray)
        packed[row] = sum({bits.get(code, other) for code in cast("Iterable[str]", codes)}) if is_list else other
    return packed


def _any_of(codes: frozenset[str]) -> int:
    return sum(_HAZARD_BITS[code] for code in codes)
