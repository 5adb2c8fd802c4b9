"""The law: dropping or garbling any piece of weather never makes a verdict better; it may make it ``unknown``."""

import copy
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from flightsched_pipelines.risk.assess import assess
from flightsched_pipelines.risk.bookings import BOOKING_COLUMNS, severity
from flightsched_pipelines.risk.minimums import default_minimums
from flightsched_pipelines.weather.answers import WeatherAnswerError, read_answer
from flightsched_pipelines.weather.blend import blend
from flightsched_pipelines.weather.daylight import sun_table
from flightsched_pipelines_tests.unit.weather.reports import fair, group, hour, metar, one_call, one_call_hour, taf

NOW = 14
AIRPORTS = pd.DataFrame(
    {
        "airport": ["KXYZ", "KNOT"], "latitude_deg": [37.0, 37.1], "longitude_deg": [-122.0, -122.0],
        "issues_taf": [True, False], "issues_metar": [True, False], "approach_ceiling_ft": [None, None],
        "approach_visibility_sm": [None, None],
    }
)  # fmt: skip
RUNWAYS = pd.DataFrame(
    {"airport": ["KXYZ"] * 2, "runway": ["13", "31"], "heading_true_deg": [142.0, 322.0], "closed": [False, False]}
)
SUNS = sun_table(AIRPORTS, hour(0).date() - timedelta(days=1), 5)
MINIMUMS = default_minimums()

WEATHER: dict[str, Any] = {
    "taf": [
        taf(
            fair(12, 18),
            group(15, 16, "TEMPO", visib=4, wxString="BR"),
            fair(18, 20, "FM", visib=2, wxString="TSRA BR", clouds=[{"cover": "BKN", "base": 1500, "type": "CB"}]),
            fair(20, 36, "FM", wdir=320, wspd=12, wgst=18),
            ends=36,
            raw="TAF KXYZ 101140Z 1012/1112 24006KT P6SM FEW060 TEMPO 1015/1016 4SM BR "
            "FM101800 24006KT 2SM TSRA BR BKN015CB FM102000 32012G18KT P6SM FEW060",
        )
        | {"validTimeFrom": fair(12, 13)["timeFrom"], "issueTime": "2026-03-10T11:40:00Z"}
    ],
    "metar": [
        metar(
            "METAR KXYZ 101353Z 24006KT 3SM BR FEW020TCU OVC008 12/11 A2992 RMK AO2",
            obsTime=metar()["obsTime"] + 2 * 3600, visib=3, wxString="BR", temp=12, dewp=11, cover="OVC",
            clouds=[{"cover": "FEW", "base": 2000}, {"cover": "OVC", "base": 800}],
        )
    ],
    "one_call": one_call(
        *(one_call_hour(n) for n in range(NOW, NOW + 20)),
        *(one_call_hour(n, visibility=1_500, weather=[{"id": 741}]) for n in range(NOW + 20, NOW + 30)),
        *(one_call_hour(n, clouds=90, wind_speed=9.0, wind_gust=14.0, wind_deg=320) for n in range(NOW + 30, NOW + 40)),
    ),
}  # fmt: skip


def bookings() -> pd.DataFrame:
    kinds = [("student_pilot", False), ("student_pilot", True), ("private_pilot", False), ("instrument_rated", True)]
    rows = [
        {
            "booking_id": n, "reference": str(n), "training_level": level, "solo": solo, "lesson_kind": "local",
            "departure": "KXYZ", "route": [], "starts_at_utc": hour(begins), "ends_at_utc": hour(begins + 1),
            "status": "scheduled", "time_zone": "UTC", "aircraft_crosswind_kt": 15.0,
        }
        for n, ((level, solo), begins) in enumerate(
            (kind, begins) for kind in kinds for begins in (NOW, 16, 18, 22, 26, 36, 46, 60)
        )
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(BOOKING_COLUMNS)).astype(dict(BOOKING_COLUMNS))


BOOKINGS = bookings()


def verdicts(weather: dict[str, Any]) -> list[str]:
    groups = []
    for product, body in weather.items():
        try:
            groups += read_answer(json.dumps(body), "KXYZ" if product == "one_call" else None).groups
        except WeatherAnswerError:
            continue
    forecasts = blend(
        AIRPORTS, groups, hour(NOW), horizon_hours=72, taf_max_distance_nm=30, observation_max_age_minutes=90
    )
    judged = assess(BOOKINGS, forecasts, MINIMUMS, AIRPORTS, RUNWAYS, SUNS, first_hour_utc=hour(NOW))
    return [str(verdict) for verdict in judged.verdicts]


def paths(value: object, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The place of every piece in a JSON value."""
    if here:
        yield here
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from paths(item, (*here, key))


PLACES = list(paths(WEATHER))
SOUND = verdicts(WEATHER)
GARBAGE = st.one_of(
    st.none(), st.booleans(), st.text(max_size=6), st.just([]), st.just({}), st.just(-9999), st.just(10**12),
    st.just("NaN"), st.just([None]), st.just("\x00"), st.sampled_from(["TSXX", "FM", "TEMPO", "XYZ", "///", "0"]),
)  # fmt: skip


def test_the_sound_weather_shows_every_verdict() -> None:
    assert set(SOUND) == {"ok", "watch", "unknown", "at_risk"}


@settings(max_examples=60, deadline=None)
@given(place=st.sampled_from(PLACES))
def test_dropping_any_piece_of_weather_never_improves_a_verdict(place: tuple[Any, ...]) -> None:
    broken = copy.deepcopy(WEATHER)
    parent: Any = broken
    for key in place[:-1]:
        parent = parent[key]
    del parent[place[-1]]

    assert_none_improved(broken, place)


@settings(max_examples=60, deadline=None)
@given(place=st.sampled_from(PLACES), garbage=GARBAGE)
def test_garbling_any_piece_of_weather_never_improves_a_verdict(place: tuple[Any, ...], garbage: object) -> None:
    broken = copy.deepcopy(WEATHER)
    parent: Any = broken
    for key in place[:-1]:
        parent = parent[key]
    parent[place[-1]] = garbage

    assert_none_improved(broken, place)


def assert_none_improved(broken: dict[str, Any], place: tuple[Any, ...]) -> None:
    better = [
        (BOOKINGS["starts_at_utc"].iloc[n], BOOKINGS["training_level"].iloc[n], before, after)
        for n, (before, after) in enumerate(zip(SOUND, verdicts(broken), strict=True))
        if after != "unknown" and severity(after) < severity(before)
    ]
    assert not better, f"{place} improved {better}"
