"""The sky as arrays: for each airport and hour the worst that governs, so that any window is two look-ups.

Every quantity is written so that more is worse: a visibility of 3 SM stands as -3. A limit is then one number that
must not be exceeded, whatever the rule, and the worst of a window is a running maximum.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from flightsched_pipelines.risk.bookings import LESSON_KINDS
from flightsched_pipelines.weather.codes import read_weather
from flightsched_pipelines.weather.conditions import CONVECTIVE, FREEZING, WIND_SHEAR
from flightsched_pipelines.weather.wind import best_runway_crosswind, open_headings

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

TRAINING_ALTITUDE_FT: Mapping[str, float] = MappingProxyType({"pattern": 1_000, "local": 3_000, "cross_country": 6_000})
"""Height above ground at which each kind of lesson flies, for the icing screen."""

LAPSE_C_PER_1000_FT = 2.0
COLDEST_ICING_C = -20.0

QUANTITIES = (
    "visibility",
    "ceiling",
    "approach_visibility",
    "approach_ceiling",
    "wind",
    "gust",
    "gust_spread",
    "crosswind",
    "thunderstorm",
    "wind_shear",
    *(f"icing_{kind}" for kind in LESSON_KINDS),
    "missing",
)
"""Columns of the arrays. ``approach_*`` say by how much the field's approach minima are missed."""

COLUMN: Mapping[str, int] = MappingProxyType({name: n for n, name in enumerate(QUANTITIES)})


@dataclass(frozen=True, slots=True)
class Rows:
    """Governing forecast rows as arrays: shape (n,), ``values`` (n, quantities)."""

    airport: Indices
    hour: Indices
    temporary: NDArray[np.bool_]
    values: Floats
    frame: pd.DataFrame


@dataclass(frozen=True, slots=True)
class Sky:
    """The worst of every window of hours, by sparse tables of running maxima.

    ``prevailing`` and ``temporary`` hold a table a power of two: shape (powers, airports * hours, quantities).
    ``uncovered`` counts, up to each hour, the hours without a governing prevailing row: shape (airports, hours + 1).
    """

    airports: pd.Index
    first_hour_utc: pd.Timestamp
    hours: int
    rows: Rows
    prevailing: Floats
    temporary: Floats
    uncovered: NDArray[np.int64]

    @staticmethod
    def over(
        forecasts: pd.DataFrame, airports: pd.DataFrame, runways: pd.DataFrame, first_hour_utc: datetime, hours: int
    ) -> "Sky":
        """Lay governing forecast rows out over airports and ``hours`` hours from ``first_hour_utc``."""
        idents = pd.Index(airports["airport"])
        first = pd.Timestamp(first_hour_utc)
        rows = _rows(forecasts, airports, runways, idents, first, hours)
        shape = (len(idents), hours)
        layers = [_worst_by_hour(rows, rows.temporary == temporary, shape) for temporary in (False, True)]
        covered = np.zeros(shape, dtype=bool)
        covered[rows.airport[~rows.temporary], rows.hour[~rows.temporary]] = True
        uncovered = np.zeros((len(idents), hours + 1), dtype=np.int64)
        np.cumsum(~covered, axis=1, out=uncovered[:, 1:])
        return Sky(idents, first, hours, rows, _running(layers[0]), _running(layers[1]), uncovered)

    def worst(self, airport: Indices, first: Indices, last: Indices, *, temporary: bool) -> Floats:
        """The worst quantities over hours ``first`` to ``last`` inclusive at each airport, shape (n, quantities)."""
        tables = self.temporary if temporary else self.prevailing
        power = np.log2(last - first + 1).astype(np.intp)
        flat = tables.reshape(-1, len(QUANTITIES))
        base = (power * len(self.airports) + airport) * self.hours
        worst = np.take(flat, base + first, axis=0)
        return np.maximum(worst, np.take(flat, base + last - (1 << power) + 1, axis=0), out=worst)

    def has_gap(self, airport: Indices, first: Indices, last: Indices) -> NDArray[np.bool_]:
        """Whether any hour from ``first`` to ``last`` has no governing prevailing forecast."""
        return self.uncovered[airport, last + 1] > self.uncovered[airport, first]


