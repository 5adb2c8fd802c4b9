"""One breach in words, the same for explanations, mails, text messages, calendars, digests and reports.

The wording is "below the school's minimums"; whether to fly is the pilot in command's decision.
"""

import math
from collections.abc import Mapping
from datetime import datetime
from math import floor
from typing import Any

from pydantic import BaseModel, ConfigDict

from flightsched_pipelines.domain.risk.rules import AREA_RULES, AT_LEAST_RULES, HAZARD_AREAS
from flightsched_pipelines.durations import HOUR
from flightsched_pipelines.formatting import format_period, format_quantity, format_time, format_visibility

NAMES = {
    "visibility": "visibility",
    "ceiling": "ceiling",
    "wind": "wind",
    "gust": "wind with gusts",
    "gust_spread": "gust spread",
    "crosswind": "crosswind",
    "aircraft_crosswind": "crosswind",
    "density_altitude": "density altitude",
    "thunderstorm": "convection",
    "icing": "icing",
    "wind_shear": "low-level wind shear",
    "convection_area": "area of thunderstorms",
    "convection_forecast_area": "area of forecast thunderstorms",
    "severe_turbulence_area": "area of severe turbulence",
    "turbulence_area": "area of turbulence",
    "severe_icing_area": "area of severe icing",
    "icing_area": "area of icing",
    "ash_area": "area of volcanic ash",
    "ifr_area": "area of IFR weather",
    "mountain_obscuration_area": "area of mountain obscuration",
    "wind_shear_area": "area of low-level wind shear",
    "surface_wind_area": "area of strong surface wind",
}
ELEMENT_NAMES = {"weather": "present weather", "thunderstorm": "thunderstorms"}

_OPTIONAL = ("value", "limit_value", "margin", "unit", "hazard", "at_least", "authority", "reference")


class Breach(BaseModel):
    """One rule that the forecast breaks, at its worst hour.

    ``value``, ``limit`` and ``by`` (the amount beyond the limit, positive) are in ``unit`` (SM, ft, kt, min), null for
    hazards, which ``hazard`` names by code; for a crosswind ``hazard`` is set if no runway is known. ``at_least`` is
    true for a value that is a bound, ``temporary`` for a TEMPO or PROB group. ``authority`` (school, default,
    regulation, field or student) and ``reference`` are whose the limit is; a student's own is not stated, so ``limit``
    and ``by`` are null.
    """

    model_config = ConfigDict(frozen=True)

    rule: str
    value: float | None
    limit: float | None
    by: float | None
    unit: str | None
    hazard: str | None
    airport: str
    from_utc: datetime
    to_utc: datetime
    temporary: bool
    at_least: bool = False
    authority: str | None = None
    reference: str | None = None


def _is_empty(value: object) -> bool:
    """Return whether a cell of a frame is empty, without importing pandas for it."""
    is_nan = isinstance(value, float) and math.isnan(value)
    return value is None or is_nan or type(value).__name__ in {"NAType", "NaTType"}


def breach_of(row: Mapping[Any, Any]) -> Breach:
    """Return the breach that a row of ``BROKEN_COLUMNS`` holds."""
    of_area = row["rule"] in AREA_RULES
    known = {name: None if _is_empty(value) else value for name, value in row.items() if name in _OPTIONAL}
    return Breach(
        rule=row["rule"],
        value=known["value"],
        limit=known["limit_value"],
        by=None if known["margin"] is None else abs(float(known["margin"])),
        unit=known["unit"],
        hazard=known["hazard"],
        airport=row["airport"],
        from_utc=(row["group_from_utc"] if of_area else row["hour_utc"]).to_pydatetime(),
        to_utc=row["group_to_utc"].to_pydatetime() if of_area else row["hour_utc"].to_pydatetime() + HOUR,
        temporary=row["layer"] == "temporary",
        at_least=bool(known["at_least"]),
        authority=known["authority"],
        reference=known["reference"],
    )


