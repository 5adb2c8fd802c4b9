"""The columns of hazard areas, declared once for the frame, the table and its comments."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from types import MappingProxyType

import pandas as pd

from flightsched_pipelines.domain.weather.areas.products import AreaProduct, Hazard

AREA_COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "product": "str",
        "name": "str",
        "hazard": "str",
        "from_utc": "datetime64[us, UTC]",
        "to_utc": "datetime64[us, UTC]",
        "base_ft": "float64",
        "top_ft": "float64",
        "outline": "str",
        "problem": "str",
    }
)
"""One row an area. A null ``hazard``: it is not known, and neither are the lessons that the area concerns.

``base_ft`` and ``top_ft`` are above mean sea level, 0 for the surface; ``top_ft`` is null for no top. ``outline`` is a
geometry in GeoJSON, null where it cannot be read: the area may be anywhere. ``problem`` is a sentence about what could
not be read.
"""


@dataclass(frozen=True, slots=True)
class HazardArea:
    """One area, as of ``AREA_COLUMNS``."""

    product: AreaProduct
    name: str
    hazard: Hazard | None
    from_utc: datetime
    to_utc: datetime
    base_ft: float
    top_ft: float | None
    outline: str | None
    problem: str | None


def area_frame(areas: Iterable[HazardArea] = ()) -> pd.DataFrame:
    """Return areas as a frame (``AREA_COLUMNS``)."""
    return pd.DataFrame([asdict(area) for area in areas], columns=list(AREA_COLUMNS)).astype(dict(AREA_COLUMNS))
