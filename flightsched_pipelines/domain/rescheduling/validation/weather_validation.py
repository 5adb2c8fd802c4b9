"""Validate the weather of one proposal, one number at a time, directly from forecast rows and minimums.

It repeats in plain Python what ``risk`` does in arrays, on purpose and sharing nothing with it, so that a mistake in
either shows as a disagreement.
"""

import math
import operator
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from flightsched_pipelines.domain.rescheduling.validation.area_validation import AreaRecords
from flightsched_pipelines.domain.rescheduling.validation.sun_records import SunRecords
from flightsched_pipelines.domain.rescheduling.validation.validation_records import (
    Booking,
    Row,
    Span,
    is_null,
    number_or_none,
)
from flightsched_pipelines.domain.weather.reports.words.weather_codes import read_weather
from flightsched_pipelines.durations import HOUR, MINUTE, hour_of
from flightsched_pipelines.formatting import format_utc

_HOLDS: Mapping[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_SEVERITY = {"ok": 0, "watch": 1, "unforecast": 2, "missing": 3, "at_risk": 4}
"""Severity of each finding: ``unforecast`` is beyond every forecast; ``missing`` lacks data that was due."""

_OFFERED = {"ok", "watch", "unforecast"}
_CONVECTION = {"TS", "VCTS", "CB", "TCU", "SQ", "GR", "GS", "FC", "+FC"}
_ICE = {"FZRA", "FZDZ", "FZFG", "FZUP", "PL", "ICE"}
_SHEAR = {"LLWS", "DS", "SS"}
_BROKEN_EVEN_IF_TEMPORARY = {"thunderstorm", "icing"}
LOOKED_AT = [
    "airport", "hour_utc", "layer", "missing", "wind_direction_deg", "wind_varies_from_deg",
    "wind_varies_to_deg", "wind_speed_kt", "wind_gust_kt", "visibility_sm",
    "ceiling_ft", "temperature_c", "outside_air_temperature_c", "altimeter_hpa", "weather", "hazards",
]  # fmt: skip
"""The columns of a forecast that validation uses."""
_ALTITUDE_FT = {"pattern": 1_000.0, "local": 3_000.0, "cross_country": 6_000.0}
_COOLING_C_PER_FT = 0.002
_LOWEST_ALTIMETER_HPA, _HOTTEST_C = 950.0, 57.0


@dataclass(frozen=True, slots=True)
class _Applied:
    """The minimums for bookings that are alike, by rule, and why they may be unknown; numbered."""

    number: int
    rules: Mapping[str, list[Row]]
    unruled: Sequence[tuple[str, str]]


class ForecastRecords:
    """Forecast, sun and rules, looked up row by row."""

    def __init__(
        self,
        forecasts: Iterable[Row],
        minimums: Iterable[Row],
        airports: Iterable[Row],
        runways: Iterable[Row],
        suns: Iterable[Row],
        first_hour_utc: datetime,
        buffer: timedelta,
        areas: Iterable[Row] = (),
    ) -> None:
        """Index the rows by their keys; of the forecasts, those that govern."""
        self._rows: defaultdict[tuple[str, datetime], list[Row]] = defaultdict(list)
        for row in forecasts:
            self._rows[str(row["airport"]), row["hour_utc"]].append(row)
        self._minimums = [{name: None if is_null(value) else value for name, value in row.items()} for row in minimums]
        self._airports = {str(row["airport"]): row for row in airports}
        self._areas = AreaRecords(areas, self._airports, buffer)
        self._headings: defaultdict[str, list[float]] = defaultdict(list)
        for end in runways:
            if not end["closed"]:
                self._headings[str(end["airport"])].append(float(end["heading_true_deg"]))
        self._suns = SunRecords(suns, self._airports)
        self._first_hour_utc = first_hour_utc
        self._buffer = buffer
        self._judged: dict[tuple[Booking, Span], tuple[str, str]] = {}
        self._students = {row["student_id"] for row in self._minimums}
        self._applied: dict[tuple[Any, ...], _Applied] = {}
        self._of_hours: dict[tuple[Any, ...], list[tuple[str, str]]] = {}

    def objections(self, booking: Booking, span: Span, verdict: str) -> Iterator[str]:
        """Yield the reasons against this lesson at this time, or with this verdict; nothing if it may be offered."""
        if verdict not in _OFFERED:
            yield f"the verdict '{verdict}' is not one that a proposal may have"
        found, why = self.judge(booking, span)
        known = "unforecast" if found == "missing" else found
        if found == "at_risk":
            yield why
        elif _SEVERITY.get(verdict, 0) < _SEVERITY[known]:
            yield f"it is called '{verdict}' but is {known}: {why}"

    def judge(self, booking: Booking, span: Span) -> tuple[str, str]:
        """Return the gravest finding about a time, and a sentence about it.

        The finding is ``ok``, ``watch``, ``unforecast`` (beyond every source), ``missing`` (data that was due is absent
        or cannot be read) or ``at_risk``.
        """
        if (booking, span) not in self._judged:
            found, why = "ok", "nothing in the forecast is below the minimums"
            for severity, sentence in self._findings(booking, span):
                if _SEVERITY[severity] > _SEVERITY[found]:
                    found, why = severity, sentence
            self._judged[booking, span] = found, why
        return self._judged[booking, span]

    def _findings(self, booking: Booking, span: Span) -> Iterator[tuple[str, str]]:
        """All findings about a time, each a severity and a sentence."""
        applied = self._apply(booking, night=self._is_night(booking, span))
        rules = applied.rules
        yield from applied.unruled
        yield from self._darkness(booking, span, rules.get("daylight", []))
        yield from self._areas.findings(booking, span, rules)
        hour = hour_of(span.start - self._buffer)
        while hour < span.end + self._buffer:
            if hour >= self._first_hour_utc or hour + HOUR > span.start:
                for airport in booking.airports:
                    yield from self._at_hour(booking, airport, hour, applied)
            hour += HOUR

    def _apply(self, booking: Booking, *, night: bool) -> "_Applied":
        """Return the minimums for a booking by day or by night; found once for all bookings that are alike."""
        student = booking.student_id if booking.student_id in self._students else None
        alike = booking.school_id, booking.training_level, booking.solo, booking.lesson_kind, booking.aircraft_type
        if (key := (*alike, student, night)) not in self._applied:
            concerning = self._concerning(booking, night=night)
            rules = _that_count(concerning, booking.aircraft_type)
            self._applied[key] = _Applied(len(self._applied), rules, list(self._unruled(concerning)))
        return self._applied[key]

    def _at_hour(self, booking: Booking, airport: str, hour: datetime, applied: "_Applied") -> list[tuple[str, str]]:
        """Return the findings of one hour at one airport; found once for all bookings that are alike."""
        key = applied.number, airport, hour, booking.aircraft_crosswind_kt
        if key not in self._of_hours:
            self._of_hours[key] = list(self._one_hour(booking, airport, hour, applied.rules))
        return self._of_hours[key]

    def _one_hour(
        self, booking: Booking, airport: str, hour: datetime, rules: Mapping[str, list[Row]]
    ) -> Iterator[tuple[str, str]]:
        rows = self._rows.get((airport, hour), []) if hour >= self._first_hour_utc else []
        place = f"at {airport}, {_utc(hour)}"
        if not any(row["layer"] == "prevailing" for row in rows):
            yield "unforecast", f"no forecast reaches it {place}"
        for row in rows:
            if len(row["missing"]) or is_null(row["wind_speed_kt"]) or is_null(row["visibility_sm"]):
                yield "missing", f"the forecast is missing, or cannot be read whole, {place}"
            temporary = row["layer"] != "prevailing"
            for rule, effect in self._broken(booking, airport, row, rules):
                lasting = not temporary or booking.solo or rule in _BROKEN_EVEN_IF_TEMPORARY
                severity = "at_risk" if effect == "block" and lasting else "watch"
                yield severity, f"the forecast is below the minimum for {rule} {place}"
            if not temporary:
                yield from self._thin_air(airport, row, rules.get("density_altitude", []), place)

    def _thin_air(self, airport: str, row: Row, limits: list[Row], place: str) -> Iterator[tuple[str, str]]:
        """Density altitude beyond a limit, or not known and perhaps beyond it."""
        if not limits:
            return
        elevation_ft = number_or_none(self._airports.get(airport, {}).get("elevation_ft"))
        altimeter_hpa, celsius = (number_or_none(row[name]) for name in ("altimeter_hpa", "outside_air_temperature_c"))
        known = elevation_ft is not None and altimeter_hpa is not None and celsius is not None
        value = _density_altitude_ft(elevation_ft, altimeter_hpa, celsius)
        for limit in limits:
            if not _HOLDS[str(limit["comparison"])](value, limit["limit_value"]):
                blocks = limit["effect"] == "block"
                words = "is above the limit" if known else "is not known, and may be above the limit"
                yield (
                    "watch" if not blocks else "at_risk" if known else "missing",
                    f"the density altitude {words} {place}",
                )

    def _broken(
        self, booking: Booking, airport: str, row: Row, rules: Mapping[str, list[Row]]
    ) -> Iterator[tuple[str, str]]:
        hazards = set(row["hazards"])
        present = {
            "thunderstorm": bool(hazards & _CONVECTION),
            "wind_shear": bool(hazards & _SHEAR),
            "icing": bool(hazards & _ICE) or _icing_aloft(row, _ALTITUDE_FT[booking.lesson_kind]),
        }
        values = self._values(airport, row)
        for rule, limits in rules.items():
            for limit in limits:
                if rule in present:
                    broken = present[rule]
                elif rule == "aircraft_crosswind":
                    own = booking.aircraft_crosswind_kt
                    broken = own is not None and values["crosswind"] is not None and values["crosswind"] > own
                else:
                    value = values.get(rule)
                    broken = value is not None and not _HOLDS[str(limit["comparison"])](value, limit["limit_value"])
                if broken:
                    yield rule, str(limit["effect"])
        if booking.training_level == "instrument_rated" and airport in self._airports:
            for rule, name in (("visibility", "approach_visibility_sm"), ("ceiling", "approach_ceiling_ft")):
                least, value = number_or_none(self._airports[airport][name]), values[rule]
                if least is not None and value is not None and value < least:
                    yield rule, "block"

    def _values(self, airport: str, row: Row) -> dict[str, float | None]:
        """A row's numbers by rule; ``None`` if absent, which is judged elsewhere."""
        speed, ceiling = number_or_none(row["wind_speed_kt"]), number_or_none(row["ceiling_ft"])
        gust = number_or_none(row["wind_gust_kt"])
        strongest = speed if gust is None or speed is None else max(gust, speed)
        return {
            "visibility": number_or_none(row["visibility_sm"]),
            "ceiling": ceiling,
            "wind": speed,
            "gust": strongest,
            "gust_spread": None if strongest is None or speed is None else strongest - speed,
            "crosswind": self._crosswind(airport, row, strongest),
        }

    def _crosswind(self, airport: str, row: Row, speed_kt: float | None) -> float | None:
        """The crosswind on the runway most into the wind, at its worst direction; in full if either is unknown."""
        headings = self._headings.get(airport, [])
        direction_deg, since, until = (
            number_or_none(row[name]) for name in ("wind_direction_deg", "wind_varies_from_deg", "wind_varies_to_deg")
        )
        if speed_kt is None or direction_deg is None or not headings:
            return speed_kt
        best = max(headings, key=lambda heading: math.cos(math.radians(direction_deg - heading)))
        directions = [direction_deg]
        if since is not None and until is not None:
            directions += [since + step for step in range(int((until - since) % 360) + 1)]
        return max(abs(speed_kt * math.sin(math.radians(direction - best))) for direction in directions)

    def _concerning(self, booking: Booking, *, night: bool) -> list[Row]:
        """The minimums that apply to a booking by day or by night."""
        facts = {
            "school_id": booking.school_id,
            "student_id": booking.student_id,
            "training_level": booking.training_level,
            "solo": booking.solo,
            "lesson_kind": booking.lesson_kind,
            "night": night,
        }
        return [
            row
            for row in self._minimums
            if all(row[name] is None or row[name] == fact for name, fact in facts.items())
            and (row["aircraft_type"] is None or booking.aircraft_type in {None, row["aircraft_type"]})
        ]

    def _unruled(self, concerning: list[Row]) -> Iterator[tuple[str, str]]:
        """The reasons why a time is at best unknown: a row that cannot be read, or no minimums."""
        for row in concerning:
            if row["fault"] is not None:
                yield "missing", f"a row cannot be read: {row['fault']}"
        ruling = [row for row in concerning if row["effect"] == "block" and row["comparison"] != "any"]
        if all(row["authority"] in {"regulation", "student"} for row in ruling):
            yield "missing", "no minimums are on record for it"

    def _darkness(self, booking: Booking, span: Span, limits: list[Row]) -> Iterator[tuple[str, str]]:
        places = booking.way[0], booking.way[-1]
        if not all(self._suns.is_known(place, span.start) for place in places):
            yield "unforecast", "the sun's times there are not known"
            return
        rising, setting = (self._suns.lit(place, span.start, "sun") for place in places)
        if rising is None or setting is None:
            minutes = -math.inf
        elif span.start < rising[0]:
            minutes = (span.start - rising[0]) / MINUTE
        else:
            minutes = (setting[1] - span.end) / MINUTE
        for limit in limits:
            if not _HOLDS[str(limit["comparison"])](minutes, limit["limit_value"]):
                yield ("at_risk" if limit["effect"] == "block" else "watch"), "it is not within the required daylight"

    def _is_night(self, booking: Booking, span: Span) -> bool:
        twilight = self._suns.lit(booking.way[0], span.start, "twilight")
        return twilight is None or span.start < twilight[0] or span.end > twilight[1]


_utc = lru_cache(maxsize=1_000)(format_utc)  # an hour is named at many airports


def _that_count(concerning: list[Row], aircraft_type: str | None) -> dict[str, list[Row]]:
    """By rule: a school's own blocking minimums instead of the defaults, every regulation, and the student's own.

    A minimum for a type replaces no default of an aircraft whose type is not known.
    """
    by_rule: defaultdict[str, list[Row]] = defaultdict(list)
    for row in concerning:
        if row["fault"] is None:
            by_rule[str(row["rule"])].append(row)
    own = {
        rule
        for rule, rows in by_rule.items()
        if any(
            row["authority"] == "school" and row["effect"] == "block" and row["aircraft_type"] in {None, aircraft_type}
            for row in rows
        )
    }
    return {
        rule: [row for row in rows if row["authority"] != "default" or rule not in own]
        for rule, rows in by_rule.items()
    }


def _density_altitude_ft(elevation_ft: float | None, altimeter_hpa: float | None, celsius: float | None) -> float:
    """Return the density altitude by the rule of 120 ft a degree; the highest possible where a part is not known."""
    if elevation_ft is None:
        return math.inf
    setting = _LOWEST_ALTIMETER_HPA if altimeter_hpa is None else altimeter_hpa
    pressure_ft = elevation_ft + 145_366.45 * (1 - (setting / 1_013.25) ** 0.190284)
    standard_c = 15 - 1.98 * pressure_ft / 1_000
    return pressure_ft + 120 * ((_HOTTEST_C if celsius is None else celsius) - standard_c)


def _icing_aloft(row: Row, altitude_ft: float) -> bool:
    """Return whether a climb to an altitude meets moisture between 0 and -20 °C; false without a temperature."""
    temperature_c, ceiling_ft = number_or_none(row["temperature_c"]), number_or_none(row["ceiling_ft"])
    weather = read_weather("" if is_null(row["weather"]) else str(row["weather"]))
    base_ft = 0.0 if weather.precipitation or not weather.legible else ceiling_ft
    if temperature_c is None or base_ft is None or base_ft > altitude_ft:
        return False
    warmest_c, coldest_c = (temperature_c - _COOLING_C_PER_FT * height for height in (base_ft, altitude_ft))
    return coldest_c <= 0 and warmest_c >= -20
