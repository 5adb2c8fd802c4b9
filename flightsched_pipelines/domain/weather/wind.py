"""Compute wind along and across a runway. Reported winds and the headings here are both true (OurAirports ``degT``)."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def best_runway_crosswind(
    direction_deg: Floats,
    speed_kt: Floats,
    gust_kt: Floats,
    headings_deg: Floats,
    sector_deg: tuple[Floats, Floats] | None = None,
) -> tuple[Floats, Floats, NDArray[np.intp]]:
    """Return the crosswind of sustained wind and of gust, on the runway end with the best headwind.

    Args:
        direction_deg: shape (n,), NaN when variable or missing.
        speed_kt: shape (n,), sustained.
        gust_kt: shape (n,), NaN without gusts: then the sustained wind.
        headings_deg: shape (n, r), the open runway ends at each row's airport, padded with NaN.
        sector_deg: two arrays of shape (n,), the directions between which the wind varies, clockwise; NaN if it does
            not.

    Returns:
        Crosswind of the sustained wind (n,), of the gust (n,), and the index of the runway end (n,), -1 for none. A
        variable wind, or one without a known runway, counts in full as crosswind; one that varies between two
        directions counts on that end at the worst of them.
    """
    gust = np.where(np.isnan(gust_kt), speed_kt, np.maximum(gust_kt, speed_kt))
    if headings_deg.shape[1] == 0:
        return speed_kt, gust, np.full(len(speed_kt), -1, dtype=np.intp)
    angle = np.radians(direction_deg[:, None] - headings_deg)
    headwind = np.cos(angle)
    headwind[np.isnan(headwind)] = -np.inf
    best = headwind.argmax(axis=1)
    row = np.arange(len(best))
    unknown = headwind[row, best] == -np.inf
    across = np.abs(np.sin(angle[row, best]))
    if sector_deg is not None:
        across = np.fmax(across, _across_at_worst(*sector_deg, headings_deg[row, best]))
    across = np.where(unknown, 1.0, across)
    return speed_kt * across, gust * across, np.where(unknown, -1, best)


def _across_at_worst(from_deg: Floats, to_deg: Floats, heading_deg: Floats) -> Floats:
    """The largest share of a wind from a sector that blows across a heading; NaN without a sector."""
    first, width = (from_deg - heading_deg) % 360, (to_deg - from_deg) % 360
    abeam = ((90 - first) % 360 <= width) | ((270 - first) % 360 <= width)
    ends = np.fmax(np.abs(np.sin(np.radians(first))), np.abs(np.sin(np.radians(first + width))))
    return np.where(abeam, 1.0, ends)


def open_headings(runways: pd.DataFrame, airports: list[str]) -> Floats:
    """Return true headings of the open runway ends at each airport, shape (airports, most ends), padded with NaN."""
    ends = runways[~runways["closed"].astype(bool)]
    row = pd.Index(airports).get_indexer(pd.Index(ends["airport"].astype(object)))
    ends = ends[row >= 0]
    nth = ends.groupby("airport").cumcount().to_numpy()
    headings = np.full((len(airports), int(nth.max(initial=-1)) + 1), np.nan)
    headings[row[row >= 0], nth] = ends["heading_true_deg"].to_numpy(float)
    return headings
