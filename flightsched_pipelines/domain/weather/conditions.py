"""Names for weather: elements and their units, hazards and flight categories.

All other code uses these names. A value that a report omits, or gives illegibly, is listed in ``missing``: a ceiling of
``None`` means *unlimited* only if ``"ceiling"`` is not missing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

ReportSource = Literal["TAF", "METAR", "NBH", "NBS", "OpenWeatherMap"]
"""Kinds of report; NBH and NBS are the bulletins of the National Blend of Models."""

Layer = Literal["prevailing", "temporary"]
"""A prevailing group applies throughout; a temporary one (TEMPO, PROB) comes and goes."""

Element = Literal["wind", "visibility", "ceiling", "weather", "thunderstorm", "temperature"]
"""Elements that a report may lack. Only ``thunderstorm``: the sensor is out (TSNO), and no TS means nothing."""

ELEMENTS: tuple[Element, ...] = ("wind", "visibility", "ceiling", "weather")
"""The elements that every prevailing group must give."""

CONVECTIVE: frozenset[str] = frozenset({"TS", "VCTS", "CB", "TCU", "SQ", "GR", "GS", "FC", "+FC"})
"""Codes of convection, in which no trainer flies (AIM 7-1-26)."""

FREEZING: frozenset[str] = frozenset({"FZRA", "FZDZ", "FZFG", "FZUP", "PL", "ICE"})
"""Codes of icing at the surface; ice pellets mean freezing rain aloft (AIM 7-1-19). ``ICE``: a TAF's icing layer."""

WIND_SHEAR: frozenset[str] = frozenset({"LLWS", "DS", "SS"})
"""Codes of wind shear; the walls of dust and sand storms are gust fronts (AIM 7-1-24)."""

HAZARDS: tuple[str, ...] = tuple(sorted(CONVECTIVE | FREEZING | WIND_SHEAR | {"FG"}))
"""Every hazard code, in the order of their bits where they are packed into one integer."""


@dataclass(frozen=True, slots=True)
class UnreadWord:
    """A word of a report that was not understood, and the elements that are missing because of it.

    Nothing is missing for a pressure, nor for the time of a group, which then counts from issue to end.
    """

    text: str
    missing: tuple[Element, ...]

    def __str__(self) -> str:
        return f"{self.text}: {', '.join(self.missing) or 'nothing'} missing"

    @classmethod
    def parse(cls, stored: str) -> "UnreadWord":
        """Return the word that `str` wrote."""
        word, _, missing = stored.removesuffix(" missing").rpartition(": ")
        return cls(word, tuple(element for element in (*ELEMENTS, "thunderstorm", "temperature") if element in missing))


@dataclass(frozen=True, slots=True)
class Conditions:
    """The weather in one report or forecast group, in aviation units.

    ``wind_direction_deg`` is true, and ``None`` when variable or missing. If it varies between two directions
    (120V240), they are ``wind_varies_from_deg`` and, clockwise, ``wind_varies_to_deg``. ``wind_gust_kt`` is ``None``
    without gusts. ``ceiling_ft`` is above ground level: the lowest BKN or OVC layer, or vertical visibility; ``None``
    is unlimited. ``weather`` contains the codes as reported ("+TSRA BR").
    """

    wind_direction_deg: float | None = None
    wind_varies_from_deg: float | None = None
    wind_varies_to_deg: float | None = None
    wind_speed_kt: float | None = None
    wind_gust_kt: float | None = None
    visibility_sm: float | None = None
    visibility_at_least: bool = False
    ceiling_ft: float | None = None
    ceiling_estimated: bool = False
    temperature_c: float | None = None
    dewpoint_c: float | None = None
    altimeter_hpa: float | None = None
    weather: str = ""
    hazards: frozenset[str] = frozenset()
    missing: frozenset[Element] = frozenset()
    unread: tuple[UnreadWord, ...] = ()


UNREADABLE = Conditions(missing=frozenset(ELEMENTS))
"""Conditions of a report that was due and did not come, or cannot be read."""


@dataclass(frozen=True, slots=True)
class Issue:
    """The report that a group is from: the span in which it may have been issued, and its validity ``[from, to)``.

    If the times in a report's fields and in its text contradict each other, it may have been issued at any time from
    the earliest to the latest of them. All times are aware, in UTC.
    """

    earliest_utc: datetime
    latest_utc: datetime
    valid_from_utc: datetime
    valid_to_utc: datetime


@dataclass(frozen=True, slots=True)
class ForecastGroup:
    """Conditions from one source for one station and one span of time, ``[from_utc, to_utc)``.

    ``change`` is the kind of group: ``BASE``, ``FM``, ``BECMG``, ``TEMPO``, ``PROB`` of a TAF, ``METAR``, ``HOURLY``;
    guidance has ``HOURLY`` and ``PROB``. ``probability`` is in percent, for PROB groups only. ``issue`` is ``None`` for
    guidance, whose time of issue is its cycle's. All times are aware, in UTC.
    """

    source: ReportSource
    station: str
    layer: Layer
    change: str
    probability: int | None
    from_utc: datetime
    to_utc: datetime
    issued_at_utc: datetime
    conditions: Conditions = field(default=UNREADABLE)
    issue: Issue | None = None


def flight_category(ceiling_ft: float | None, visibility_sm: float | None, missing: Iterable[str] = ()) -> str | None:
    """Return VFR, MVFR, IFR or LIFR by ceiling and visibility, ``None`` if either is missing (AWC definitions).

    LIFR is below 500 ft or 1 SM; IFR below 1,000 ft or 3 SM; MVFR up to 3,000 ft or 5 SM inclusive.
    """
    absent = set(missing)
    if "ceiling" in absent or "visibility" in absent or visibility_sm is None:
        return None
    ceiling = float("inf") if ceiling_ft is None else ceiling_ft
    if ceiling < 500 or visibility_sm < 1:
        return "LIFR"
    if ceiling < 1_000 or visibility_sm < 3:
        return "IFR"
    if ceiling <= 3_000 or visibility_sm <= 5:
        return "MVFR"
    return "VFR"
