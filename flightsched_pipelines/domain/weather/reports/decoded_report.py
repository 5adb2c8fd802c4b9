"""Read the decoded fields that METARs and TAF groups of the Aviation Weather Center's JSON share."""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from flightsched_pipelines.domain.weather.conditions import Element, UnreadWord
from flightsched_pipelines.domain.weather.reports.json_fields import (
    at_least_number,
    is_illegible,
    number,
    objects,
    text,
)
from flightsched_pipelines.domain.weather.reports.report_elements import (
    MOISTURE_CEILING_FT,
    CloudLayerSummary,
    ReportElements,
    Visibility,
    Wind,
    folded,
    together,
)
from flightsched_pipelines.domain.weather.reports.words.meanings import (
    HIGHEST_ALTIMETER_HPA,
    LOWEST_ALTIMETER_HPA,
    read_words,
    words_of,
)
from flightsched_pipelines.domain.weather.reports.words.weather_codes import is_recent_weather, is_weather

_CLEAR = frozenset({"SKC", "CLR", "NSC", "NCD", "CAVOK"})
_NO_CEILING = frozenset({"FEW", "SCT"})
_CEILING = frozenset({"BKN", "OVC", "OVX", "VV"})

MAX_WIND_KT = 250
MAX_VISIBILITY_SM = 100
MAX_CEILING_FT = 60_000


def decoded_elements(fields: Mapping[str, Any]) -> ReportElements:
    """Return the elements in a METAR's or TAF group's decoded fields; a field that means nothing is illegible.

    Words that the service could not decode (``notDecoded``) are read like those of the text.
    """
    illegible: set[Element] = set()
    shear = number(fields.get("wshearSpd"), 0, MAX_WIND_KT) is not None or bool(fields.get("wshearHgt"))
    if fields.get("wxString") is not None and not isinstance(fields["wxString"], str):
        illegible.add("weather")
    codes = (text(fields.get("wxString")) or "").split()
    legible = [code for code in codes if is_weather(code) or is_recent_weather(code)]
    temperature_c, dewpoint_c = (number(fields.get(name), -100, 70) for name in ("temp", "dewp"))
    altimeter_hpa = number(fields.get("altim"), LOWEST_ALTIMETER_HPA, HIGHEST_ALTIMETER_HPA)
    said = ReportElements(
        wind=_wind(fields, illegible),
        visibility=_visibility(fields, illegible),
        sky=_clouds(fields, illegible),
        weather=" ".join(legible) or None,
        shear=shear,
        icing=_icing(fields, illegible),
        temperature_c=None if is_illegible(temperature_c) else temperature_c,
        dewpoint_c=None if is_illegible(dewpoint_c) else dewpoint_c,
        altimeter_hpa=None if is_illegible(altimeter_hpa) else altimeter_hpa,
        illegible=frozenset(illegible),
        unread=tuple(UnreadWord(code, ("weather",)) for code in codes if code not in legible),
    )
    left = fields.get("notDecoded")
    if not left:
        return said
    if not isinstance(left, str):
        return together((said, ReportElements(illegible=frozenset({"weather"}))))
    return together((said, read_words(words_of(left))))


def spelled(fields: Mapping[str, Any]) -> frozenset[str]:
    """Return the words, folded, by which a report would express its decoded fields."""
    return frozenset(folded(word) for word in _spellings(fields))


def layers_of(fields: Mapping[str, Any]) -> list[str]:
    """Return the cloud layers that have a height, each as a report writes it, with its kind if given."""
    layers: list[str] = []
    for layer in objects(fields.get("clouds")) or []:
        cover, base = _word(layer.get("cover")), number(layer.get("base"), 0, MAX_CEILING_FT)
        if cover in _NO_CEILING | _CEILING and base is not None and not is_illegible(base):
            written = "VV" if cover == "OVX" else cover
            layers.append(f"{written}{int(base / 100):03d}{_word(layer.get('type')) or ''}")
    return layers


