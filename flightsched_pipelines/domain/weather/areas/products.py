"""The products with hazard areas, and what each of their words for a hazard means.

The Aviation Weather Center issues them (https://aviationweather.gov/data/api/); AIM 7-1-5 describes them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Literal, TypeGuard, get_args

from flightsched_pipelines.durations import HOUR

AreaProduct = Literal["airsigmet", "isigmet", "gairmet", "cwa", "tcf"]
"""The products, as the Aviation Weather Center's addresses name them."""

AREA_PRODUCTS: tuple[AreaProduct, ...] = get_args(AreaProduct)

Hazard = Literal[
    "convection",
    "severe_turbulence",
    "severe_icing",
    "ash",
    "icing",
    "turbulence",
    "wind_shear",
    "surface_wind",
    "ifr",
    "mountain_obscuration",
    "convection_forecast",
]
"""The hazard that an area is for; each is a rule that minimums can state (`area_rule`)."""

HAZARDS_OF_AREAS: tuple[Hazard, ...] = get_args(Hazard)


@dataclass(frozen=True, slots=True)
class ProductFacts:
    """A product's name to people, and the time after an hour within which an area of it can lie."""

    title: str
    reach: timedelta


FACTS: Mapping[AreaProduct, ProductFacts] = MappingProxyType(
    {
        "airsigmet": ProductFacts("SIGMET", 7 * HOUR),
        "isigmet": ProductFacts("international SIGMET", 7 * HOUR),
        "gairmet": ProductFacts("G-AIRMET", 16 * HOUR),
        "cwa": ProductFacts("center weather advisory", 3 * HOUR),
        "tcf": ProductFacts("convective forecast", 11 * HOUR),
    }
)
"""The last area that an hour can have is issued at its end. SIGMETs are valid for 2 to 6 h, center weather advisories
for 2 h (AIM 7-1-5). The last snapshot of G-AIRMETs is 12 h ahead and counts for 3 h more, that of the convective
forecast 8 h and 2 h. A time beyond a product's reach has no area of it; it lacks nothing."""

_SIGMET: Mapping[str, Hazard] = MappingProxyType(
    {
        "CONVECTIVE": "convection",
        "TS": "convection",
        "TSGR": "convection",
        "TC": "convection",
        "TURB": "severe_turbulence",
        "MTW": "severe_turbulence",
        "ICE": "severe_icing",
        "ASH": "ash",
        "VA": "ash",
        "DS": "wind_shear",
        "SS": "wind_shear",
        "DUST": "wind_shear",
        "SAND": "wind_shear",
        "IFR": "ifr",
        "MTN OBSCN": "mountain_obscuration",
    }
)
_GAIRMET: Mapping[str, Hazard] = MappingProxyType(
    {
        "IFR": "ifr",
        "MT_OBSC": "mountain_obscuration",
        "MTN_OBS": "mountain_obscuration",
        "ICE": "icing",
        "TURB-LO": "turbulence",
        "TURB-HI": "turbulence",
        "LLWS": "wind_shear",
        "SFC_WND": "surface_wind",
        "SFC_WIND": "surface_wind",
    }
)
_CWA: Mapping[str, Hazard] = MappingProxyType(
    {
        "TS": "convection",
        "PCPN": "convection",
        "TURB": "severe_turbulence",
        "ICE": "severe_icing",
        "IFR": "ifr",
        "LLWS": "wind_shear",
    }
)
_MODERATE: Mapping[str, Hazard] = MappingProxyType({"severe_turbulence": "turbulence", "severe_icing": "icing"})
_NOT_SEVERE = frozenset({"LGT", "LGT-MOD", "MOD"})

FREEZING_LEVELS = frozenset({"FZLVL", "M_FZLVL"})
"""Lines of a G-AIRMET that join places of one freezing level; they are not areas."""


def is_area_product(product: str) -> TypeGuard[AreaProduct]:
    """Return whether a product is of hazard areas."""
    return product in AREA_PRODUCTS


def hazard_of(product: AreaProduct, word: object, qualifier: object, kind: object) -> Hazard | None:
    """Return the hazard of an area by the product's word for it, ``None`` if the word is not known.

    Args:
        product: the product.
        word: its word, such as CONVECTIVE or TURB-LO.
        qualifier: how strong it is; only one of the words for less than severe makes it less.
        kind: SIGMET, AIRMET or OUTLOOK, of an airsigmet.
    """
    name = word.strip().upper() if isinstance(word, str) else ""
    if product == "tcf":
        return "convection_forecast"
    if product == "gairmet":
        return _GAIRMET.get(name)
    if product == "cwa":
        hazard = _CWA.get(name)
        moderate = isinstance(qualifier, str) and qualifier.strip().upper() in _NOT_SEVERE
        return _MODERATE.get(hazard, hazard) if hazard and moderate else hazard
    hazard = _SIGMET.get(name)
    if hazard is None or kind not in ("OUTLOOK", "AIRMET"):
        return hazard
    return "convection_forecast" if hazard == "convection" else _MODERATE.get(hazard, hazard)
