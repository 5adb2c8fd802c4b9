"""List every breach of some bookings, with its value, limit, place, hour, group and reference.

It is a second pass over the forecast rows of just those bookings: the verdicts' arrays contain only that something is
breached, not what.
"""

from collections.abc import Iterable, Mapping
from itertools import groupby
from operator import itemgetter
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from flightsched_pipelines.domain.risk.area_breaches import area_breaches
from flightsched_pipelines.domain.risk.arrays.forecast_grid import (
    DENSITY_ALTITUDE_UNKNOWN,
    LAYERS,
    PREVAILING,
    TEMPORARY,
)
from flightsched_pipelines.domain.risk.arrays.limit_comparison import CROSSWIND
from flightsched_pipelines.domain.risk.bookings import VERDICTS
from flightsched_pipelines.domain.risk.breach_order import gravest_first
from flightsched_pipelines.domain.risk.explain import TOLD_BOOKING_COLUMNS, explain
from flightsched_pipelines.domain.risk.limits.effective_limits import (
    AIRCRAFT_CROSSWIND,
    BLOCK,
    DAYLIGHT,
    EFFECTS,
    MEASURES,
    NO_ROW,
    WARN,
    rule_of,
)
from flightsched_pipelines.domain.risk.missing_forecasts import BookingHours, booking_hours, count_up, missing_forecast
from flightsched_pipelines.domain.risk.rules import AT_LEAST_RULES, HAZARD_RULES, UNITS
from flightsched_pipelines.domain.risk.verdicts import (
    AT_RISK,
    UNKNOWN,
    WATCH,
    AssessmentInput,
    Severities,
    approach_minima,
    breach_severities,
)
from flightsched_pipelines.domain.weather.conditions import CONVECTIVE, FREEZING, WIND_SHEAR

Indices = NDArray[np.int64]
Floats = NDArray[np.float64]

BROKEN_COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "booking_id": "int64",
        "verdict": "str",
        "breach_rank": "int64",
        "rule": "str",
        "effect": "str",
        "value": "float64",
        "at_least": "boolean",
        "limit_value": "float64",
        "margin": "float64",
        "unit": "str",
        "hazard": "str",
        "airport": "str",
        "hour_utc": "datetime64[us, UTC]",
        "layer": "str",
        "change": "str",
        "probability": "Int64",
        "source": "str",
        "station": "str",
        "station_distance_nm": "float64",
        "group_from_utc": "datetime64[us, UTC]",
        "group_to_utc": "datetime64[us, UTC]",
        "reference": "str",
        "authority": "str",
        "explanation": "str",
    }
)
"""One row for each booking, rule, airport and layer: its worst hour, by ``breach_rank``: 1 is a booking's gravest.

``margin`` is in the rule's unit and not above 0. Rule ``forecast`` lists in ``hazard`` what is missing from the hour
on; that of a crosswind says where no runway is known, and that of a density altitude where it is not known.
``daylight``, ``density_altitude`` and ``forecast`` come from no group: their source, station and group are null. The
group of an area is the
time for which it holds, its source the product; ``hazard`` names it. A breach of a student's own
limit has neither limit nor margin.
"""

APPROACH = -2
"""Row number of an approach minimum of the airport, which is not a row of the minimums."""

_TOLD_FROM = ("position", "severity", "relative_margin")
"""Columns of findings beside those that are stored."""

_HAZARD_CODES = {"thunderstorm": CONVECTIVE, "icing": FREEZING, "wind_shear": WIND_SHEAR}
_FREEZING_MOISTURE = "moisture below freezing"
_ACROSS_A_RUNWAY = frozenset({"crosswind", "aircraft_crosswind"})
NO_RUNWAY = "no open runway is known"
"""Stands among the breaches of a crosswind where the full wind counts."""

NOT_KNOWN = "not known"
"""Stands among the breaches where the density altitude is not, and may be above the limit."""

OWN_LIMIT = "the student's own limit"
"""The reference of a breach of one: neither its number nor its text leaves the minimums."""

_OF_A_GROUP = ("change", "source", "station", "group_from_utc", "group_to_utc", "probability", "station_distance_nm")
_TOLD = (*_OF_A_GROUP, "hazards", "visibility_at_least")
"""Columns of a forecast row that a breach is told with, beside its value."""


def broken_rules(case: AssessmentInput, positions: Indices, severities: Severities) -> pd.DataFrame:
    """Return every breach of the bookings at these positions, ``BROKEN_COLUMNS``."""
    found = findings(case, positions, severities, only_broken=True)
    bookings = case.bookings.iloc[positions][list(TOLD_BOOKING_COLUMNS)].to_dict("records")
    _keep_from_analysts(found)
    booking_at = dict(zip(positions.tolist(), bookings, strict=True))
    words: dict[int, str] = {}
    for position, rows in groupby(found.to_dict("records"), key=itemgetter("position")):
        words[position] = explain(booking_at[position], list(rows), VERDICTS[int(severities[position])])
    found["explanation"] = found["position"].map(words)
    return found[list(BROKEN_COLUMNS)].astype(dict(BROKEN_COLUMNS))


