"""Pair the forecasts of an hour with its observations, event by event."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from flightsched_pipelines.domain.risk.arrays.forecast_grid import build_forecast_grid
from flightsched_pipelines.domain.verification.columns import OUTCOMES, VERIFICATION_COLUMNS
from flightsched_pipelines.domain.verification.events import MISSING, NO, YES, Event, States, states
from flightsched_pipelines.domain.weather.guidance.governing_guidance import UNLIKELY

TEMPO_PERCENT = 50
"""The probability by which a TEMPO group is scored: it names none, and is for what is expected at times only."""

OBSERVED = "METAR"
NEAREST = "nearest "
"""Begins the source of a forecast that is not the airport's own: "nearest TAF"."""

_UNLIKELY_PART = "unlikely"
"""Groups that give the forecast as a whole a probability, and are no forecast of the event: they have no outcomes."""

_OF_GROUP = ["lead_hours", "airport", "source", "part", "group_percent"]
_OF_FORECAST = ["lead_hours", "airport", "source"]
_OF_KIND = ["source", "lead_hours", "part", "group_percent"]


def verify_hour(
    hour_utc: datetime,
    forecasts: Mapping[int, pd.DataFrame],
    observations: pd.DataFrame,
    airports: pd.DataFrame,
    runways: pd.DataFrame,
    events: Sequence[Event],
) -> pd.DataFrame:
    """Return the outcomes of every source's forecasts of one hour (``VERIFICATION_COLUMNS``), in a fixed order.

    The worst of an hour is compared with the worst: of the forecast's rows of a part, and of every report of the hour.
    An airport that issues no METARs is never observed and has no rows; one whose METARs did not come has missing ones.
    A forecast of another station, which the airport takes for want of one of its own, has a source of its own.

    Args:
        hour_utc: the observed hour.
        forecasts: the forecast (``FORECAST_COLUMNS``) as it was known some hours before, by that lead in hours.
        observations: METARs (``FORECAST_COLUMNS``), each at the hour in which it was taken.
        airports: ident, position and whether it issues METARs.
        runways: runway ends of the airports.
        events: the events to verify.
    """
    observed_at = airports[airports["issues_metar"].fillna(value=True).astype(bool)]
    groups, forecast = _forecast_states(hour_utc, forecasts, observed_at, runways, events)
    if groups.empty:
        return pd.DataFrame(columns=list(VERIFICATION_COLUMNS)).astype(dict(VERIFICATION_COLUMNS))
    observed = _observed_states(hour_utc, observations, observed_at, runways, events)
    percents, told = _percents(groups, forecast), (groups["part"] != _UNLIKELY_PART).to_numpy()
    groups, forecast, percents = groups[told], forecast[:, told], percents[:, told]
    seen = observed[:, pd.Index(observed_at["airport"].astype(object)).get_indexer(pd.Index(groups["airport"]))]
    return _by_outcome(hour_utc, groups, events, percents, _outcomes(forecast, seen))


def _by_outcome(
    hour_utc: datetime,
    groups: pd.DataFrame,
    events: Sequence[Event],
    percents: NDArray[np.float64],
    outcomes: NDArray[np.intp],
) -> pd.DataFrame:
    """Return a row for each kind of forecast, event, probability and outcome, with its airports (both sorted)."""
    groups = groups.reset_index(drop=True)
    by_airport = groups["airport"].argsort(kind="stable").to_numpy()
    numbers, kinds = _numbered(groups[_OF_KIND])
    keys = pd.DataFrame(
        {
            "kind": np.broadcast_to(numbers, outcomes.shape)[:, by_airport].ravel(),
            "event": np.repeat(np.arange(len(events)), len(groups)),
            "probability": percents[:, by_airport].ravel(),
            "outcome": outcomes[:, by_airport].ravel(),
        }
    )
    of_row, rows = _numbered(keys)
    order = np.argsort(of_row, kind="stable")
    airports = np.tile(groups["airport"].to_numpy(dtype=object)[by_airport], len(events))[order]
    cases = np.bincount(of_row)
    event = rows["event"].to_numpy(dtype=np.int64)
    frame = (
        kinds.iloc[rows["kind"]]
        .reset_index(drop=True)
        .assign(
            hour_utc=pd.Timestamp(hour_utc),
            element=np.array([one.element for one in events], dtype=object)[event],
            threshold=np.array([one.threshold for one in events])[event],
            probability=rows["probability"].astype("Int64"),
            outcome=np.array(OUTCOMES, dtype=object)[rows["outcome"].to_numpy(dtype=np.int64)],
            cases=cases,
            airports=pd.Series(np.split(airports, np.cumsum(cases)[:-1])).map(list),
        )
    )
    return frame[list(VERIFICATION_COLUMNS)].astype(dict(VERIFICATION_COLUMNS))


