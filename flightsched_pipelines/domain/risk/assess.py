"""Assess bookings by the forecast: verdicts, margins, and every breach."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from flightsched_pipelines.domain.risk.areas import area_hits
from flightsched_pipelines.domain.risk.arrays.booking_arrays import booking_arrays
from flightsched_pipelines.domain.risk.arrays.daylight_arrays import daylight_arrays
from flightsched_pipelines.domain.risk.arrays.forecast_grid import build_forecast_grid
from flightsched_pipelines.domain.risk.bookings import VERDICT_COLUMNS, VERDICTS
from flightsched_pipelines.domain.risk.breaches import broken_rules, findings
from flightsched_pipelines.domain.risk.explain import explain
from flightsched_pipelines.domain.risk.limits.effective_limits import resolve
from flightsched_pipelines.domain.risk.limits.minimums import typed_minimums
from flightsched_pipelines.domain.risk.verdicts import OK, UNKNOWN, AssessmentInput, Severities, margins, severities
from flightsched_pipelines.domain.weather.areas.area_columns import area_frame
from flightsched_pipelines.durations import hour_of

_VERDICT = pd.CategoricalDtype(list(VERDICTS), ordered=True)
_NO_AREAS = area_frame()


@dataclass(frozen=True)
class Assessment:
    """The result for each booking; only what is requested is computed.

    ``verdicts`` contains ``ok``, ``watch``, ``unknown`` or ``at_risk``, ordered, aligned with the bookings' index.
    """

    verdicts: pd.Series
    case: AssessmentInput
    severities: Severities

    @cached_property
    def margin(self) -> NDArray[np.float64]:
        """Return the smallest margin over the prevailing governing groups, as a share of the limit; NaN where unknown.

        0.2 means that visibility, ceiling or wind may get worse by a fifth of its limit; a negative margin is a breach.
        """
        return np.where(self.severities == UNKNOWN, np.nan, margins(self.case))

    @property
    def by_booking(self) -> pd.DataFrame:
        """Return the verdict of every booking, ok ones too (``VERDICT_COLUMNS``, without uncertainty)."""
        frame = pd.DataFrame({"booking_id": self.case.bookings["booking_id"], "verdict": self.verdicts.astype("str")})
        frame = frame.assign(uncertainty=None)
        return frame.astype(dict(VERDICT_COLUMNS)).reset_index(drop=True)

    @cached_property
    def broken(self) -> pd.DataFrame:
        """Return every breach of every booking that is not ok (``BROKEN_COLUMNS``), the gravest of a booking first."""
        return self.broken_at(np.arange(len(self.severities)))

    def broken_at(self, positions: NDArray[np.int64]) -> pd.DataFrame:
        """Return the breaches of the bookings at some positions of the frame, as `broken` does of all."""
        return broken_rules(self.case, positions[self.severities[positions] != OK], self.severities)

    @cached_property
    def limits(self) -> pd.DataFrame:
        """Return every limit in force for every booking, with the worst value that the forecast has."""
        return findings(self.case, np.arange(len(self.severities)), self.severities, only_broken=False)

    def words(self, position: int) -> str:
        """Return in words why the booking at a position of the frame has its verdict."""
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
    areas: pd.DataFrame | None = None,
) -> Assessment:
    """Compare every booking with every forecast group that overlaps an hour of it, at each of its places.

    A blocking minimum that a prevailing group is below is ``at_risk``. A temporary group makes it ``watch``, but
    ``at_risk`` for solo flights, thunderstorm and icing; a minimum that warns also makes ``watch``. An hour without a
    prevailing group, or in which any governing group lacks an element, is ``unknown``, unless something else is at
    risk; so is a booking without minimums, or to which a faulty one applies. A hazard area that a booking meets makes
    it ``at_risk`` or ``watch`` by the minimums' rule about its hazard, and ``unknown`` if it could not be read.

    Args:
        bookings: ``BOOKING_COLUMNS``; text columns may be categorical.
        forecasts: ``FORECAST_COLUMNS``; only rows that govern count.
        minimums: ``MINIMUM_COLUMNS``, the rows in force.
        airports: ident, position and approach minima of every airport.
        runways: runway ends of the airports.
        suns: sunrise, sunset and twilight of every day of a booking (``sun_table``).
        first_hour_utc: the running hour; earlier ones count as past.
        buffer_minutes: weather this long before and after a booking counts too.
        areas: hazard areas (``AREA_COLUMNS``); none were asked for if not given.

    Raises:
        BookingsError: a booking has a level or kind that is not known.
    """
    minimums = typed_minimums(minimums)
    sky = build_forecast_grid(forecasts, airports, runways, hour_of(first_hour_utc))
    light = daylight_arrays(suns, airports, sky.airport_indices(suns["airport"]))
    trips = booking_arrays(bookings, minimums, sky, light, buffer_minutes)
    areas = _NO_AREAS if areas is None else areas
    hits = area_hits(bookings, areas, airports, trips.starts, trips.ends, buffer_minutes)
    case = AssessmentInput(bookings, minimums, sky, trips, resolve(minimums, trips.profiles), areas, hits)
    severity = severities(case)
    words = pd.Categorical.from_codes(severity.astype(np.int8), dtype=_VERDICT)
    return Assessment(pd.Series(words, bookings.index, name="verdict"), case, severity)
