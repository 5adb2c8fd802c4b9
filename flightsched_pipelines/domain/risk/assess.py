"""Bookings held against the forecast: verdicts, margins, and every broken rule."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from flightsched_pipelines.domain.risk.arrays.booking_arrays import booking_arrays
from flightsched_pipelines.domain.risk.arrays.daylight_arrays import daylight_arrays
from flightsched_pipelines.domain.risk.arrays.forecast_grid import build_forecast_grid
from flightsched_pipelines.domain.risk.bookings import VERDICT_COLUMNS, VERDICTS
from flightsched_pipelines.domain.risk.breaches import broken_rules, findings
from flightsched_pipelines.domain.risk.effective_limits import resolve
from flightsched_pipelines.domain.risk.explain import explain
from flightsched_pipelines.domain.risk.minimums import typed_minimums
from flightsched_pipelines.domain.risk.verdicts import OK, UNKNOWN, AssessmentInput, Severities, margins, severities

_VERDICT = pd.CategoricalDtype(list(VERDICTS), ordered=True)


@dataclass(frozen=True)
class Assessment:
    """What the forecast means for each booking; what isn't asked for is not computed.

    ``verdicts`` holds ``ok``, ``watch``, ``unknown`` or ``at_risk``, ordered words aligned with the bookings' index.
    """

    verdicts: pd.Series
    case: AssessmentInput
    severities: Severities

    @cached_property
    def margin(self) -> NDArray[np.float64]:
        """The smallest margin over the prevailing groups that govern, as a share of the limit; NaN where unknown.

        0.2 says that visibility, ceiling or wind may get worse by a fifth of its limit; a negative one is broken.
        """
        return np.where(self.severities == UNKNOWN, np.nan, margins(self.case))

    @property
    def by_booking(self) -> pd.DataFrame:
        """The verdict of every booking, ok ones too (``VERDICT_COLUMNS``)."""
        frame = pd.DataFrame({"booking_id": self.case.bookings["booking_id"], "verdict": self.verdicts.astype("str")})
        return frame.astype(dict(VERDICT_COLUMNS)).reset_index(drop=True)

    @cached_property
    def broken(self) -> pd.DataFrame:
        """Every broken rule of every booking that isn't ok (``BROKEN_COLUMNS``), the gravest of a booking first."""
        return broken_rules(self.case, np.flatnonzero(self.severities != OK), self.severities)

    def words(self, position: int) -> str:
        """Why the booking at a position of the frame stands as it does, in words."""
        found = findings(self.case, np.array([position]), self.severities, only_broken=self.severities[position] != OK)
        booking = self.case.bookings.iloc[[position]].to_dict("records")[0]
        return explain(booking, found.to_dict("records"), str(self.verdicts.iloc[position]))


def assess(
    bookings: pd.DataFrame,
    forecasts: pd.DataFrame,
    minimums: pd.DataFrame,
    airports: pd.DataFrame,
    runways: pd.DataFrame,
    suns: pd.DataFrame,
    *,
    first_hour_utc: datetime,
    buffer_minutes: int = 30,
) -> Assessment:
    """Hold every booking against every forecast group that overlaps an hour of it, at every place it goes.

    A blocking minimum that a prevailing group breaks is ``at_risk``. A temporary group makes it ``watch``, but
    ``at_risk`` for solo flights, thunderstorm and icing; so does a minimum that warns. An hour that no prevailing
    group reaches, or in which any governing group lacks an element, is ``unknown``, unless something else is at risk;
    so is a booking without minimums, or that a faulty one concerns.

    Args:
        bookings: ``BOOKING_COLUMNS``; text columns may be categorical.
        forecasts: ``FORECAST_COLUMNS``; the rows that govern count.
        minimums: ``MINIMUM_COLUMNS``, the rows in force.
        airports: ident, position and approach minima of every airport.
        runways: runway ends of the airports.
        suns: sunrise, sunset and twilight of every day on which a booking lies (``sun_table``).
        first_hour_utc: the running hour; earlier ones count as past.
        buffer_minutes: weather this long before and after a booking counts too.

    Raises:
        BookingsError: a booking has a level or kind that is not known.
    """
    minimums = typed_minimums(minimums)
    sky = build_forecast_grid(forecasts, airports, runways, first_hour_utc.replace(minute=0, second=0, microsecond=0))
    light = daylight_arrays(suns, airports, sky.airport_indices(suns["airport"]))
    trips = booking_arrays(bookings, minimums, sky, light, buffer_minutes)
    case = AssessmentInput(bookings, minimums, sky, trips, resolve(minimums, trips.profiles))
    severity = severities(case)
    words = pd.Categorical.from_codes(severity.astype(np.int8), dtype=_VERDICT)
    return Assessment(pd.Series(words, bookings.index, name="verdict"), case, severity)
