"""Advise of carburettor icing on lessons in aircraft that are known to have one."""

from collections.abc import Mapping

import pandas as pd
from sqlalchemy import Engine

from flightsched_pipelines.database.queries.schedule.bookings import with_carburettor
from flightsched_pipelines.domain.risk.carburettor_icing import icing_advice


def advice_for(engine: Engine, lessons: pd.DataFrame, forecasts: pd.DataFrame) -> Mapping[int, str]:
    """Return the advice on lessons, by booking, of those that there is any for.

    Args:
        engine: the database.
        lessons: bookings (``BOOKING_COLUMNS``).
        forecasts: ``FORECAST_COLUMNS``.
    """
    with engine.connect() as connection:
        known = with_carburettor(connection, lessons["aircraft_id"].dropna().astype(int).tolist())
    rows = forecasts[forecasts["governs"]]
    found = {
        int(one["booking_id"]): icing_advice(
            rows, {one["departure"], *one["route"]}, one["starts_at_utc"], one["ends_at_utc"], one["time_zone"]
        )
        for one in lessons[lessons["aircraft_id"].isin(known)].to_dict("records")
    }
    return {booking_id: advice for booking_id, advice in found.items() if advice is not None}
