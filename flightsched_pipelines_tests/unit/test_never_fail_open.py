"""The law: dropping or garbling any piece of weather never makes a verdict better; it may make it ``unknown``."""

import copy
import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightsched_pipelines.domain.risk.assess import assess
from flightsched_pipelines.domain.risk.bookings import BOOKING_COLUMNS, severity
from flightsched_pipelines.domain.risk.limits.minimums import default_minimums, typed_minimums
from flightsched_pipelines.domain.weather.daylight import sun_table
from flightsched_pipelines.domain.weather.guidance.bulletin import GuidanceSource
from flightsched_pipelines.domain.weather.guidance.reading import bulletin_request
from flightsched_pipelines.domain.weather.provider_responses import (
    ParsedReports,
    Product,
    ProviderResponse,
    ProviderResponseError,
    read_response,
    read_responses,
)
from flightsched_pipelines.domain.weather.source_selection import blend
from flightsched_pipelines_tests.examples import examples
from flightsched_pipelines_tests.unit.domain.weather.builders import (
    fair,
    group,
    hour,
    metar,
    one_call,
    one_call_hour,
    taf,
)
from flightsched_pipelines_tests.unit.domain.weather.bulletins import block, hours_of

pytestmark = pytest.mark.long

NOW = 14
AIRPORTS = pd.DataFrame(
    {
        "airport": ["KXYZ", "KNOT"], "latitude_deg": [37.0, 37.1], "longitude_deg": [-122.0, -122.0],
        "elevation_ft": [2_000.0, 2_000.0], "issues_taf": [True, False], "issues_metar": [True, False],
        "approach_ceiling_ft": [None, None], "approach_visibility_sm": [None, None],
    }
)  # fmt: skip
RUNWAYS = pd.DataFrame(
    {"airport": ["KXYZ"] * 2, "runway": ["13", "31"], "heading_true_deg": [142.0, 322.0], "closed": [False, False]}
)
SUNS = sun_table(AIRPORTS, hour(0).date() - timedelta(days=1), 5)
DENSITY_ALTITUDE = {
    "authority": "school", "training_level": "private_pilot", "rule": "density_altitude", "comparison": "<=",
    "limit_value": 3_500.0, "unit": "ft", "effect": "block", "effective_from": hour(0).date(), "reference": "a test",
}  # fmt: skip
MINIMUMS = pd.concat([default_minimums(), typed_minimums(pd.DataFrame([DENSITY_ALTITUDE]))], ignore_index=True)
"""Private pilots have a limit on density altitude that blocks; of the others one only warns."""


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
        | {"validTimeFrom": fair(12, 13)["timeFrom"], "issueTime": "2026-03-10T11:40:00Z"},
        taf(
            fair(6, 36), ends=36, raw="TAF KXYZ 100840Z 1008/1112 24006KT P6SM FEW060"
        )
        | {"validTimeFrom": fair(8, 9)["timeFrom"], "issueTime": "2026-03-10T08:40:00Z"},
    ],
    "metar": [
        metar(
            "METAR KXYZ 101353Z 24006KT 3SM BR FEW020TCU OVC008 12/11 A2992 RMK AO2",
            obsTime=metar()["obsTime"] + 2 * 3600, visib=3, wxString="BR", temp=12, dewp=11, cover="OVC",
            clouds=[{"cover": "FEW", "base": 2000}, {"cover": "OVC", "base": 800}],
        ),
        metar("METAR KXYZ 101253Z 24006KT 10SM FEW060 20/08 A2992 RMK AO2", obsTime=metar()["obsTime"] + 3600),
    ],
    "nbh": block("NBH", hour(NOW - 1), changes={"CIG": dict.fromkeys((22, 23), 8), "T01": {24: 60}}),
    "nbs": block(
        "NBS", hour(NOW - 1), changes={
            "VIS": dict.fromkeys((9, 10), 20), "WSP": dict.fromkeys(range(12, 15), 22), "T03": {17: 60},
            "GST": dict.fromkeys(range(12, 15), 31), "TMP": dict.fromkeys(range(18, 22), 28), "PZR": {19: 70},
            "P06": {column: 80 for column in range(18, 22) if hours_of("NBS", hour(NOW - 1))[column].hour % 6 == 0},
        }
    ),
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
            (kind, begins) for kind in kinds for begins in (NOW, 16, 18, 22, 26, 36, 38, 44, 46, 53, 60, 66, 72, 90)
        )
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(BOOKING_COLUMNS)).astype(dict(BOOKING_COLUMNS))


BOOKINGS = bookings()


