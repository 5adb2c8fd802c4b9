"""Write the simulated weather as OpenWeatherMap's One Call 3.0 JSON (``units=standard``: kelvin, m/s, metres)."""

from datetime import datetime, timedelta
from typing import Any

from flightsched_pipelines.clients.weather.simulation.atmosphere import Air, SimulatedConditions, conditions_at
from flightsched_pipelines.clients.weather.simulation.reports import Station
from flightsched_pipelines.domain.weather.one_call import KELVIN_AT_0_C

_HOURS = 48
_METRES_PER_SECOND_PER_KNOT = 0.514444
_METRES_PER_MILE = 1609.344
_MOST_VISIBILITY_M = 10_000
_CLOUD_PERCENT = {"FEW": 20, "SCT": 40, "BKN": 75, "OVC": 100}
_CLOUD_WORDS = (
    (10, 800, "clear sky"),
    (25, 801, "few clouds"),
    (50, 802, "scattered clouds"),
    (84, 803, "broken clouds"),
)


def one_call(station: Station, hour_utc: datetime) -> dict[str, Any]:
    """Return the forecast for 48 hours from ``hour_utc``, without minutely, daily and alerts."""
    hours = [hour_utc + timedelta(hours=n) for n in range(_HOURS)]
    hourly = [_hour(hour, conditions_at(station.ident, station.longitude_deg, hour)) for hour in hours]
    return {
        "lat": round(station.latitude_deg, 4),
        "lon": round(station.longitude_deg, 4),
        "timezone": "Etc/UTC",
        "timezone_offset": 0,
        "current": {name: value for name, value in hourly[0].items() if name != "pop"},
        "hourly": hourly,
    }


def _hour(hour_utc: datetime, sky: SimulatedConditions) -> dict[str, Any]:
    air = sky.air
    hour: dict[str, Any] = {
        "dt": int(hour_utc.timestamp()),
        "temp": round(sky.temperature_c + KELVIN_AT_0_C, 2),
        "feels_like": round(sky.temperature_c + KELVIN_AT_0_C, 2),
        "pressure": 1008 if "TS" in air.weather else 1017,
        "humidity": _humidity_percent(sky),
        "dew_point": round(sky.dewpoint_c + KELVIN_AT_0_C, 2),
        "uvi": 0,
        "clouds": _clouds_percent(air),
        "visibility": _visibility_m(air),
        "wind_speed": round(air.wind_speed_kt * _METRES_PER_SECOND_PER_KNOT, 2),
        "wind_deg": air.wind_direction_deg,
        "weather": [_weather(air)],
        "pop": 1 if "RA" in air.weather else 0,
    }
    if air.wind_gust_kt is not None:
        hour["wind_gust"] = round(air.wind_gust_kt * _METRES_PER_SECOND_PER_KNOT, 2)
    if "RA" in air.weather:
        hour["rain"] = {"1h": 5.1}
    return hour


def _humidity_percent(sky: SimulatedConditions) -> int:
    """One degree of spread is about five percent of humidity (Lawrence, 2005)."""
    return max(5, 100 - 5 * (sky.temperature_c - sky.dewpoint_c))


def _clouds_percent(air: Air) -> int:
    if air.vertical_visibility_ft is not None:
        return 100
    return max((_CLOUD_PERCENT[layer.cover] for layer in air.layers), default=0)


def _visibility_m(air: Air) -> int:
    if air.visibility_sm is None:
        return _MOST_VISIBILITY_M
    return min(_MOST_VISIBILITY_M, round(air.visibility_sm * _METRES_PER_MILE))


def _weather(air: Air) -> dict[str, Any]:
    if "TS" in air.weather:
        return {"id": 201, "main": "Thunderstorm", "description": "thunderstorm with rain", "icon": "11d"}
    if air.weather == "FG":
        return {"id": 741, "main": "Fog", "description": "fog", "icon": "50d"}
    percent = _clouds_percent(air)
    code, words = next(
        ((code, words) for most, code, words in _CLOUD_WORDS if percent <= most), (804, "overcast clouds")
    )
    main = "Clear" if code == 800 else "Clouds"
    return {"id": code, "main": main, "description": words, "icon": f"{min(code - 799, 4):02d}d"}
