"""The elements of one report or forecast group, and the merging of its decoded fields with its raw text.

A report comes twice in the Aviation Weather Center's JSON: decoded into fields, and as raw text. If one lacks an
element, the other provides it; if they disagree, the worse value counts; a word that one could not read makes its
elements missing, unless the other contains that very word's meaning. So a lost or garbled piece never makes the weather
look better than it was reported.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from functools import reduce

from flightsched_pipelines.domain.weather.conditions import ELEMENTS, Conditions, Element, UnreadWord
from flightsched_pipelines.domain.weather.reports.words.weather_codes import read_weather

ROUNDING_C = 1.0

MOISTURE_CEILING_FT = 10_000
"""A ceiling below this puts visible moisture where trainers fly; icing then depends on the temperature."""


@dataclass(frozen=True, slots=True)
class Wind:
    """Wind in knots; ``direction_deg`` is true, ``None`` when variable; ``gust_kt`` is ``None`` without gusts."""

    direction_deg: float | None
    speed_kt: float
    gust_kt: float | None


@dataclass(frozen=True, slots=True)
class Sector:
    """The directions between which a wind varies, clockwise from one to the other, true."""

    from_deg: float
    to_deg: float


@dataclass(frozen=True, slots=True)
class Visibility:
    """Prevailing visibility in statute miles; ``at_least`` when the report gives only a lower bound."""

    sm: float
    at_least: bool


@dataclass(frozen=True, slots=True)
class CloudLayerSummary:
    """Ceiling in feet above ground (``None``: unlimited), and CB or TCU among the clouds."""

    ceiling_ft: float | None
    hazards: frozenset[str] = frozenset()
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class ReportElements:
    """The elements that a group names; ``None`` where it names none. ``illegible`` ones were named, but not given.

    ``weather`` is "" when the group reports none (NSW). ``unread`` are the words that were not understood.
    """

    wind: Wind | None = None
    sector: Sector | None = None
    visibility: Visibility | None = None
    sky: CloudLayerSummary | None = None
    weather: str | None = None
    shear: bool = False
    icing: bool = False
    temperature_c: float | None = None
    dewpoint_c: float | None = None
    altimeter_hpa: float | None = None
    thunderstorm_sensor_out: bool = False
    illegible: frozenset[Element] = frozenset()
    unread: tuple[UnreadWord, ...] = ()

    @property
    def named(self) -> frozenset[Element]:
        """Return the elements that have a value."""
        given: dict[Element, object] = {
            "wind": self.wind, "visibility": self.visibility, "ceiling": self.sky, "weather": self.weather
        }  # fmt: skip
        return frozenset(element for element, value in given.items() if value is not None)

    @property
    def lacking(self) -> frozenset[Element]:
        """Return the elements that were named and not given, or that a word not understood may have named."""
        return self.illegible.union(*(word.missing for word in self.unread)) if self.unread else self.illegible


def together(parts: Iterable[ReportElements]) -> ReportElements:
    """Merge the elements of several words, or of text and fields, of one group: the worst value of each counts."""
    return reduce(_worse, parts, ReportElements())


def reconciled(decoded: ReportElements, text: ReportElements) -> ReportElements:
    """Merge the decoded fields and the text of a group; the text replaces a field that means nothing."""
    return _worse(replace(decoded, illegible=decoded.illegible - text.named), text)


def only(said: ReportElements, elements: Collection[Element]) -> ReportElements:
    """Return some of the elements."""
    return ReportElements(
        wind=said.wind if "wind" in elements else None,
        sector=said.sector if "wind" in elements else None,
        visibility=said.visibility if "visibility" in elements else None,
        sky=said.sky if "ceiling" in elements else None,
        weather=said.weather if "weather" in elements else None,
    )


def settled(said: ReportElements, given: Callable[[], Collection[str]]) -> ReportElements:
    """Drop the unread words whose very meaning the other source of the group contains (`folded`)."""
    if not said.unread:
        return said
    words = given()
    return replace(said, unread=tuple(word for word in said.unread if folded(word.text) not in words))


def folded(word: str) -> str:
    """Return a word without characters that are mixed up, O and 0 or I and 1; two words that fold alike are one."""
    return word.translate(_MIXED_UP)


def apply_becoming(before: ReportElements, change: ReportElements) -> ReportElements:
    """Return the elements after a group has changed those it lists; the others stay as they were."""
    listed = change.lacking | change.named
    return ReportElements(
        wind=change.wind if "wind" in listed else before.wind,
        sector=change.sector if "wind" in listed else before.sector,
        visibility=change.visibility if "visibility" in listed else before.visibility,
        sky=change.sky if "ceiling" in listed else before.sky,
        weather=change.weather if "weather" in listed else before.weather,
        shear=before.shear or change.shear,
        icing=before.icing or change.icing,
        illegible=change.illegible | (before.illegible - listed),
        unread=(*(word for word in before.unread if not listed.issuperset(word.missing)), *change.unread),
    )


def conditions_of(said: ReportElements, *, has_temperature: bool = False) -> Conditions:
    """Return conditions from elements; one that every prevailing group must contain, and this does not, is missing.

    Args:
        said: the elements; an absent ``weather`` means none, as reports leave it out in fair weather.
        has_temperature: whether this kind of report contains a temperature (METAR, not TAF).
    """
    weather = read_weather(said.weather or "")
    missing: set[Element] = set(said.lacking)
    hazards = set(weather.hazards)
    if said.wind is None:
        missing.add("wind")
    if said.visibility is None:
        missing.add("visibility")
    if said.sky is None:
        missing.add("ceiling")
    else:
        hazards |= said.sky.hazards
    if weather.ash or not weather.legible:
        missing.add("weather")  # no minimum limits ash, so it is unknown whether a lesson may meet it
    if said.shear:
        hazards.add("LLWS")
    if said.icing:
        hazards.add("ICE")
    if said.thunderstorm_sensor_out and "TS" not in hazards:
        missing.add("thunderstorm")
    ceiling_ft = said.sky.ceiling_ft if said.sky else None
    moist = weather.precipitation or (ceiling_ft is not None and ceiling_ft < MOISTURE_CEILING_FT)
    missing.discard("temperature")  # where nothing may freeze, the temperature is not needed
    if has_temperature and moist and said.temperature_c is None:
        missing.add("temperature")
    return Conditions(
        wind_direction_deg=said.wind.direction_deg if said.wind else None,
        wind_varies_from_deg=said.sector.from_deg if said.wind and said.sector else None,
        wind_varies_to_deg=said.sector.to_deg if said.wind and said.sector else None,
        wind_speed_kt=said.wind.speed_kt if said.wind else None,
        wind_gust_kt=said.wind.gust_kt if said.wind else None,
        visibility_sm=said.visibility.sm if said.visibility else None,
        visibility_at_least=said.visibility.at_least if said.visibility else False,
        ceiling_ft=ceiling_ft,
        ceiling_estimated=said.sky.estimated if said.sky else False,
        temperature_c=said.temperature_c,
        dewpoint_c=said.dewpoint_c,
        altimeter_hpa=said.altimeter_hpa,
        weather=said.weather or "",
        hazards=frozenset(hazards),
        missing=frozenset(missing),
        unread=said.unread,
    )


NOTHING_LEGIBLE = ReportElements(illegible=frozenset(ELEMENTS))
"""A group that is present, and of which nothing can be read."""

_MIXED_UP = str.maketrans("OIL", "011")


def _worse(one: ReportElements, other: ReportElements) -> ReportElements:
    return ReportElements(
        wind=_worse_wind(one.wind, other.wind),
        sector=one.sector or other.sector,
        visibility=_worse_visibility(one.visibility, other.visibility),
        sky=_worse_clouds(one.sky, other.sky),
        weather=_all_weather(one.weather, other.weather),
        shear=one.shear or other.shear,
        icing=one.icing or other.icing,
        temperature_c=_agreed(one.temperature_c, other.temperature_c),
        dewpoint_c=_agreed(one.dewpoint_c, other.dewpoint_c),
        altimeter_hpa=_lower(one.altimeter_hpa, other.altimeter_hpa),
        thunderstorm_sensor_out=one.thunderstorm_sensor_out or other.thunderstorm_sensor_out,
        illegible=one.illegible | other.illegible,
        unread=tuple(dict.fromkeys((*one.unread, *other.unread))),
    )


def _agreed(one_c: float | None, other_c: float | None) -> float | None:
    """A temperature on which both agree to their rounding; neither warmer nor colder is worse."""
    if one_c is None or other_c is None:
        return other_c if one_c is None else one_c
    return one_c if abs(one_c - other_c) <= ROUNDING_C else None


def _lower(one_hpa: float | None, other_hpa: float | None) -> float | None:
    """The lower altimeter setting: the density altitude is then higher."""
    if one_hpa is None or other_hpa is None:
        return other_hpa if one_hpa is None else one_hpa
    return min(one_hpa, other_hpa)


def _worse_wind(one: Wind | None, other: Wind | None) -> Wind | None:
    if one is None or other is None:
        return one or other
    gusts = [gust for gust in (one.gust_kt, other.gust_kt) if gust is not None]
    same_direction = one.direction_deg == other.direction_deg
    return Wind(
        # Two different directions count as none: the full speed is then crosswind.
        direction_deg=one.direction_deg if same_direction else None,
        speed_kt=max(one.speed_kt, other.speed_kt),
        gust_kt=max(gusts, default=None),
    )


def _worse_visibility(one: Visibility | None, other: Visibility | None) -> Visibility | None:
    if one is None or other is None:
        return one or other
    worse, better = sorted((one, other), key=lambda visibility: visibility.sm)
    return Visibility(worse.sm, worse.at_least or (better.at_least and better.sm == worse.sm))


def _worse_clouds(one: CloudLayerSummary | None, other: CloudLayerSummary | None) -> CloudLayerSummary | None:
    if one is None or other is None:
        return one or other
    ceilings = [sky.ceiling_ft for sky in (one, other) if sky.ceiling_ft is not None]
    return CloudLayerSummary(min(ceilings, default=None), one.hazards | other.hazards)


def _all_weather(one: str | None, other: str | None) -> str | None:
    if one is None or other is None:
        return other if one is None else one
    return " ".join(dict.fromkeys([*one.split(), *other.split()]))
