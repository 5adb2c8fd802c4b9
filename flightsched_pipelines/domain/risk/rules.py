"""The rules that a minimum can state: their comparisons, their units, and plausible limits."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from flightsched_pipelines.domain.weather.areas.products import HAZARDS_OF_AREAS, Hazard
from flightsched_pipelines.formatting import format_quantity


@dataclass(frozen=True, slots=True)
class Rule:
    """One quantity that can be limited.

    ``units`` maps each unit to its size in the rule's own unit, which comes first. ``plausible`` bounds a limit in the
    rule's own unit, both ends included; ``None`` if a row states no limit: none is allowed, or the aircraft's own
    applies.
    """

    comparisons: tuple[str, ...]
    units: Mapping[str, float] = field(default_factory=dict[str, float])
    plausible: tuple[float, float] | None = None


AT_LEAST, AT_MOST, NONE_ALLOWED = (">", ">="), ("<", "<="), ("none",)
NONE_OR_ANY = ("none", "any")
"""Of hazard areas a school may allow any, in place of the default that allows none."""

SPEEDS = MappingProxyType({"kt": 1.0, "m/s": 3600 / 1852, "km/h": 1 / 1.852, "mph": 1.609344 / 1.852})
LENGTHS = MappingProxyType({"ft": 1.0, "m": 1 / 0.3048})


def area_rule(hazard: Hazard) -> str:
    """Return the rule about areas of a hazard."""
    return f"{hazard}_area"


RULE_BOOK: Mapping[str, Rule] = MappingProxyType(
    {
        "visibility": Rule(AT_LEAST, {"SM": 1.0, "m": 1 / 1609.344, "km": 1 / 1.609344}, (0.25, 20)),
        "ceiling": Rule(AT_LEAST, LENGTHS, (100, 20_000)),
        "daylight": Rule(AT_LEAST, {"min": 1.0, "h": 60.0}, (-60, 720)),
        "wind": Rule(AT_MOST, SPEEDS, (1, 70)),
        "gust": Rule(AT_MOST, SPEEDS, (1, 80)),
        "gust_spread": Rule(AT_MOST, SPEEDS, (1, 40)),
        "crosswind": Rule(AT_MOST, SPEEDS, (1, 40)),
        "aircraft_crosswind": Rule(AT_MOST, {"kt": 1.0}),
        "density_altitude": Rule(AT_MOST, LENGTHS, (1_000, 20_000)),
        "thunderstorm": Rule(NONE_ALLOWED),
        "icing": Rule(NONE_ALLOWED),
        "wind_shear": Rule(NONE_ALLOWED),
        **{area_rule(hazard): Rule(NONE_OR_ANY) for hazard in HAZARDS_OF_AREAS},
    }
)
"""Every rule by its name. Limits of daylight are minutes before sunset, negative after it."""

TRAINING_LEVELS = ("student_pilot", "private_pilot", "instrument_rated")
LESSON_KINDS = ("pattern", "local", "cross_country")
ALTITUDES_FT: Mapping[str, float] = MappingProxyType({"pattern": 1_000.0, "local": 3_000.0, "cross_country": 6_000.0})
"""Highest altitude of each kind of lesson, above ground."""

MAX_LESSON = timedelta(hours=24)

LESSON_FORMS = ("flight", "simulator", "ground")
"""A flight needs an aircraft, a simulator lesson a simulator, a ground lesson neither. Only flights need weather."""

SLOT_KEPT_AS = ("none", "ground", "simulator", "both")
"""The forms in which a school lets a lesson below the minimums keep its slot."""

NOT_FLOWN = "not_flown"
"""In the place of a verdict: a lesson in this slot does not fly, so that no forecast is compared with it."""

AUTHORITIES = ("regulation", "default", "school", "student")
EFFECTS = ("block", "warn")
"""The effect of a breach of a rule on the verdict: at risk, or watch."""

RULES = tuple(RULE_BOOK)
AT_LEAST_RULES = tuple(name for name, rule in RULE_BOOK.items() if rule.comparisons == AT_LEAST)
AREA_RULES = tuple(map(area_rule, HAZARDS_OF_AREAS))
DENSITY_ALTITUDE = "density altitude"
"""Stands among what a lesson lacks where temperature or altimeter setting may put it above a limit."""

HAZARD_AREAS = "hazard areas"
"""Stands among what a lesson lacks where an area that may concern it could not be read."""

HAZARD_RULES = tuple(name for name, rule in RULE_BOOK.items() if rule.comparisons == NONE_ALLOWED) + AREA_RULES
UNITS: Mapping[str, str] = MappingProxyType({name: next(iter(rule.units), "") for name, rule in RULE_BOOK.items()})
"""The unit to which each rule's limits are converted; empty for hazards."""

_IN_WORDS = MappingProxyType({">": "more than", ">=": "at least", "<": "less than", "<=": "at most"})


def stated_limit(row: Mapping[Any, Any]) -> str:
    """Return what a row of the minimums allows, in words: "more than 5 SM", "at most 10 kt", "none"."""
    if row["rule"] == "aircraft_crosswind":
        return "the aircraft's own"
    limit = row["limit_value"]
    if limit is None or math.isnan(limit):
        return "none"
    return f"{_IN_WORDS[row['comparison']]} {format_quantity(limit, row['unit'])}"
