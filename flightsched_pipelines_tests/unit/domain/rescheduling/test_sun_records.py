"""The law: the sun of the assessment and the sun of validation are one, at every latitude and in every season."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flightsched_pipelines.domain.rescheduling.validation.sun_records import Light, SunRecords
from flightsched_pipelines.domain.rescheduling.validation.validation_records import BOOKING_FACTS, Records
from flightsched_pipelines.domain.rescheduling.validation.weather_validation import ForecastRecords
from flightsched_pipelines.domain.risk.arrays.daylight_arrays import daylight_arrays
from flightsched_pipelines.domain.risk.arrays.encoding import micros_of
from flightsched_pipelines.domain.risk.limits.minimums import MINIMUM_COLUMNS, typed_minimums
from flightsched_pipelines.domain.weather.daylight import sun_table
from flightsched_pipelines_tests.examples import examples
from flightsched_pipelines_tests.unit.domain.risk.builders import frame, lesson, minimum

pytestmark = pytest.mark.long

FIRST_DAY, DAYS = date(2026, 1, 1), 7
LATITUDES = st.one_of(st.sampled_from([-90.0, 90.0, 0.0]), st.floats(60, 75), st.floats(-75, -60), st.floats(-90, 90))
LIGHTS: tuple[Light, ...] = ("sun", "twilight")


@examples(150, "an example is one place and week, in which four moments are compared")
@given(
    latitude=LATITUDES,
    longitude=st.floats(-180, 180),
    season=st.integers(0, 364),
    minutes=st.lists(st.integers(0, 1_440 * (DAYS - 1)), min_size=4, max_size=4),
)
@example(90.0, 180.0, 150, [0, 1_400, 1_450, 3_000])
@example(78.2, 15.5, 170, [1_380, 1_430, 1_500, 4_000])
@example(-78.2, 166.7, 170, [1_380, 1_430, 1_500, 4_000])
def test_validation_sees_the_light_that_the_assessment_sees(
    latitude: float, longitude: float, season: int, minutes: list[int]
) -> None:
    airports = pd.DataFrame({"airport": ["KPOL"], "latitude_deg": [latitude], "longitude_deg": [longitude]})
    begins = FIRST_DAY + timedelta(days=season)
    suns = sun_table(airports, begins, DAYS)
    arrays = daylight_arrays(suns, airports, np.zeros(len(suns), dtype=np.int64))
    fields = {str(row["airport"]): row for row in airports.to_dict("records")}
    records = SunRecords(suns.to_dict("records"), fields)
    for minute in minutes:
        moment = datetime(begins.year, begins.month, begins.day, tzinfo=UTC) + timedelta(minutes=minute)
        at = arrays.day_index(np.array([0]), np.array([micros_of(moment)]))
        assert records.is_known("KPOL", moment) == bool(arrays.known.take(at)[0])
        for light, ends in zip(LIGHTS, ((arrays.sunrise, arrays.sunset), (arrays.dawn, arrays.dusk)), strict=True):
            first, last = (int(end.take(at)[0]) for end in ends)
            lit = records.lit("KPOL", moment, light)
            if lit is None:
                assert first > last, "there is no light, and the assessment sees none"
            else:
                assert (micros_of(lit[0]), micros_of(lit[1])) == (first, last)


def test_where_the_sun_stays_up_the_light_does_not_end_at_midnight() -> None:
    airports = pd.DataFrame({"airport": ["KPOL"], "latitude_deg": [90.0], "longitude_deg": [0.0]})
    suns = sun_table(airports, date(2026, 6, 20), 5)
    records = SunRecords(suns.to_dict("records"), {"KPOL": {"airport": "KPOL", "longitude_deg": 0.0}})
    lit = records.lit("KPOL", datetime(2026, 6, 22, 23, 30, tzinfo=UTC), "sun")
    assert lit == (datetime(2026, 6, 20, tzinfo=UTC), datetime(2026, 6, 25, tzinfo=UTC))


def test_a_return_trip_lands_where_it_began_whatever_the_sun_at_its_stops() -> None:
    """The stop is in polar night; the lesson is back at noon."""
    airports = pd.DataFrame(
        {"airport": ["KPAO", "KPOL"], "latitude_deg": [37.46, 90.0], "longitude_deg": -122.1, "elevation_ft": 0.0}
    )
    suns = sun_table(airports, date(2026, 11, 10), 5).to_dict("records")
    by_day = minimum("daylight", ">=", 60.0)
    minimums = typed_minimums(frame([by_day], MINIMUM_COLUMNS)).to_dict("records")
    begins = datetime(2026, 11, 12, 18, tzinfo=UTC)
    records = ForecastRecords(
        [], minimums, airports.to_dict("records"), [], suns, begins - timedelta(hours=4), timedelta(0)
    )
    facts = dict.fromkeys(BOOKING_FACTS)
    found: dict[str, str] = {}
    for route in (["KPOL", "KPAO"], ["KPOL"]):
        there = lesson(route=route, starts_at_utc=begins, ends_at_utc=begins + timedelta(hours=2))
        booking = Records([facts | there], []).bookings[1]
        found[route[-1]] = records.judge(booking, booking.span)[0]
    assert found == {"KPAO": "unforecast", "KPOL": "at_risk"}