def _rows(
    forecasts: pd.DataFrame,
    airports: pd.DataFrame,
    runways: pd.DataFrame,
    idents: pd.Index,
    first_hour_utc: pd.Timestamp,
    hours: int,
) -> Rows:
    governing = forecasts[forecasts["governs"].astype(bool)]
    airport = idents.get_indexer(governing["airport"])
    hour = ((governing["hour_utc"] - first_hour_utc) // pd.Timedelta(hours=1)).to_numpy(np.intp)
    inside = (airport >= 0) & (hour >= 0) & (hour < hours)
    governing, airport, hour = governing[inside], airport[inside], hour[inside]
    headings = open_headings(runways, [str(ident) for ident in idents])[airport]
    return Rows(
        airport=airport,
        hour=hour,
        temporary=(governing["layer"] == "temporary").to_numpy(bool),
        values=_values(governing, headings, airports, airport),
        frame=governing.reset_index(drop=True),
    )


def _values(rows: pd.DataFrame, headings_deg: Floats, airports: pd.DataFrame, airport: Indices) -> Floats:
    """Each row's quantities, more being worse; what is missing is flagged and otherwise breaks nothing."""
    values = np.full((len(rows), len(QUANTITIES)), -np.inf)
    visibility, wind, temperature = (
        rows[name].to_numpy(float) for name in ("visibility_sm", "wind_speed_kt", "temperature_c")
    )
    missing = [set(elements) for elements in rows["missing"]]
    lost = np.array([bool(elements) for elements in missing], dtype=bool) | np.isnan(visibility) | np.isnan(wind)
    no_ceiling_given = np.array(["ceiling" in elements for elements in missing], dtype=bool)
    ceiling = np.where(rows["ceiling_ft"].isna(), np.inf, rows["ceiling_ft"].to_numpy(float))
    ceiling = np.where(no_ceiling_given, np.nan, ceiling)
    gust = np.fmax(rows["wind_gust_kt"].to_numpy(float), wind)
    _, crosswind, _ = best_runway_crosswind(rows["wind_direction_deg"].to_numpy(float), wind, gust, headings_deg)
    approach = {name: airports[f"approach_{name}"].to_numpy(float)[airport] for name in ("ceiling_ft", "visibility_sm")}
    hazards = [frozenset(codes) for codes in rows["hazards"]]
    falling = np.array([read_weather(codes).precipitation for codes in rows["weather"].fillna("")], dtype=bool)
    freezing = _any_of(hazards, FREEZING)
    for name, quantity in {
        "visibility": -visibility,
        "ceiling": -ceiling,
        "approach_visibility": approach["visibility_sm"] - visibility,
        "approach_ceiling": approach["ceiling_ft"] - ceiling,
        "wind": wind,
        "gust": gust,
        "gust_spread": gust - wind,
        "crosswind": crosswind,
        "thunderstorm": _any_of(hazards, CONVECTIVE),
        "wind_shear": _any_of(hazards, WIND_SHEAR),
        **{f"icing_{kind}": freezing | _icing_aloft(kind, ceiling, falling, temperature) for kind in LESSON_KINDS},
        "missing": lost,
    }.items():
        values[:, COLUMN[name]] = np.where(np.isnan(quantity.astype(float)), -np.inf, quantity)
    return values


def _any_of(hazards: list[frozenset[str]], codes: frozenset[str]) -> NDArray[np.bool_]:
    return np.array([not codes.isdisjoint(row) for row in hazards], dtype=bool)


def _icing_aloft(kind: str, ceiling_ft: Floats, falling: NDArray[np.bool_], surface_c: Floats) -> NDArray[np.bool_]:
    """Visible moisture where the lesson flies, between 0 and -20 °C there (AC 91-74B); silent without a temperature."""
    altitude_ft = TRAINING_ALTITUDE_FT[kind]
    aloft_c = surface_c - LAPSE_C_PER_1000_FT * altitude_ft / 1_000
    moist = falling | (ceiling_ft <= altitude_ft)
    return moist & (aloft_c <= 0) & (aloft_c >= COLDEST_ICING_C)


def _worst_by_hour(rows: Rows, chosen: NDArray[np.bool_], shape: tuple[int, int]) -> Floats:
    worst = np.full((shape[0] * shape[1], len(QUANTITIES)), -np.inf)
    place = rows.airport[chosen] * shape[1] + rows.hour[chosen]
    order = np.argsort(place, kind="stable")
    place, values = place[order], rows.values[chosen][order]
    if len(place):
        starts = np.flatnonzero(np.r_[True, place[1:] != place[:-1]])
        worst[place[starts]] = np.maximum.reduceat(values, starts, axis=0)
    return worst.reshape(*shape, len(QUANTITIES))


def _running(worst: Floats) -> Floats:
    """Running maxima over 1, 2, 4, ... hours from each hour on."""
    airports, hours, quantities = worst.shape
    levels = [worst]
    width = 1
    while 2 * width <= hours:
        wider = levels[-1].copy()
        np.maximum(levels[-1][:, :-width], levels[-1][:, width:], out=wider[:, :-width])
        levels.append(wider)
        width *= 2
    return np.stack(levels).reshape(len(levels), airports * hours, quantities)


def hours_between(first_utc: datetime, last_utc: datetime) -> int:
    """How many hours a grid from one time to another has, at least one."""
    return max(1, -(-(last_utc - first_utc) // timedelta(hours=1)))
