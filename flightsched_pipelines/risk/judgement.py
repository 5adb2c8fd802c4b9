"""Verdicts in arrays: the severity of every hour under every set of limits, then the worst over each booking's hours.

Few sets of limits occur, however many bookings there are. Each is held against each airport it is flown at, hour by
hour, once; a booking then takes two lookups a place.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from flightsched_pipelines.risk.bookings import TRAINING_LEVELS, severity
from flightsched_pipelines.risk.limits import AIRCRAFT_CROSSWIND, BLOCK, DAYLIGHT, NO_ROW, WARN, Limits, rule_of
from flightsched_pipelines.risk.sky import LAYERS, PREVAILING, QUANTITIES, Sky
from flightsched_pipelines.risk.trips import Trips
from flightsched_pipelines.risk.windows import RunningWorst

Severities = NDArray[np.uint8]
Codes = NDArray[np.int64] | int
Judge = Callable[["Case", int, "NDArray[np.int64] | slice"], NDArray[Any]]
"""Judges every hour at some airports under the limits of a profile: shape (airports, columns of the sky)."""

OK, WATCH, UNKNOWN, AT_RISK = (severity(verdict) for verdict in ("ok", "watch", "unknown", "at_risk"))

GRAVE_IF_TEMPORARY = ("thunderstorm", "icing")
"""Rules that a temporary group breaks as gravely as a prevailing one."""

INSTRUMENT_RATED = TRAINING_LEVELS.index("instrument_rated")
CROSSWIND = QUANTITIES.index("crosswind")


@dataclass(frozen=True, slots=True)
class Case:
    """Everything that bookings are judged by."""

    bookings: pd.DataFrame
    minimums: pd.DataFrame
    sky: Sky
    trips: Trips
    limits: Limits


def severities(case: Case) -> Severities:
    """The severity of each booking's verdict."""
    trips, limits = case.trips, case.limits
    worst: Severities = _worst_hour(case, _hourly_severity, np.maximum)
    unjudged = (limits.rows[BLOCK] == NO_ROW).all(axis=1)[trips.profile] | ~trips.sun_known
    worst[unjudged] = np.maximum(worst[unjudged], UNKNOWN)
    for effect, level in ((BLOCK, AT_RISK), (WARN, WATCH)):
        dark = trips.sun_known & (trips.minutes_of_light < limits.thresholds[effect, trips.profile, DAYLIGHT])
        worst[dark] = np.maximum(worst[dark], level)
    _add_aircraft_crosswind(case, worst)
    return worst


def margins(case: Case) -> NDArray[np.float64]:
    """The smallest margin to a blocking limit in a prevailing group, as a share of the limit; inf without any limit."""
    return _worst_hour(case, _hourly_margin, np.minimum)


def gravity(
    rules: NDArray[np.object_] | str, effects: Codes, layers: Codes, solo: NDArray[np.bool_] | bool
) -> NDArray[np.int64]:
    """The severity of each broken rule, by its effect, the layer of the group that breaks it, and whether solo."""
    lasting = (layers == PREVAILING) | solo | np.isin(rules, GRAVE_IF_TEMPORARY)
    return np.where((effects == BLOCK) & lasting, AT_RISK, WATCH)


def approach_minima(case: Case, profiles: Codes, airports: NDArray[np.int64] | slice) -> NDArray[np.float64]:
    """Approach visibility and ceiling of each airport, which count for the instrument-rated; -inf for others."""
    counts = case.trips.profiles.level[profiles] == INSTRUMENT_RATED
    return np.where(counts, case.sky.approach[:, airports], -np.inf)


def _block_thresholds(case: Case, profile: int, airports: NDArray[np.int64] | slice) -> list[Any]:
    """The blocking threshold of each of the sky's quantities: a number, or a column of one an airport."""
    thresholds: list[Any] = list(case.limits.thresholds[BLOCK, profile, : len(QUANTITIES)])
    for quantity, approach in enumerate(approach_minima(case, profile, airports)):
        thresholds[quantity] = np.maximum(approach, thresholds[quantity])[:, None]
    return thresholds


def _worst_hour(case: Case, judge: Judge, worse: np.ufunc) -> NDArray[Any]:
    """The worst that ``judge`` finds in any hour at any place of each booking."""
    if case.bookings.empty:
        return np.empty(0, dtype=np.uint8)
    sky, trips = case.sky, case.trips
    set_of_profile, examples = _limit_sets(case)
    sets = set_of_profile[trips.profile]
    used = np.zeros((len(examples), len(sky.airports) + 1), dtype=bool)
    used[sets, trips.departure] = True
    used[sets[trips.route_owner], trips.route_airport] = True
    row_of = used.cumsum().reshape(used.shape) - 1
    judged = [_judge_airports(case, judge, profile, used[n]) for n, profile in enumerate(examples)]
    hours = np.concatenate(judged)
    windows = RunningWorst(hours, int((trips.last - trips.first).max(initial=0)) + 1, worse)
    worst = windows.over(row_of[sets, trips.departure], trips.first, trips.last)
    owner = trips.route_owner
    elsewhere = windows.over(row_of[sets[owner], trips.route_airport], trips.first[owner], trips.last[owner])
    worse.at(worst, owner, elsewhere)
    return worst