def breach_sentence(breach: Breach, time_zone: str, *, pilots: str = "", source: str = "") -> str:
    """Return a breach in a sentence: "Visibility 1/2 SM, 2 1/2 SM below the school's minimum of 3 SM: KPAO, Tue ...".

    Args:
        breach: the breach.
        time_zone: in which its hour is told.
        pilots: for whom the limit is; empty where the reader knows.
        source: whose report it is from; empty where it does not matter.
    """
    for_whom = f" for {pilots}" if pilots else ""
    if breach.rule == "forecast":
        return f"{_missing(breach, format_time(breach.from_utc, time_zone))}."
    if breach.rule == "daylight":
        return f"{_daylight(breach, for_whom)}."
    measured = breach.value is not None or breach.rule == "density_altitude"
    words = _measured(breach, for_whom) if measured else _hazard(breach, for_whom)
    period = format_period(breach.from_utc, breach.to_utc, time_zone)
    return f"{words}: {breach.airport}, {period}{f' ({source})' if source else ''}."


def breach_brief(breach: Breach) -> str:
    """Return a breach in a few words: "visibility 1/2 SM, minimum 3 SM"."""
    if breach.rule == "daylight":
        return f"{'departure' if breach.hazard == 'before sunrise' else 'landing'} {forecast_value(breach)}"
    if breach.rule == "forecast":
        return "weather not known"
    if breach.value is None:
        return rule_name(breach)
    if breach.limit is None:
        return f"{rule_name(breach).lower()} {_value(breach)}, {_beyond(breach)} the student's own limit"
    kind = "minimum" if is_minimum(breach) else "maximum"
    return f"{rule_name(breach).lower()} {_value(breach)}, {kind} {format_quantity(breach.limit, breach.unit)}"


def is_minimum(breach: Breach) -> bool:
    """Return whether the limit is one to stay above; of winds it is one to stay below."""
    return breach.rule in AT_LEAST_RULES


def rule_name(breach: Breach) -> str:
    """Return what is limited: "Visibility", "Convection (TS)"."""
    name = NAMES.get(breach.rule, breach.rule.replace("_", " "))
    hazard = breach.hazard or ""
    if not hazard or breach.value is not None or hazard.lower().endswith(name):
        return _capitalised(name)
    return f"{_capitalised(name)} ({', '.join(hazard.split()) if hazard.isupper() else hazard})"


def forecast_value(breach: Breach) -> str:
    """Return what is forecast: "1/2 SM", "at times 33 kt", "12 min after sunset"; of a hazard "forecast"."""
    if breach.rule == "forecast":
        return "none" if breach.hazard == "no forecast" else "cannot be read"
    if breach.rule == "daylight" and breach.value is not None:
        return _beside_the_sun(breach.value, "sunrise" if breach.hazard == "before sunrise" else "sunset")
    if breach.value is None and breach.rule == "density_altitude":
        return "not known"
    often = "at times " if breach.temporary else ""
    return often + (_value(breach) if breach.value is not None else "forecast")


def limit_words(breach: Breach) -> str:
    """Return what is asked for: "at least 3 SM", "more than 3 SM", "at most 10 kt", "none allowed"."""
    if breach.rule == "forecast":
        return "a forecast"
    if breach.value is not None and breach.limit is None:
        return "the student's own limit"
    if breach.rule == "daylight":
        by_day_only = not breach.limit or breach.hazard == "before sunrise"
        return "by day only" if by_day_only else _beside_the_sun(breach.limit, "sunset")
    if breach.limit is None:
        return "none allowed"
    least, most = ("more than", "less than") if breach.by == 0 else ("at least", "at most")
    return f"{least if is_minimum(breach) else most} {format_quantity(breach.limit, breach.unit)}"


def difference(breach: Breach) -> str:
    """Return by how much: "2 1/2 SM below", "13 kt above", "at the limit"; nothing for hazards and daylight."""
    if breach.by is None or breach.rule == "daylight":
        return ""
    if breach.by == 0:
        return "at the limit"
    by = format_quantity(breach.by, breach.unit)
    amount = "just" if by.startswith("0 ") else f"{'up to ' if breach.at_least else ''}{by}"
    return f"{amount} {'below' if is_minimum(breach) else 'above'}"


