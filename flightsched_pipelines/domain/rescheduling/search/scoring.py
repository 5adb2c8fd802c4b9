"""Compute the cost of a new time: its drawbacks, added up in days of waiting. Lower is better."""

from datetime import datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from flightsched_pipelines.domain.rescheduling.preferences import preference_cost, waiting_cost
from flightsched_pipelines.domain.rescheduling.rules import PRICES, VERDICT_PRICE_DAYS, Prices
from flightsched_pipelines.durations import MINUTES_PER_DAY


def cost_of_times(
    times: pd.DataFrame,
    usual: "pd.Series[pd.Timestamp]",
    new: "pd.Series[pd.Timestamp]",
    lessons: pd.DataFrame,
    now_utc: datetime,
    prices: Prices = PRICES,
) -> NDArray[np.float64]:
    """Return the cost of each new time, whatever instructor and aircraft are used.

    Args:
        times: verdict, margin and minutes_moved, a row a time.
        usual: the lesson's present start on the local clock (no zone), aligned with ``times``.
        new: the new start on the local clock (no zone), likewise.
        lessons: the booking of each time with ``PREFERENCE_COLUMNS``, likewise.
        now_utc: the time from which idleness counts.
        prices: the cost of each drawback.
    """
    apart = (_minute_of_day(new) - _minute_of_day(usual)) % MINUTES_PER_DAY
    hours_off = np.minimum(apart, MINUTES_PER_DAY - apart) / 60
    margin = times["margin"].fillna(0).clip(0, 1).to_numpy(dtype=np.float64)
    return np.asarray(
        times["verdict"].map(VERDICT_PRICE_DAYS).fillna(np.inf).to_numpy(dtype=np.float64)
        + waiting_cost(lessons, pd.Timestamp(now_utc), prices)
        * times["minutes_moved"].abs().to_numpy(dtype=np.float64)
        / MINUTES_PER_DAY
        + prices.per_hour_off_usual * hours_off
        + prices.other_weekday * (new.dt.day_of_week != usual.dt.day_of_week).to_numpy(dtype=bool)
        + prices.no_margin * (1 - margin)
        + preference_cost(lessons, new, prices),
        dtype=np.float64,
    )


def cost_of_means(
    *,
    other_instructor: NDArray[np.bool_],
    other_aircraft: NDArray[np.bool_],
    not_preferred: NDArray[np.bool_],
    not_sent: NDArray[np.bool_],
    warnings: NDArray[np.int64],
    prices: Prices = PRICES,
) -> NDArray[np.float64]:
    """Return the cost of another instructor or aircraft, not the preferred one, a slot not sent before, warnings."""
    return (
        prices.other_instructor * other_instructor
        + prices.other_aircraft * other_aircraft
        + prices.not_preferred_instructor * not_preferred
        + prices.other_than_sent * not_sent
        + prices.warning * warnings
    )


def _minute_of_day(clock: "pd.Series[pd.Timestamp]") -> NDArray[np.int64]:
    hours, minutes = np.asarray(clock.dt.hour, np.int64), np.asarray(clock.dt.minute, np.int64)
    return hours * 60 + minutes
