"""What a new time costs: its drawbacks, added up in days of waiting. Lower is better."""

from datetime import datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from flightsched_pipelines.rescheduling.rules import PRICES, VERDICT_PRICE_DAYS, Prices
from flightsched_pipelines.rescheduling.wishes import against_wishes, haste

MINUTES_PER_DAY = 24 * 60


def score(
    slots: pd.DataFrame,
    usual: "pd.Series[pd.Timestamp]",
    new: "pd.Series[pd.Timestamp]",
    lessons: pd.DataFrame,
    now_utc: datetime,
    prices: Prices = PRICES,
) -> NDArray[np.float64]:
    """The cost of each slot.

    Args:
        slots: verdict, margin, instructor_id, same_instructor, same_aircraft, minutes_moved and sent, a row a slot;
            ``sent`` is null where nothing was proposed for the lesson before, else whether this slot was.
        usual: the lesson's present start on the local clock (no zone), aligned with ``slots``.
        new: the slot's start on the local clock (no zone), likewise.
        lessons: the booking of each slot with ``WISH_COLUMNS``, likewise.
        now_utc: from when idleness counts.
        prices: what each drawback costs.
    """
    apart = (_minute_of_day(new) - _minute_of_day(usual)) % MINUTES_PER_DAY
    hours_off = np.minimum(apart, MINUTES_PER_DAY - apart) / 60
    margin = slots["margin"].fillna(0).clip(0, 1).to_numpy(dtype=np.float64)
    cost = (
        slots["verdict"].map(VERDICT_PRICE_DAYS).to_numpy(dtype=np.float64)
        + prices.other_instructor * ~slots["same_instructor"].to_numpy(dtype=bool)
        + haste(lessons, pd.Timestamp(now_utc), prices)
        * slots["minutes_moved"].abs().to_numpy(dtype=np.float64)
        / MINUTES_PER_DAY
        + prices.other_aircraft * ~slots["same_aircraft"].to_numpy(dtype=bool)
        + prices.per_hour_off_usual * hours_off
        + prices.other_weekday * (new.dt.day_of_week != usual.dt.day_of_week).to_numpy(dtype=bool)
        + prices.no_margin * (1 - margin)
        + against_wishes(lessons, new, slots["instructor_id"], prices)
        + prices.other_than_sent * ~slots["sent"].fillna(True).to_numpy(dtype=bool)
    )
    return np.round(np.asarray(cost, dtype=np.float64), 6)


def _minute_of_day(clock: "pd.Series[pd.Timestamp]") -> NDArray[np.int64]:
    hours, minutes = np.asarray(clock.dt.hour, np.int64), np.asarray(clock.dt.minute, np.int64)
    return hours * 60 + minutes
