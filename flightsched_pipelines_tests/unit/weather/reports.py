"""Reports written by hand for the tests, in the services' own JSON, and the real ones where they are at hand."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

REAL_DATA = Path(__file__).parents[4] / "shared" / "data"

DAY = datetime(2026, 3, 10, tzinfo=UTC)


def hour(n: int) -> datetime:
    """Hour ``n`` of the tests' day, in UTC; 24 and more are the next day's."""
    return datetime.fromtimestamp(DAY.timestamp() + 3600 * n, UTC)


def at(n: float) -> int:
    """The same in epoch seconds."""
    return int(DAY.timestamp() + 3600 * n)


def real(path: str) -> str:
    """A real answer's text; skips where the folder of real data is not beside the checkout."""
    file = REAL_DATA / path
    if not file.exists():
        pytest.skip(f"needs the real reports in {REAL_DATA.parent.name}/data beside the checkout")
    return file.read_text()


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
    """A One Call answer of these hours, current at hour 0."""
    return {"lat": 37.0, "lon": -122.0, "current": {"dt": at(0)}, "hourly": list(hours)}
