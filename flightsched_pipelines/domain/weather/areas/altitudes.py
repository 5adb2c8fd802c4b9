"""Read base and top of a hazard area; what cannot be read widens it."""

from collections.abc import Mapping
from typing import Any

from flightsched_pipelines.domain.weather.areas.products import AreaProduct, Hazard
from flightsched_pipelines.domain.weather.reports.json_fields import ILLEGIBLE, is_illegible, number

HIGHEST_FT = 70_000.0
HIGHEST_LEVEL = 700.0
"""A number up to this is a flight level: hundreds of feet."""

AT_THE_SURFACE: frozenset[Hazard] = frozenset({"ifr", "mountain_obscuration", "surface_wind", "wind_shear"})
"""Hazards whose areas are given without altitudes, as they lie on the ground."""

_BASES: Mapping[AreaProduct, tuple[str, ...]] = {
    "airsigmet": ("altitudeLow1", "altitudeLow2"),
    "isigmet": ("base",),
    "gairmet": ("base",),
    "cwa": ("base",),
    "tcf": (),
}
_TOPS: Mapping[AreaProduct, tuple[str, ...]] = {
    "airsigmet": ("altitudeHi1", "altitudeHi2"),
    "isigmet": ("top",),
    "gairmet": ("top",),
    "cwa": ("top",),
    "tcf": ("tops",),
}


def altitudes(
    product: AreaProduct, hazard: Hazard | None, fields: Mapping[str, Any]
) -> tuple[float, float | None, str | None]:
    """Return base and top in feet above mean sea level, ``None`` for no top, and what could not be read of them.

    The freezing level is the lowest one that is given. A base that is absent is the surface, and a top that is absent
    none; areas of ice and turbulence must have one of them.
    """
    bases = [_base_ft(product, fields, name) for name in _BASES[product]]
    tops = [_top_ft(product, fields.get(name)) for name in _TOPS[product]]
    legible_tops = [top for top in tops if top is not None]
    # Without the first of two bases, the other may be of a higher layer.
    base_ft = min(base for base in bases if base is not None) if bases and bases[0] is not None else 0.0
    if any(is_illegible(value) for value in (*bases, *tops)):
        return 0.0, None, "its altitudes cannot be read, so every altitude counts"
    top_ft = max(legible_tops, default=None)
    if top_ft is not None and top_ft <= base_ft:
        return 0.0, None, f"its top is not above its base, {base_ft:,.0f} ft, so every altitude counts"
    lies_aloft = product in {"gairmet", "cwa"} and hazard is not None and hazard not in AT_THE_SURFACE
    if lies_aloft and top_ft is None and all(base is None for base in bases):
        return 0.0, None, "it has no altitudes, so every altitude counts"
    return base_ft, top_ft, None


def _base_ft(product: AreaProduct, fields: Mapping[str, Any], name: str) -> float | None:
    value = fields.get(name)
    if not (isinstance(value, str) and value.strip().upper() == "FZL"):
        return _feet(product, value)
    levels = [_feet("gairmet", fields.get(level)) for level in ("fzlbase", "fzltop")]
    known = [level for level in levels if level is not None and not is_illegible(level)]
    return min(known) if len(known) == len(levels) else 0.0


def _top_ft(product: AreaProduct, value: object) -> float | None:
    feet = _feet(product, value)
    # A top of so few feet is a flight level, whatever the product's own unit.
    return feet * 100 if product != "gairmet" and feet is not None and 0 < feet <= HIGHEST_LEVEL else feet


def _feet(product: AreaProduct, value: object) -> float | None:
    """Return feet, of a number, a flight level ("FL180", in a G-AIRMET also "180") or SFC; ``ILLEGIBLE`` otherwise."""
    if isinstance(value, str):
        word = value.strip().upper()
        if word == "SFC":
            return 0.0
        if word.startswith("FL"):
            level = number(word.removeprefix("FL"), 0, HIGHEST_LEVEL)
            return ILLEGIBLE if level is None else level * 100
    feet = number(value, 0, HIGHEST_FT)
    return feet * 100 if product == "gairmet" and feet is not None and feet <= HIGHEST_LEVEL else feet


def band_words(base_ft: float, top_ft: float | None) -> str:
    """Return a band of altitudes in words: "surface to 45,000 ft", "from 8,000 ft"."""
    base = f"{base_ft:,.0f} ft" if base_ft else "surface"
    return f"{base} to {top_ft:,.0f} ft" if top_ft is not None else f"from {base} up"