@lru_cache(maxsize=10)
def guidance(product: Product, body: str) -> ParsedReports:
    """The stored response to the request for a bulletin of the cycle before the hour, read."""
    source: GuidanceSource = "NBH" if product == "nbh" else "NBS"
    answer = ProviderResponse(
        "national_blend_of_models", product, bulletin_request(source, hour(NOW - 1)), ("KXYZ",), hour(NOW), 200, "ok",
        None, None, None, body,
    )  # fmt: skip
    return read_responses([answer])


def verdicts(weather: dict[Any, Any], now: int = NOW) -> list[str]:
    together = ParsedReports(asked_of_models=["KXYZ"], asked_of_guidance={"NBH": {"KXYZ"}, "NBS": {"KXYZ"}})
    for product, body in weather.items():
        if product in {"nbh", "nbs"}:
            bulletin = guidance(product, str(body))
            together.groups.extend(bulletin.groups)
            together.unread.extend(bulletin.unread)
            continue
        try:
            reading = read_response(json.dumps(body), "KXYZ" if product == "one_call" else None)
        except ProviderResponseError:
            continue
        together.groups.extend(reading.groups)
        together.unread.extend(reading.unread)
    forecasts = blend(
        AIRPORTS, together, hour(now), horizon_hours=72, taf_max_distance_nm=30, taf_max_age_hours=8,
        observation_max_age_minutes=90,
    )  # fmt: skip
    judged = assess(BOOKINGS, forecasts, MINIMUMS, AIRPORTS, RUNWAYS, SUNS, first_hour_utc=hour(now))
    return [str(verdict) for verdict in judged.verdicts]