def _limit_sets(case: Case) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The set of limits on the sky that each profile is held to, and a profile of each set."""
    profiles = case.trips.profiles
    on_the_sky = case.limits.thresholds[:, :, : len(QUANTITIES)]
    telling = np.column_stack([*on_the_sky, profiles.solo, profiles.level == INSTRUMENT_RATED])
    _, examples, set_of_profile = np.unique(telling, axis=0, return_index=True, return_inverse=True)
    return set_of_profile, examples


def _judge_airports(case: Case, judge: Judge, profile: int, used: NDArray[np.bool_]) -> NDArray[Any]:
    """The rows of the airports in use; where most are, judging all without copying their hours is faster."""
    if 2 * used.sum() > len(used):
        return judge(case, profile, slice(None))[used]
    return judge(case, profile, np.flatnonzero(used))


_GRAVITY_IF_BLOCKING = {
    (name, layer, solo): int(gravity(rule_of(name), BLOCK, layer, solo))
    for name, layer, solo in product(QUANTITIES, range(len(LAYERS)), (False, True))
}


def _hourly_severity(case: Case, profile: int, airports: NDArray[np.int64] | slice) -> Severities:
    sky, solo = case.sky, bool(case.trips.profiles.solo[profile])
    complete = sky.complete[airports]
    shape = complete.shape
    at_risk, watch = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    blocking = _block_thresholds(case, profile, airports)
    warning = case.limits.thresholds[WARN, profile].tolist()
    for quantity, name in enumerate(QUANTITIES):
        blocks = np.any(blocking[quantity] > -np.inf)
        warns = warning[quantity] > -np.inf
        if not (blocks or warns):
            continue
        for layer in range(len(LAYERS)):
            values = sky.worst[quantity, layer, airports]
            if blocks:
                broken = at_risk if _GRAVITY_IF_BLOCKING[name, layer, solo] == AT_RISK else watch
                broken |= values < blocking[quantity]
            if warns:
                watch |= values < warning[quantity]
    severity_of = np.where(complete, np.uint8(OK), np.uint8(UNKNOWN))
    severity_of[watch & (severity_of < WATCH)] = WATCH
    severity_of[at_risk] = AT_RISK
    return severity_of


def _hourly_margin(case: Case, profile: int, airports: NDArray[np.int64] | slice) -> NDArray[np.float64]:
    sky = case.sky
    margin = np.full(sky.complete[airports].shape, np.inf)
    for quantity, limit in enumerate(_block_thresholds(case, profile, airports)):
        if np.any(limit > -np.inf):
            np.minimum(margin, relative_margin(sky.worst[quantity, PREVAILING, airports], limit), out=margin)
    return margin


def relative_margin(values: NDArray[np.float64], limits: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """How far oriented values are from their limits, as a share of the limit; in units where the limit is 0."""
    return (values - limits) / np.where(limits == 0, 1.0, np.abs(limits))


def _add_aircraft_crosswind(case: Case, worst: Severities) -> None:
    """Hold the crosswind against what each booking's own aircraft has demonstrated, where that is a rule."""
    sky, trips = case.sky, case.trips
    longest = int((trips.last - trips.first).max(initial=0)) + 1
    for effect, layer in product((BLOCK, WARN), range(len(LAYERS))):
        grave_of = gravity("aircraft_crosswind", effect, layer, trips.profiles.solo)
        ruled = case.limits.rows[effect, :, AIRCRAFT_CROSSWIND] != NO_ROW
        held = np.where(ruled, grave_of, 0).astype(np.uint8)[trips.profile] > worst
        held &= ~np.isnan(trips.aircraft_crosswind)
        if not held.any():
            continue
        windows = RunningWorst(sky.worst[CROSSWIND, layer], longest, np.minimum)
        at = np.flatnonzero(held)
        across = np.full(len(worst), np.inf)
        across[at] = windows.over(trips.departure[at], trips.first[at], trips.last[at])
        place = np.flatnonzero(held[trips.route_owner])
        owner = trips.route_owner[place]
        np.minimum.at(across, owner, windows.over(trips.route_airport[place], trips.first[owner], trips.last[owner]))
        beyond = at[across[at] < -trips.aircraft_crosswind[at]]
        worst[beyond] = grave_of.astype(np.uint8)[trips.profile[beyond]]
