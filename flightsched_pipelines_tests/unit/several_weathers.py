"""Weather of every product, and the verdicts of lessons under it: of several weathers at once, each with its fault."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache
from typing import Any

import pandas as pd

from flightsched_pipelines.domain.risk.assess import assess
from flightsched_pipelines.domain.risk.bookings import BOOKING_COLUMNS
from flightsched_pipelines.domain.risk.limits.minimums import default_minimums, typed_minimums
from flightsched_pipelines.domain.verification.columns import LEADS_HOURS
from flightsched_pipelines.domain.weather.daylight import sun_table
from flightsched_pipelines.domain.weather.guidance.bulletin import GuidanceSource
from flightsched_pipelines.domain.weather.guidance.reading import bulletin_request
from flightsched_pipelines.domain.weather.issue_times import EVERY_STATION
from flightsched_pipelines.domain.weather.provider_responses import (
    ParsedReports,
    Product,
    ProviderResponse,
    ProviderResponseError,
    read_response,
    read_responses,
)
from flightsched_pipelines.domain.weather.source_selection import blend
from flightsched_pipelines_tests.unit.domain.weather.builders import (
    at,
    fair,
    group,
    hour,
    metar,
    one_call,
    one_call_hour,
    taf,
)
from flightsched_pipelines_tests.unit.domain.weather.bulletins import block, hours_of

Weather = Mapping[Any, Any]

NOW = 14
AIRPORTS = pd.DataFrame(
    {
        "airport": ["KXYZ", "KNOT", "KONE"], "latitude_deg": [37.0, 37.1, 40.0], "longitude_deg": [-122.0] * 3,
        "elevation_ft": [2_000.0] * 3, "issues_taf": [True, False, False], "issues_metar": [True, False, False],
        "approach_ceiling_ft": [None] * 3, "approach_visibility_sm": [None] * 3,
    }
)  # fmt: skip
"""One Call is the only source at KONE: no other's station is near enough."""
RUNWAYS = pd.DataFrame(
    {
        "airport": ["KXYZ", "KXYZ", "KONE", "KONE"], "runway": ["13", "31"] * 2,
        "heading_true_deg": [142.0, 322.0] * 2, "closed": [False] * 4,
    }
)  # fmt: skip
SUNS = sun_table(AIRPORTS, hour(0).date() - timedelta(days=1), 5)
DENSITY_ALTITUDE = {
    "authority": "school", "training_level": "private_pilot", "rule": "density_altitude", "comparison": "<=",
    "limit_value": 3_500.0, "unit": "ft", "effect": "block", "effective_from": hour(0).date(), "reference": "a test",
}  # fmt: skip
MINIMUMS = pd.concat([default_minimums(), typed_minimums(pd.DataFrame([DENSITY_ALTITUDE]))], ignore_index=True)
"""Private pilots have a limit on density altitude that blocks; of the others one only warns."""


BEGINNINGS = (NOW, 16, 18, 22, 26, 36, 38, 44, 46, 53, 60, 66, 72, 90)
"""The hours at which lessons begin."""

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
    )
    | {"current": {"dt": at(NOW)}},
}  # fmt: skip


def bookings() -> pd.DataFrame:
    kinds = [("student_pilot", False), ("student_pilot", True), ("private_pilot", False), ("instrument_rated", True)]
    rows = [
        {
            "booking_id": n, "reference": str(n), "training_level": level, "solo": solo, "lesson_kind": "local",
            "departure": airport, "route": [], "starts_at_utc": hour(begins), "ends_at_utc": hour(begins + 1),
            "status": "scheduled", "time_zone": "UTC", "aircraft_crosswind_kt": 15.0,
        }
        for n, (airport, (level, solo), begins) in enumerate(
            [("KXYZ", kind, begins) for kind in kinds for begins in BEGINNINGS]
            + [("KONE", kinds[0], begins) for begins in BEGINNINGS]
        )
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(BOOKING_COLUMNS)).astype(dict(BOOKING_COLUMNS))


BOOKINGS = bookings()


@dataclass(frozen=True)
class World:
    """The airports of several weathers, each weather's own: far apart for the blend, at one place for the verdicts."""

    apart: pd.DataFrame
    airports: pd.DataFrame
    runways: pd.DataFrame
    suns: pd.DataFrame
    bookings: pd.DataFrame