def _keep_from_analysts(found: pd.DataFrame) -> None:
    """Take a student's own limit out of the breaches of it: analysts read them, and it is personal.

    The number of a crosswind limit of the aircraft is the aircraft's, whoever asks for it.
    """
    personal = found["authority"] == "student"
    found.loc[personal, "reference"] = OWN_LIMIT
    found.loc[personal & (found["rule"] != "aircraft_crosswind"), ["limit_value", "margin"]] = np.nan


def findings(case: AssessmentInput, positions: Indices, severities: Severities, *, only_broken: bool) -> pd.DataFrame:
    """Return the breaches of bookings, the gravest first; where ``only_broken`` is false, every limit in force.

    Returns:
        ``BROKEN_COLUMNS`` without the explanation, and the columns that it is made from.
    """
    hours = booking_hours(case, positions)
    parts = [_weather_breaches(case, hours, only_broken=only_broken), _in_the_dark(case, positions)]
    parts.append(area_breaches(case, positions))
    parts.append(missing_forecast(case, hours, positions[severities[positions] == UNKNOWN]))
    found = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    found = found.reindex(columns=[*BROKEN_COLUMNS, *_TOLD_FROM])
    found["booking_id"] = case.bookings["booking_id"].to_numpy()[found["position"]]
    found["verdict"] = np.array(VERDICTS, dtype=object)[severities[found["position"]]]
    return gravest_first(found)


def _weather_breaches(case: AssessmentInput, hours: BookingHours, *, only_broken: bool) -> pd.DataFrame:
    sky, trips = case.sky, case.trips
    cell = hours.airport * sky.columns + hours.column
    counts = sky.row_starts[cell + 1] - sky.row_starts[cell]
    row = np.repeat(sky.row_starts[cell], counts) + count_up(counts)
    position, airport = np.repeat(hours.position, counts), np.repeat(hours.airport, counts)
    profile = trips.profile[position]
    layer = np.where(sky.prevails[row], PREVAILING, TEMPORARY)
    parts: list[pd.DataFrame] = []
    for measure, effect in ((m, e) for m in range(DAYLIGHT) for e in (BLOCK, WARN)):
        if (measure, effect) == (DENSITY_ALTITUDE_UNKNOWN, BLOCK):
            continue  # the verdict is unknown for it (`missing_forecast`)
        source = case.limits.rows[effect, profile, measure]
        if measure == AIRCRAFT_CROSSWIND:
            values = sky.values[CROSSWIND, row]
            limits = np.where(source == NO_ROW, np.nan, -trips.aircraft_crosswind[position])
            limits = np.where(np.isnan(limits), -np.inf, limits)
        else:
            values, limits = sky.values[measure, row], case.limits.thresholds[effect, profile, measure]
            if effect == BLOCK and measure < len(sky.approach):
                of_field = approach_minima(case, profile, airport)[measure]
                source, limits = np.where(of_field > limits, APPROACH, source), np.maximum(of_field, limits)
        every = not only_broken and measure != DENSITY_ALTITUDE_UNKNOWN
        chosen = np.flatnonzero(np.isfinite(values) & np.isfinite(limits) if every else values < limits)
        if parts and not len(chosen):
            continue
        parts.append(
            pd.DataFrame(
                {
                    "position": position[chosen],
                    "measure": measure,
                    "effect_index": effect,
                    "oriented": values[chosen],
                    "threshold": limits[chosen],
                    "minimum": source[chosen],
                    "airport_index": airport[chosen],
                    "row": row[chosen],
                    "layer_index": layer[chosen],
                }
            )
        )
    found = pd.concat(parts, ignore_index=True)
    found["hour_utc"] = sky.rows["hour_utc"].take(found["row"].to_numpy()).to_numpy()
    return _described(case, _worst(found, sky.rows))