def paths(value: object, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The place of every piece in a JSON value."""
    if here:
        yield here
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from paths(item, (*here, key))


PLACES = list(paths(WEATHER))
OF_REPORTS = [place for place in PLACES if place[0] in {"metar", "taf"}]
PIECES = st.one_of(st.sampled_from(OF_REPORTS), st.sampled_from(PLACES))
"""Check with an older report of fair weather beside the newest, of each product."""

TEXTS = [place for place in OF_REPORTS if place[-1] in {"rawTAF", "rawOb"}]
TIMES = [place for place in OF_REPORTS if place[-1] in {"issueTime", "obsTime", "validTimeFrom", "validTimeTo"}]
SOUND = verdicts(WEATHER)
GARBAGE = st.one_of(
    st.none(), st.booleans(), st.text(max_size=6), st.just([]), st.just({}), st.just(-9999), st.just(10**12),
    st.just("NaN"), st.just([None]), st.just("\x00"), st.sampled_from(["TSXX", "FM", "TEMPO", "XYZ", "///", "0"]),
)  # fmt: skip


def test_the_sound_weather_shows_every_verdict() -> None:
    assert set(SOUND) == {"ok", "watch", "unknown", "at_risk"}


@examples(200, "one fault in one report an example; the faults are few kinds, each drawn often")
@given(place=PIECES.filter(lambda place: len(place) != 2))
def test_dropping_any_piece_of_weather_never_improves_a_verdict(place: tuple[Any, ...]) -> None:
    """Drop any piece but a whole report: the absence of a newer one in a response cannot be detected."""
    broken, parent = opened_at(place)
    del parent[place[-1]]

    assert_none_improved(broken, place)


@examples(200, "one fault in one report an example; the faults are few kinds, each drawn often")
@given(place=PIECES, garbage=GARBAGE)
def test_garbling_any_piece_of_weather_never_improves_a_verdict(place: tuple[Any, ...], garbage: object) -> None:
    broken, parent = opened_at(place)
    parent[place[-1]] = garbage

    assert_none_improved(broken, place)


@examples(100, "one fault in one report an example; the faults are few kinds, each drawn often")
@given(place=st.sampled_from(TEXTS), kept=st.floats(0, 1))
def test_cutting_a_report_short_never_improves_a_verdict(place: tuple[Any, ...], kept: float) -> None:
    broken, parent = opened_at(place)
    parent[place[-1]] = parent[place[-1]][: int(kept * len(parent[place[-1]]))]

    assert_none_improved(broken, place)


@examples(100, "one fault in one report an example; the faults are few kinds, each drawn often")
@given(place=st.sampled_from(TIMES), minutes=st.integers(-3000, 3000))
def test_a_report_whose_time_is_wrong_never_improves_a_verdict(place: tuple[Any, ...], minutes: int) -> None:
    broken, parent = opened_at(place)
    given_ = parent[place[-1]]
    if isinstance(given_, int):
        parent[place[-1]] = given_ + 60 * minutes
    else:
        parent[place[-1]] = (datetime.fromisoformat(given_) + timedelta(minutes=minutes)).isoformat()

    assert_none_improved(broken, place)


BULLETINS = st.sampled_from(["nbh", "nbs"])
LINES = st.integers(0, 16)


@examples(60, "one fault in one bulletin an example; each row, and each kind of fault, is drawn often")
@given(product=BULLETINS, line=LINES)
def test_dropping_a_row_of_guidance_never_improves_a_verdict(product: str, line: int) -> None:
    lines = WEATHER[product].splitlines()
    del lines[line % len(lines)]

    assert_none_improved(WEATHER | {product: "\n".join(lines)}, (product, line))


@examples(150, "one fault in one bulletin an example; each row, and each kind of fault, is drawn often")
@given(product=BULLETINS, at=st.floats(0, 1), character=st.sampled_from(["", " ", "  ", "-", "#", "\x00", "\n"]))
def test_garbling_a_character_of_guidance_never_improves_a_verdict(product: str, at: float, character: str) -> None:
    """Garble any character but into another digit: no other value tells that a legible one is wrong."""
    text = WEATHER[product]
    place = int(at * (len(text) - 1))

    assert_none_improved(WEATHER | {product: text[:place] + character + text[place + 1 :]}, (product, place))


@examples(60, "one fault in one bulletin an example; where it is cut counts by its row")
@given(product=BULLETINS, kept=st.floats(0, 1))
def test_cutting_guidance_short_never_improves_a_verdict(product: str, kept: float) -> None:
    text = WEATHER[product]

    assert_none_improved(WEATHER | {product: text[: int(kept * len(text))]}, (product, kept))


@examples(100, "which value goes missing counts by its row and the hour that it governs")
@given(product=BULLETINS, line=LINES, column=st.integers(0, 24))
def test_a_value_of_guidance_that_is_missing_never_improves_a_verdict(product: str, line: int, column: int) -> None:
    lines = WEATHER[product].splitlines()
    row, start = lines[line % len(lines)], 5 + 3 * column
    lines[line % len(lines)] = row[:start] + "-99" + row[start + 3 :]

    assert_none_improved(WEATHER | {product: "\n".join(lines)}, (product, line, column))


@pytest.mark.parametrize("product", ["nbh", "nbs"])
@pytest.mark.parametrize("garbled", [lambda row: row[:-3] + "-99", lambda row: row[:-3]], ids=["missing", "cut off"])
def test_an_hour_of_guidance_that_is_missing_never_improves_a_verdict(
    product: str, garbled: Callable[[str], str]
) -> None:
    lines = WEATHER[product].splitlines()
    hours = next(number for number, row in enumerate(lines) if row.startswith(" UTC"))
    lines[hours] = garbled(lines[hours])

    assert_none_improved(WEATHER | {product: "\n".join(lines)}, (product,))


@pytest.mark.parametrize("product", ["nbh", "nbs", "metar", "taf", "one_call"])
def test_a_product_that_does_not_come_never_improves_a_verdict(product: str) -> None:
    assert_none_improved({name: body for name, body in WEATHER.items() if name != product}, (product,))


@pytest.mark.parametrize("hours", [1, 4, 9, 26, 49])
def test_weather_that_has_grown_old_never_improves_a_verdict(hours: int) -> None:
    """Read the same responses later: their forecast is relied on for a while, then no longer."""
    later = verdicts(WEATHER, NOW + hours)
    lessons = [n for n, starts in enumerate(BOOKINGS["starts_at_utc"]) if starts > hour(NOW + hours + 1)]

    better = [n for n in lessons if later[n] != "unknown" and severity(later[n]) < severity(SOUND[n])]
    assert not better
    if hours > 6:
        assert "ok" not in {later[n] for n in lessons if BOOKINGS["starts_at_utc"].iloc[n] < hour(36)}


def opened_at(place: tuple[Any, ...]) -> tuple[dict[str, Any], Any]:
    """Return the weather, and the part of it with the piece at a place."""
    broken = copy.deepcopy(WEATHER)
    parent: Any = broken
    for key in place[:-1]:
        parent = parent[key]
    return broken, parent


def assert_none_improved(broken: dict[str, Any], place: tuple[Any, ...]) -> None:
    better = [
        (BOOKINGS["starts_at_utc"].iloc[n], BOOKINGS["training_level"].iloc[n], before, after)
        for n, (before, after) in enumerate(zip(SOUND, verdicts(broken), strict=True))
        if after != "unknown" and severity(after) < severity(before)
    ]
    assert not better, f"{place} improved {better}"
