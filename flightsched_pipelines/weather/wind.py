"""Wind along and across a runway. Report winds and the headings here are both true (OurAirports ``degT``)."""

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame

Floats = NDArray[np.float64]


def components(direction_deg: Floats, speed_kt: Floats, heading_deg: Floats) -> tuple[Floats, Floats]:
    """Headwind (negative: tailwind) and crosswind (never negative), in knots, by broadcasting."""
    angle = np.radians(direction_deg - heading_deg)
    return speed_kt * np.cos(angle), np.abs(speed_kt * np.sin(angle))


def best_runway_crosswind(
    direction_deg: Floats, speed_kt: Floats, gust_kt: Floats, headings_deg: Floats
) -> tuple[Floats, Floats, NDArray[np.intp]]:
    """Crosswind on sustained wind and on gust, on the runway end with the best headwind.

    Args:
        direction_deg: shape (n,), NaN when variable or missing.
        speed_kt: shape (n,), sustained.
        gust_kt: shape (n,), NaN without gusts: then the sustained wind.
        headings_deg: shape (n, r), the open runway ends at each row's airport, padded with NaN.

    Returns:
        Crosswind of the sustained wind (n,), of the gust (n,), and the index of the runway end (n,), -1 for none.
        A variable wind, or no known runway, counts in full as crosswind.
    """
    gust = np.where(np.isnan(gust_kt), speed_kt, np.maximum(gust_kt, speed_kt))
    if headings_deg.shape[1] == 0:
        return speed_kt, gust, np.full(len(speed_kt), -1, dtype=np.intp)
    headwind, _ = components(direction_deg[:, None], np.ones((len(speed_kt), 1)), headings_deg)
    known = ~np.isnan(headwind)
    best = np.where(known, headwind, -np.inf).argmax(axis=1)
    unknown = ~known.any(axis=1)
    heading = np.take_along_axis(headings_deg, best[:, None], axis=1)[:, 0]
    across = np.where(unknown, 1.0, np.abs(np.sin(np.radians(direction_deg - heading))))
    return speed_kt * across, gust * across, np.where(unknown, -1, best)


def open_headings(runways: DataFrame, airports: list[str]) -> Floats:
    """True headings of the open runway ends at each airport, shape (airports, most ends), padded with NaN."""
    ends = runways[~runways["closed"].astype(bool)]
    by_airport = {str(ident): group["heading_true_deg"].to_numpy(float) for ident, group in ends.groupby("airport")}
    most = max((len(by_airport.get(ident, ())) for ident in airports), default=0)
    headings = np.full((len(airports), most), np.nan)
    for row, ident in enumerate(airports):
        known = by_airport.get(ident, np.empty(0))
        headings[row, : len(known)] = known
    return headings