def _worst(found: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """The worst hour of each booking, rule, airport and layer; blocking limits before warnings.

    Of two groups of an hour that are as bad, which one is named follows from their ``rows``, not from the rows' order.
    """
    scale = found["threshold"].abs().where(found["threshold"] != 0, 1.0)
    margin = (found["oriented"] - found["threshold"]) / scale
    # A density altitude that is not known is told of where none is known to be beyond the limit.
    not_known = found["measure"] == DENSITY_ALTITUDE_UNKNOWN
    limited = found["measure"].mask(not_known, MEASURES.index("density_altitude"))
    found = found.assign(relative_margin=margin.mask(not_known, 0.0), limited=limited)
    group = ["position", "airport_index", "limited", "layer_index"]
    order = [*group, "effect_index", "relative_margin", "hour_utc"]
    equal = found.duplicated(order, keep=False)
    found["told"] = ""
    found.loc[equal, "told"] = (
        rows.take(found.loc[equal, "row"].to_numpy())[list(_TOLD)].astype(str).sum(axis=1).to_numpy()
    )
    return found.sort_values([*order, "told"]).drop_duplicates(group)


def _described(case: AssessmentInput, found: pd.DataFrame) -> pd.DataFrame:
    """Add to findings the values of their forecast rows and minimums."""
    rows = case.sky.rows.take(found["row"].to_numpy()).reset_index(drop=True)
    found = found.reset_index(drop=True)
    rules = np.array([rule_of(name) for name in MEASURES], dtype=object)[found["measure"]]
    solo = case.trips.profiles.solo[case.trips.profile[found["position"]]]
    no_runway = case.sky.without_runways[found["airport_index"]] & np.isin(rules, list(_ACROSS_A_RUNWAY))
    is_hazard, sign = np.isin(rules, HAZARD_RULES), np.where(np.isin(rules, AT_LEAST_RULES), 1.0, -1.0)
    minimums = _minimum_columns(case, found, sign)
    not_known = (found["measure"] == DENSITY_ALTITUDE_UNKNOWN).to_numpy()
    value = np.where(is_hazard | not_known, np.nan, sign * found["oriented"])
    margin = np.where(is_hazard, np.nan, sign * (value - minimums["limit_value"]))
    return found.assign(
        rule=rules,
        effect=np.array(EFFECTS, dtype=object)[found["effect_index"]],
        severity=breach_severities(rules, found["effect_index"].to_numpy(), found["layer_index"].to_numpy(), solo),
        value=value,
        at_least=rows["visibility_at_least"].to_numpy(dtype=bool) & (rules == "visibility"),
        margin=margin,
        unit=[UNITS.get(rule, "") for rule in rules],
        hazard=pd.array(
            [
                _codes(rule, hazards) if hazard else NO_RUNWAY if full else NOT_KNOWN if unknown else None
                for rule, hazards, hazard, full, unknown in zip(
                    rules, rows["hazards"], is_hazard, no_runway, not_known, strict=True
                )
            ],
            dtype="str",
        ),
        airport=np.array([*case.sky.airports, ""], dtype=object)[found["airport_index"]],
        layer=np.array(LAYERS, dtype=object)[found["layer_index"]],
        **{name: minimums[name] for name in ("limit_value", "reference", "comparison", "authority")},
        **{
            name: rows[name].where(rules != "density_altitude")  # it is of the hour, not of one group
            for name in _OF_A_GROUP
        },
    )  # fmt: skip


def _codes(rule: str, hazards: Iterable[str]) -> str:
    return " ".join(sorted(_HAZARD_CODES[rule] & set(hazards))) or _FREEZING_MOISTURE


def _minimum_columns(case: AssessmentInput, found: pd.DataFrame, sign: Floats) -> pd.DataFrame:
    """Limit, reference, comparison and authority of each finding's minimum."""
    number = found["minimum"].to_numpy()
    of_minimum = case.minimums[["limit_value", "reference", "comparison", "authority"]]
    columns = of_minimum.reset_index(drop=True).reindex(np.maximum(number, 0)).reset_index(drop=True)
    own = (number == APPROACH) | (found["measure"].to_numpy() == AIRCRAFT_CROSSWIND)
    columns.loc[own, "limit_value"] = (sign * found["threshold"])[own]
    columns.loc[number == APPROACH, "comparison"] = ">="
    columns.loc[number == APPROACH, "authority"] = "field"
    columns.loc[number == APPROACH, "reference"] = [
        f"approach minimum of {case.sky.airports[n]}" for n in found["airport_index"][number == APPROACH]
    ]
    return columns


def _in_the_dark(case: AssessmentInput, positions: Indices) -> pd.DataFrame:
    """Lessons that start before sunrise or land too late before sunset."""
    trips, limits = case.trips, case.limits
    parts: list[pd.DataFrame] = []
    for effect in (BLOCK, WARN):
        threshold = limits.thresholds[effect, trips.profile[positions], DAYLIGHT]
        dark = positions[(trips.minutes_of_light[positions] < threshold) & trips.sun_known[positions]]
        at = np.where(trips.before_sunrise[dark], trips.starts[dark], trips.ends[dark])
        place = np.where(trips.before_sunrise[dark], trips.departure[dark], trips.destination[dark])
        rows = case.minimums.take(limits.rows[effect, trips.profile[dark], DAYLIGHT])
        value = trips.minutes_of_light[dark]
        limit = rows["limit_value"].to_numpy(dtype=np.float64)
        parts.append(
            pd.DataFrame(
                {
                    "position": dark,
                    "rule": "daylight",
                    "effect": EFFECTS[effect],
                    "severity": AT_RISK if effect == BLOCK else WATCH,
                    "value": value,
                    "limit_value": limit,
                    "margin": value - limit,
                    "unit": UNITS["daylight"],
                    "hazard": np.where(trips.before_sunrise[dark], "before sunrise", "sunset"),
                    "airport": np.array([*case.sky.airports, ""], dtype=object)[place],
                    "hour_utc": pd.to_datetime(at, unit="us", utc=True).floor("h").as_unit("us"),
                    "layer": LAYERS[PREVAILING],
                    "reference": rows["reference"].to_numpy(dtype=object),
                    "authority": rows["authority"].to_numpy(dtype=object),
                }
            )
        )
    return pd.concat(parts, ignore_index=True).drop_duplicates("position")
