"""Reports written by hand for the tests, in the services' own JSON."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from flightsched_pipelines.domain.weather.reports.taf import read_taf

DAY = datetime(2026, 3, 10, tzinfo=UTC)


def hour(n: int) -> datetime:
    """Hour ``n`` of the tests' day, in UTC; 24 and more are the next day's."""
    return datetime.fromtimestamp(DAY.timestamp() + 3600 * n, UTC)


def at(n: float) -> int:
    """The same in epoch seconds."""
    return int(DAY.timestamp() + 3600 * n)


def read_three_ways(report: Mapping[str, Any]) -> list[list[tuple[object, ...]]]:
    """A TAF's groups as read from its decoded fields alone, from its text alone, and from both."""
    decoded = {name: value for name, value in report.items() if name != "rawTAF"}
    raw = {name: value for name, value in report.items() if name != "fcsts"}
    return [
        [
            (one.layer, one.from_utc, one.to_utc, one.conditions.wind_speed_kt, one.conditions.wind_gust_kt,
             one.conditions.visibility_sm, one.conditions.ceiling_ft, one.conditions.hazards)
            for one in read_taf(part)
        ]
        for part in (decoded, raw, report)
    ]  # fmt: skip


def group(begins: float, ends: float, change: str | None = None, **fields: Any) -> dict[str, Any]:
    """One group of a TAF's ``fcsts``: only what a test names is listed."""
    return {
        "timeFrom": at(begins),
        "timeTo": at(ends),
        "timeBec": None,
        "fcstChange": change,
        "probability": None,
        "wdir": None,
        "wspd": None,
        "wgst": None,
        "wshearHgt": None,
        "visib": None,
        "vertVis": None,
        "wxString": None,
        "clouds": [],
    } | fields


def fair(begins: float, ends: float, change: str | None = None, **fields: Any) -> dict[str, Any]:
    """A group of fair weather, but for what a test names."""
    sky = {"wdir": 240, "wspd": 6, "visib": "6+", "clouds": [{"cover": "FEW", "base": 6000, "type": None}]}
    return group(begins, ends, change, **(sky | fields))


def taf(*groups: dict[str, Any], station: str = "KXYZ", raw: str | None = None, ends: float = 24) -> dict[str, Any]:
    """A TAF from hour 0 of the tests' day."""
    report: dict[str, Any] = {
        "icaoId": station,
        "issueTime": "2026-03-09T23:30:00.000Z",
        "validTimeFrom": at(0),
        "validTimeTo": at(ends),
        "fcsts": list(groups),
    }
    return report | ({"rawTAF": raw} if raw else {})


def metar(raw: str | None = "METAR KXYZ 101153Z {layers} A2992", **fields: Any) -> dict[str, Any]:
    """A METAR of fair weather taken at 11:53 of the tests' day, but for what a test names; its text has the layers."""
    report: dict[str, Any] = {
        "icaoId": "KXYZ",
        "obsTime": at(11) + 53 * 60,
        "reportTime": "2026-03-10T12:00:00.000Z",
        "temp": 20,
        "dewp": 8,
        "wdir": 240,
        "wspd": 6,
        "visib": "10+",
        "clouds": [{"cover": "FEW", "base": 6000}],
        "cover": "FEW",
    }
    report |= fields
    layers = [f"{layer['cover']}{layer['base'] // 100:03d}" for layer in report["clouds"] or []]
    return report | ({"rawOb": " ".join(raw.format(layers=" ".join(layers)).split())} if raw else {})


def one_call_hour(n: int, **fields: Any) -> dict[str, Any]:
    """One hour of a One Call answer in units=standard, fair but for what a test names."""
    return {
        "dt": at(n),
        "temp": 293.15,
        "dew_point": 281.15,
        "clouds": 20,
        "visibility": 10_000,
        "wind_speed": 3.0,
        "wind_deg": 240,
        "weather": [{"id": 801, "main": "Clouds"}],
    } | fields


def one_call(*hours: dict[str, Any]) -> dict[str, Any]:
    """A One Call answer of these hours, current at hour 12."""
    return {"lat": 37.0, "lon": -122.0, "current": {"dt": at(12)}, "hourly": list(hours)}
