"""The decoded fields that METARs and TAF groups of the Aviation Weather Center's JSON share."""

from collections.abc import Mapping
from typing import Any

from flightsched_pipelines.weather.conditions import Element
from flightsched_pipelines.weather.fields import at_least_number, is_illegible, number, objects, text
from flightsched_pipelines.weather.said import Said, Sky, Visibility, Wind

_CLEAR = frozenset({"SKC", "CLR", "NSC", "NCD", "CAVOK"})
_NO_CEILING = frozenset({"FEW", "SCT"})
_CEILING = frozenset({"BKN", "OVC", "OVX", "VV"})

MOST_WIND_KT = 250
MOST_VISIBILITY_SM = 100
MOST_CEILING_FT = 60_000


def decoded_said(fields: Mapping[str, Any]) -> Said:
    """What a METAR's or a TAF group's decoded fields say; a field that is there but means nothing is illegible."""
    illegible: set[Element] = set()
    shear = number(fields.get("wshearSpd"), 0, MOST_WIND_KT) is not None or bool(fields.get("wshearHgt"))
    weather = text(fields.get("wxString"))
    if fields.get("wxString") is not None and not isinstance(fields["wxString"], str):
        illegible.add("weather")
    if fields.get("notDecoded"):
        illegible.add("weather")  # something stood there that the service could not decode
    temperature_c, dewpoint_c = (number(fields.get(name), -100, 70) for name in ("temp", "dewp"))
    return Said(
        wind=_wind(fields, illegible),
        visibility=_visibility(fields, illegible),
        sky=_sky(fields, illegible),
        weather=weather,
        shear=shear,
        temperature_c=None if is_illegible(temperature_c) else temperature_c,
        dewpoint_c=None if is_illegible(dewpoint_c) else dewpoint_c,
        illegible=frozenset(illegible),
    )


def _wind(fields: Mapping[str, Any], illegible: set[Element]) -> Wind | None:
    speed = number(fields.get("wspd"), 0, MOST_WIND_KT)
    gust = number(fields.get("wgst"), 0, MOST_WIND_KT)
    given = fields.get("wdir")
    direction = None if given == "VRB" else number(given, 0, 360)
    if is_illegible(speed) or is_illegible(gust) or is_illegible(direction):
        illegible.add("wind")
        return None
    # A direction or a gust alone is no wind; a speed without direction counts in full as crosswind.
    return None if speed is None else Wind(direction, speed, None if gust == 0 else gust)


def _visibility(fields: Mapping[str, Any], illegible: set[Element]) -> Visibility | None:
    miles, at_least = at_least_number(fields.get("visib"), 0, MOST_VISIBILITY_SM)
    if is_illegible(miles):
        illegible.add("visibility")
        return None
    return None if miles is None else Visibility(miles, at_least)


def _sky(fields: Mapping[str, Any], illegible: set[Element]) -> Sky | None:
    """The lowest BKN, OVC or vertical visibility (an OVX base is in feet)."""
    vertical = number(fields.get("vertVis"), 0, MOST_CEILING_FT)
    clouds = objects(fields.get("clouds"))
    if is_illegible(vertical) or (clouds is None and fields.get("clouds") is not None):
        illegible.add("ceiling")
        return None
    # METARs give it in hundreds of feet, TAFs in feet: nobody reports 2 ft, nor more than 10,000 ft.
    ceilings = [] if vertical is None else [vertical if vertical >= 100 else 100 * vertical]
    hazards: set[str] = set()
    clear = _word(fields.get("cover")) in _CLEAR
    for layer in clouds or []:
        cover, kind = _word(layer.get("cover")), layer.get("type")
        if kind in ("CB", "TCU"):
            hazards.add(str(kind))
        elif kind:
            illegible.add("weather")  # a kind of cloud that nobody knows may have been CB
        base = number(layer.get("base"), 0, MOST_CEILING_FT)
        if cover in _CLEAR or cover in _NO_CEILING:
            clear = True
        elif cover in _CEILING and base is not None and not is_illegible(base):
            ceilings.append(base)
        elif cover not in _CEILING or vertical is None:
            illegible.add("ceiling")
    if "ceiling" in illegible or not (ceilings or clear):
        return None
    return Sky(min(ceilings, default=None), frozenset(hazards))


def _word(value: object) -> str | None:
    return value if isinstance(value, str) else None