def own(ident: str, n: int) -> str:
    """The ident of an airport in the weather at a position."""
    return f"{ident}-{n}"


@lru_cache(maxsize=10)
def world(count: int) -> World:
    def each(rows: pd.DataFrame, column: str = "airport") -> pd.DataFrame:
        return pd.concat(
            [rows.assign(**{column: [own(ident, n) for ident in rows[column]]}) for n in range(count)],
            ignore_index=True,
        )

    airports = each(AIRPORTS)
    # Five degrees there are 240 NM: no station's report, nor its altimeter setting, is used so far away.
    degrees = [5.0 * (n // len(AIRPORTS)) for n in range(len(airports))]
    apart = airports.assign(longitude_deg=airports["longitude_deg"] + degrees)
    return World(apart, airports, each(RUNWAYS), each(SUNS), each(BOOKINGS, "departure"))


@lru_cache(maxsize=100)
def read(product: Product, body: str) -> ParsedReports:
    """The stored response to a request, read; of a bulletin, of the cycle before the hour."""
    if product in {"nbh", "nbs"}:
        source: GuidanceSource = "NBH" if product == "nbh" else "NBS"
        answer = ProviderResponse(
            "national_blend_of_models", product, bulletin_request(source, hour(NOW - 1)), ("KXYZ",), hour(NOW), 200,
            "ok", None, None, None, body,
        )  # fmt: skip
        return read_responses([answer])
    try:
        return read_response(body, "KXYZ" if product == "one_call" else None)
    except ProviderResponseError:
        return ParsedReports()


def reports(weather: Weather) -> list[ParsedReports]:
    """A bulletin is text; what else comes in its place is JSON, as all other bodies are."""
    return [
        read(product, body if product in {"nbh", "nbs"} and isinstance(body, str) else json.dumps(body))
        for product, body in weather.items()
    ]


def verdicts(weather: Weather, now: int = NOW) -> list[str]:
    return verdicts_of_each([weather], now)[0]


def verdicts_of_each(weathers: Sequence[Weather], now: int = NOW) -> list[list[str]]:
    """The verdicts under each of some weathers, judged at once; a report of any station would count in all of them."""
    readings = [reports(weather) for weather in weathers]
    alone = [n for n, reading in enumerate(readings) if EVERY_STATION in stations(reading)]
    together = [n for n in range(len(readings)) if n not in alone]
    judged: dict[int, list[str]] = {}
    for of_one_world in (together, *([n] for n in alone)):
        judged |= zip(of_one_world, judge([readings[n] for n in of_one_world], now), strict=True)
    return [judged[n] for n in range(len(readings))]


def stations(reading: Iterable[ParsedReports]) -> set[str]:
    return {group.station for product in reading for group in (*product.groups, *product.unread)}


def judge(readings: Sequence[Iterable[ParsedReports]], now: int) -> list[list[str]]:
    """The verdicts under each reading, each at airports of its own."""
    if not readings:
        return []
    asked, alone = ([own(ident, n) for n in range(len(readings))] for ident in ("KXYZ", "KONE"))
    together = ParsedReports(asked_of_models=asked + alone, asked_of_guidance={"NBH": {*asked}, "NBS": {*asked}})
    for n, reading in enumerate(readings):
        for product in reading:
            for all_, ones in ((together.groups, product.groups), (together.unread, product.unread)):
                all_ += [replace(one, station=asked[n]) if one.station == "KXYZ" else one for one in ones]
            of_model = [one for one in product.groups if one.source == "OpenWeatherMap"]
            together.groups.extend(replace(one, station=alone[n]) for one in of_model)
    where = world(len(readings))
    forecasts = blend(
        where.apart, together, hour(now), horizon_hours=72, taf_max_distance_nm=30, taf_max_age_hours=8,
        observation_max_age_minutes=90, verified_hours=[hour(now + lead) for lead in LEADS_HOURS],
    )  # fmt: skip
    found = assess(
        where.bookings, forecasts, MINIMUMS, where.airports, where.runways, where.suns, first_hour_utc=hour(now)
    )
    flat = [str(verdict) for verdict in found.verdicts]
    return [flat[start : start + len(BOOKINGS)] for start in range(0, len(flat), len(BOOKINGS))]
