"""The real airports of the seed's schools, and their runways, entered by hand; and what one school decided.

Coordinates, elevation and zone come from the package ``airportsdata``. Headings are true, lengths in feet (FAA chart
supplement, 2026); each runway has both its ends.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType

import airportsdata
import pandas as pd

ISSUES_TAF: Mapping[str, bool] = MappingProxyType(
    {
        "KPAO": False,  # METARs only: the nearest TAF is San Jose's
        "KSJC": True,
        "KLVK": True,
        "KMRY": True,
        "KSTS": True,
        "KAPA": True,
        "KBJC": True,
        "KCOS": True,
    }
)

APPROACH_MINIMA: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "KPAO": (500, 1.0),
        "KSJC": (200, 0.5),
        "KLVK": (200, 0.5),
        "KMRY": (200, 0.5),
        "KSTS": (200, 0.5),
        "KAPA": (200, 0.5),
        "KBJC": (200, 0.5),
        "KCOS": (200, 0.5),
    }
)
"""Lowest ceiling in feet above ground and visibility in statute miles of any published approach."""

RUNWAYS: Mapping[str, tuple[tuple[str, float, str, float, int, bool], ...]] = MappingProxyType(
    {
        "KPAO": (("13", 142, "31", 322, 2441, False),),
        "KSJC": (
            ("11", 139, "29", 319, 4599, True),
            ("12L", 139, "30R", 319, 11000, False),
            ("12R", 138.8, "30L", 318.8, 11000, False),
        ),
        "KLVK": (("07L", 91, "25R", 271, 5253, False), ("07R", 90.6, "25L", 270.6, 2699, False)),
        "KMRY": (("10L", 112.8, "28R", 292.8, 3503, False), ("10R", 112.8, "28L", 292.8, 7175, False)),
        "KSTS": (("02", 29, "20", 209, 5202, False), ("14", 157, "32", 337, 6000, False)),
        "KAPA": (
            ("10", 110.9, "28", 290.9, 4800, False),
            ("17L", 178, "35R", 358, 10001, False),
            ("17R", 178, "35L", 358, 7001, False),
        ),
        "KBJC": (
            ("03", 34.3, "21", 214.3, 3600, False),
            ("12L", 124.3, "30R", 304.3, 9000, False),
            ("12R", 124.3, "30L", 304.3, 7002, False),
        ),
        "KCOS": (
            ("12", 135, "30", 315, 8272, False),
            ("17L", 180, "35R", 0, 13500, False),
            ("17R", 180.1, "35L", 0.1, 11022, False),
        ),
    }
)
"""Both ends of each runway with their true headings, its length, and whether it is closed."""

_OF_CENTENNIAL = {
    "school_id": 2, "authority": "school", "training_level": None, "solo": None, "lesson_kind": None, "night": None,
    "aircraft_type": None, "effective_from": date(2026, 1, 1), "effective_to": None,
}  # fmt: skip
OWN_MINIMUMS: Sequence[Mapping[str, object]] = (
    _OF_CENTENNIAL | {
        "training_level": "private_pilot", "solo": True, "rule": "wind", "comparison": "<", "limit_value": 20.0,
        "unit": "kt", "effect": "block", "reference": "Centennial Flight School, operations manual 4.2",
    },
    _OF_CENTENNIAL | {
        "aircraft_type": "PA-28-181", "rule": "density_altitude", "comparison": "<=", "limit_value": 7_500.0,
        "unit": "ft", "effect": "warn", "reference": "Centennial Flight School, operations manual 4.7",
    },
)  # fmt: skip
"""A school's own minimums: at Centennial renters fly in less wind, and a PA-28-181 in denser air."""


def reference_airports() -> pd.DataFrame:
    """Return the seed's airports, with the columns of ``school.airports`` (``airport`` being the ident)."""
    known = airportsdata.load("ICAO")
    rows = [
        (
            ident, known[ident]["name"], known[ident]["lat"], known[ident]["lon"], known[ident]["elevation"],
            known[ident]["tz"], issues_taf, True, *APPROACH_MINIMA[ident],
        )
        for ident, issues_taf in ISSUES_TAF.items()
    ]  # fmt: skip
    names = [
        "airport", "name", "latitude_deg", "longitude_deg", "elevation_ft", "time_zone", "issues_taf", "issues_metar",
        "approach_ceiling_ft", "approach_visibility_sm",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=names).astype({"airport": "str"})


def reference_runways() -> pd.DataFrame:
    """Return the seed's runway ends, with the columns of ``school.runways``."""
    rows = [
        (airport, end, heading_deg, length_ft, closed)
        for airport, strips in RUNWAYS.items()
        for low, low_deg, high, high_deg, length_ft, closed in strips
        for end, heading_deg in ((low, low_deg), (high, high_deg))
    ]
    names = ["airport", "runway", "heading_true_deg", "length_ft", "closed"]
    frame = pd.DataFrame(rows, columns=names)
    return frame.astype({"airport": "str", "heading_true_deg": "float64", "length_ft": "float64"})