def _forecast_states(
    hour_utc: datetime,
    forecasts: Mapping[int, pd.DataFrame],
    airports: pd.DataFrame,
    runways: pd.DataFrame,
    events: Sequence[Event],
) -> tuple[pd.DataFrame, States]:
    """Return the parts of each source's forecast, one row each (``_OF_GROUP``), and their states."""
    of_hour = [
        frame[(frame["hour_utc"] == hour_utc) & (frame["source"] != OBSERVED)].assign(lead_hours=lead)
        for lead, frame in sorted(forecasts.items())
    ]
    if not any(len(frame) for frame in of_hour):
        return pd.DataFrame(columns=_OF_GROUP), np.zeros((len(events), 0), dtype=np.uint8)
    rows = pd.concat([frame for frame in of_hour if len(frame)], ignore_index=True)
    percent = rows["probability"].astype("float64")
    temporary = (rows["layer"] == "temporary").to_numpy()
    rows["part"] = np.where(temporary, np.where(percent.isna(), "tempo", "prob"), "prevailing")
    rows["part"] = rows["part"].mask(rows["change"] == UNLIKELY, _UNLIKELY_PART)
    own = rows["source"].astype("str")
    rows["source"] = own.mask(rows["station_distance_nm"] > 0, NEAREST + own)
    rows["group_percent"] = np.where(temporary, percent.fillna(TEMPO_PERCENT), 100).astype(np.int64)
    grid = build_forecast_grid(rows.assign(governs=True), airports, runways, hour_utc)
    by_group = rows[_OF_GROUP].astype({"airport": "object", "source": "object"}).iloc[grid.row]
    numbers, groups = _numbered(by_group)
    return groups, _worst(states(grid, events), numbers, len(groups))


def _observed_states(
    hour_utc: datetime,
    observations: pd.DataFrame,
    airports: pd.DataFrame,
    runways: pd.DataFrame,
    events: Sequence[Event],
) -> States:
    """Return the states of the hour at each airport; missing where no report was taken."""
    reports = observations[observations["hour_utc"] == hour_utc].assign(governs=True)
    grid = build_forecast_grid(reports, airports, runways, hour_utc)
    place = grid.cell // grid.columns
    observed = _worst(states(grid, events), place, len(airports))
    observed[:, np.setdiff1d(np.arange(len(airports)), place)] = MISSING
    return observed


def _outcomes(forecast: States, observed: States) -> NDArray[np.intp]:
    """Return the outcome of each pair, as a position in `OUTCOMES`."""
    paired = (forecast != MISSING) & (observed != MISSING)
    outcome = 2 * (forecast == YES) + 1 * (observed == YES)
    return np.where(paired, outcome, OUTCOMES.index("missing"))


def _percents(groups: pd.DataFrame, forecast: States) -> NDArray[np.float64]:
    """Return the probability of each part; of the prevailing one the highest that any part gives to the event."""
    of_group = groups["group_percent"].to_numpy(dtype=np.float64)
    percent = np.broadcast_to(of_group, forecast.shape).copy()
    numbers, of_forecast = _numbered(groups[_OF_FORECAST])
    highest = np.zeros((len(forecast), len(of_forecast)))
    for event, given in enumerate(forecast):
        np.maximum.at(highest[event], numbers, np.where(given == YES, of_group, 0.0))
        # What is missing may be the event: nothing less than certainty is known then.
        lost = np.zeros(len(of_forecast), dtype=bool)
        lost[numbers[given == MISSING]] = True
        highest[event, lost & (highest[event] < 100)] = np.nan
    prevailing = (groups["part"] == "prevailing").to_numpy()
    percent[:, prevailing] = highest[:, numbers[prevailing]]
    return percent


def _numbered(rows: pd.DataFrame) -> tuple[NDArray[np.int64], pd.DataFrame]:
    """Return for each row the number of its distinct kind, and the kinds."""
    numbers: NDArray[np.int64] = (
        rows.groupby(list(rows.columns), sort=True, dropna=False).ngroup().to_numpy().astype(np.int64)
    )
    kinds = rows.assign(number=numbers).drop_duplicates("number").sort_values("number")
    return numbers, kinds.drop(columns="number").reset_index(drop=True)


def _worst(of_rows: States, numbers: NDArray[np.int64], count: int) -> States:
    """Return the greatest state among the rows of each number, shape (events, count)."""
    worst = np.full((len(of_rows), count), NO, dtype=np.uint8)
    for event, given in enumerate(of_rows):
        np.maximum.at(worst[event], numbers, given)
    return worst