def _spellings(fields: Mapping[str, Any]) -> Iterator[str]:
    direction, speed, gust = (fields.get(name) for name in ("wdir", "wspd", "wgst"))
    if isinstance(speed, int):
        blowing = f"{speed:02d}" + (f"G{gust:02d}" if isinstance(gust, int) else "")
        yield f"{direction:03d}{blowing}KT" if isinstance(direction, int) else f"{direction}{blowing}KT"
    miles, at_least = at_least_number(fields.get("visib"), 0, MAX_VISIBILITY_SM)
    if miles is not None and not is_illegible(miles):
        whole, part = divmod(Fraction(miles).limit_denominator(16), 1)
        yield f"{'P' if at_least else ''}{whole or ''}{part or ''}SM"
    vertical = number(fields.get("vertVis"), 0, MAX_CEILING_FT)
    if vertical is not None and not is_illegible(vertical):
        yield f"VV{int(vertical if vertical < 100 else vertical / 100):03d}"
    yield from layers_of(fields)
    yield from (text(fields.get("wxString")) or "").split()


def _wind(fields: Mapping[str, Any], illegible: set[Element]) -> Wind | None:
    speed = number(fields.get("wspd"), 0, MAX_WIND_KT)
    gust = number(fields.get("wgst"), 0, MAX_WIND_KT)
    given = fields.get("wdir")
    direction = None if given == "VRB" else number(given, 0, 360)
    if is_illegible(speed) or is_illegible(gust) or is_illegible(direction):
        illegible.add("wind")
        return None
    # A direction or a gust alone is not a wind; a speed without direction counts in full as crosswind.
    return None if speed is None else Wind(direction, speed, None if gust == 0 else gust)


def _visibility(fields: Mapping[str, Any], illegible: set[Element]) -> Visibility | None:
    miles, at_least = at_least_number(fields.get("visib"), 0, MAX_VISIBILITY_SM)
    if is_illegible(miles):
        illegible.add("visibility")
        return None
    return None if miles is None else Visibility(miles, at_least)


def _clouds(fields: Mapping[str, Any], illegible: set[Element]) -> CloudLayerSummary | None:
    """The lowest BKN, OVC or vertical visibility (an OVX base is in feet)."""
    vertical = number(fields.get("vertVis"), 0, MAX_CEILING_FT)
    clouds = objects(fields.get("clouds"))
    if is_illegible(vertical) or (clouds is None and fields.get("clouds") is not None):
        illegible.add("ceiling")
        return None
    # METARs give it in hundreds of feet, TAFs in feet: no report has 2 ft, nor more than 10,000 ft.
    ceilings = [] if vertical is None else [vertical if vertical >= 100 else 100 * vertical]
    hazards: set[str] = set()
    clear = _word(fields.get("cover")) in _CLEAR
    for layer in clouds or []:
        cover, kind = _word(layer.get("cover")), layer.get("type")
        if kind in ("CB", "TCU"):
            hazards.add(str(kind))
        elif kind:
            illegible.add("weather")  # an unknown kind of cloud may have been CB
        base = number(layer.get("base"), 0, MAX_CEILING_FT)
        if cover in _CLEAR or cover in _NO_CEILING:
            clear = True
        elif cover in _CEILING and base is not None and not is_illegible(base):
            ceilings.append(base)
        elif cover not in _CEILING or vertical is None:
            illegible.add("ceiling")
    if "ceiling" in illegible or not (ceilings or clear):
        return None
    return CloudLayerSummary(min(ceilings, default=None), frozenset(hazards))


def _icing(fields: Mapping[str, Any], illegible: set[Element]) -> bool:
    """Return whether a layer of icing reaches down to the altitudes of trainers; turbulence has no minimum."""
    layers = objects(fields.get("icgTurb"))
    if layers is None and fields.get("icgTurb"):
        illegible.add("weather")
    found = False
    for layer in layers or []:
        kind, base = layer.get("var"), number(layer.get("minAlt"), 0, MAX_CEILING_FT)
        if kind == "ICE":
            high = base is not None and not is_illegible(base) and base >= MOISTURE_CEILING_FT
            found |= not high and number(layer.get("intensity"), 0, 9) != 0
        elif kind != "TURB":
            illegible.add("weather")
    return found


def _word(value: object) -> str | None:
    return value if isinstance(value, str) else None
