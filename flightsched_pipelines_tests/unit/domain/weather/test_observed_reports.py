"""Every METAR counts where forecasts are verified; one that cannot be read leaves its hour unreadable."""

import json
from datetime import datetime
from typing import Any

import pytest

from flightsched_pipelines.domain.weather.conditions import ForecastGroup
from flightsched_pipelines.domain.weather.forecast_quality import unread_words
from flightsched_pipelines.domain.weather.observed_reports import every_metar, is_unread
from flightsched_pipelines.domain.weather.provider_responses import Product, ProviderResponse
from flightsched_pipelines.domain.weather.source_selection import hourly_rows
from flightsched_pipelines.durations import HOUR
from flightsched_pipelines_tests.unit.domain.weather.builders import hour, metar

STATIONS = ("KXYZ", "KABC")
UNTIL = hour(14)
REQUEST = f"metar?ids=KXYZ,KABC&date={UNTIL:%Y%m%d_%H%M}&hours=3&format=json"


def response(body: str, product: Product = "metar_history", request: str = REQUEST) -> ProviderResponse:
    return ProviderResponse("a", product, request, STATIONS, UNTIL, 200, "ok", None, None, None, body)


def at(n: int, **facts: Any) -> dict[str, Any]:
    """A report taken 7 minutes before an hour."""
    report = metar(f"METAR KXYZ 10{n - 1:02d}53Z 24006KT 10SM FEW060 20/08 A2992", **facts)
    return report | {"obsTime": int((hour(n) - HOUR * 7 / 60).timestamp())}


def of(reports: list[Any], product: Product = "metar_history", request: str = REQUEST) -> list[ForecastGroup]:
    return every_metar([response(json.dumps(reports), product, request)])


def lost(groups: list[ForecastGroup]) -> set[tuple[str, datetime]]:
    return {(group.station, group.from_utc) for group in groups if is_unread(group)}


def hours(*numbers: int, stations: tuple[str, ...] = ("KXYZ",)) -> set[tuple[str, datetime]]:
    return {(station, hour(n)) for station in stations for n in numbers}


def test_sound_reports_are_there_once_and_leave_nothing_unread() -> None:
    groups = of([at(12), at(13), at(12)])
    assert [group.from_utc for group in groups] == [hour(11), hour(12)]
    assert not lost(groups)


@pytest.mark.parametrize(
    ("garbled", "expected"),
    [
        pytest.param({"obsTime": None}, hours(12), id="a time in its text"),
        pytest.param(
            {"wspd": [], "rawOb": None, "obsTime": None}, hours(11, 12, 13, 14), id="no time: all of its request"
        ),
        pytest.param(
            {"icaoId": 7, "wspd": [], "rawOb": None}, hours(12, stations=STATIONS), id="no station: any of its request"
        ),
        pytest.param({"obsTime": "x", "rawOb": 5}, hours(11, 12, 13, 14), id="nothing"),
    ],
)
def test_a_report_that_cannot_be_read_leaves_its_hour_unreadable(
    garbled: dict[str, Any], expected: set[tuple[str, datetime]]
) -> None:
    groups = of([at(12), at(13) | garbled])
    assert lost(groups) == expected
    assert any(not is_unread(group) and group.from_utc == hour(11) for group in groups)


def test_a_report_that_is_no_object_may_be_of_any_hour_and_station() -> None:
    assert lost(of([at(12), "METAR"])) == hours(11, 12, 13, 14, stations=STATIONS)


def test_a_response_that_cannot_be_read_at_all_leaves_every_hour_of_it_unreadable() -> None:
    assert lost(every_metar([response("<html>")])) == hours(11, 12, 13, 14, stations=STATIONS)


def test_the_newest_reports_were_taken_in_the_hour_before_they_were_fetched() -> None:
    assert lost(of([at(14), 7], "metar", "metar?ids=KXYZ&format=json")) == hours(13, 14, stations=STATIONS)


def test_what_cannot_be_read_is_counted_and_named() -> None:
    told, count, _ = unread_words(hourly_rows(of([at(12), at(13) | {"obsTime": None}])))
    assert (told, count) == (["KXYZ: 1 (a whole report: wind, visibility, ceiling, weather missing)"], 1)