def limit_of_whom(breach: Breach, pilots: str = "") -> str:
    """Return the limit and whose it is: "the school's minimum of 3 SM", "the approach minimum of KPAO, 600 ft"."""
    word = "minimum" if is_minimum(breach) else "maximum"
    limit = format_quantity(breach.limit or 0.0, breach.unit)
    if breach.rule == "aircraft_crosswind":
        return f"the aircraft's demonstrated crosswind of {limit}"
    if breach.authority == "field":
        return f"the {breach.reference}, {limit}"
    if breach.authority == "student":
        own = "" if breach.limit is None else f" {word} of {limit}"
        return f"the student's own{own or ' limit'}"
    if breach.authority == "regulation":
        return f"the {word} of {limit}{pilots} in {breach.reference}"
    return f"the school's {word} of {limit}{pilots}"


def _measured(breach: Breach, pilots: str) -> str:
    whose = limit_of_whom(breach, pilots)
    if breach.value is None:
        return f"{_capitalised(NAMES[breach.rule])} {forecast_value(breach)}, and perhaps above {whose}"
    why = f" ({breach.hazard}, so the full wind counts)" if breach.hazard else ""
    begins = f"{rule_name(breach)} {forecast_value(breach)}{why}"
    if breach.by is None:
        return f"{begins}, {_beyond(breach)} {whose}"
    if breach.by == 0:
        return f"{begins}, only {whose}, and must be {'more' if is_minimum(breach) else 'less'}"
    return f"{begins}, {difference(breach)} {whose}"


def _hazard(breach: Breach, pilots: str) -> str:
    often = "forecast at times" if breach.temporary else "forecast"
    return f"{rule_name(breach)} {often}; {_minimums(breach, pilots)} allow none"


def _beyond(breach: Breach) -> str:
    return "below" if is_minimum(breach) else "above"


def _minimums(breach: Breach, pilots: str) -> str:
    if breach.authority == "student":
        return "the student's own limits"
    return (
        f"the minimums of {breach.reference}{pilots}"
        if breach.authority == "regulation"
        else f"the school's minimums{pilots}"
    )


def _daylight(breach: Breach, pilots: str) -> str:
    what = "departure from" if breach.hazard == "before sunrise" else "landing at"
    begins = f"{_capitalised(what)} {breach.airport} {forecast_value(breach)}"
    if breach.authority == "student":
        return f"{begins}; the student's own limit asks for more daylight"
    if limit_words(breach) == "by day only":
        return f"{begins}; {_minimums(breach, pilots)} allow daylight only"
    whose = f"the minimum of {breach.reference}" if breach.authority == "regulation" else "the school's minimum"
    return f"{begins}; {whose}{pilots} is {limit_words(breach)}"


def _missing(breach: Breach, since: str) -> str:
    if breach.reference is not None:
        return f"A row that it depends on cannot be read, and must be mended: {breach.reference}"
    lack = [ELEMENT_NAMES.get(name, name) for name in (breach.hazard or "").split(", ")]
    if "minimums" in lack:
        return "No minimums are on record for this lesson"
    if "no forecast" in lack:
        return f"No forecast reaches {breach.airport} for {since}"
    if "sunset" in lack:
        return f"Sunrise and sunset at {breach.airport} are not known for {since}"
    if HAZARD_AREAS in lack:
        return f"Not every hazard area (SIGMET, G-AIRMET) that may concern it can be read, from {since}"
    return f"The forecast for {breach.airport} lacks, from {since}: {', '.join(lack)}"


def _value(breach: Breach) -> str:
    value = breach.value or 0.0
    return format_visibility(value, at_least=True) if breach.at_least else format_quantity(value, breach.unit)


def _beside_the_sun(minutes: float | None, sun: str) -> str:
    """Return minutes before or after the sun rises or sets; a part of a minute counts to the lesson's disadvantage."""
    whole = floor(minutes or 0.0)
    side = "after" if whole < 0 and sun == "sunset" else "before"
    return f"{format_quantity(abs(whole), 'min')} {side} {sun}"


def _capitalised(words: str) -> str:
    return words[:1].upper() + words[1:]
