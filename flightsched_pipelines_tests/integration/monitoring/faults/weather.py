"""Faults of the weather and its providers."""

import json
import re
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

from flightsched_pipelines.clients.weather.aviation_weather import AviationWeatherCenter
from flightsched_pipelines.clients.weather.http_fetch import RetryPolicy
from flightsched_pipelines.clients.weather.national_blend import NationalBlend
from flightsched_pipelines.clients.weather.open_weather_map import OpenWeatherMap
from flightsched_pipelines.clients.weather.weather_source import LiveWeather
from flightsched_pipelines.database.queries.schedule import bookings as schedule
from flightsched_pipelines.defs.monitoring.run_history import attempts_since
from flightsched_pipelines_tests.integration.monitoring.builders import Watch
from flightsched_pipelines_tests.integration.monitoring.faults.fault import (
    do,
    fault,
    run_hour,
)
from flightsched_pipelines_tests.servers.weather_servers import (
    AviationWeatherServer,
    Body,
    NationalBlendServer,
    OpenWeatherMapServer,
    simulated_bodies,
    simulated_bulletins,
)

KEY = "a-key"


PATIENT = RetryPolicy(one_attempt=300, total=600, first_wait=0.01, longest_wait=0.02, attempts=2)
"""Waits as long as a busy machine takes, and does not pause."""


HASTY = replace(PATIENT, one_attempt=0.5)
"""For a provider that does not answer at all."""


FOREVER = 3_600


Providers = tuple[AviationWeatherServer, OpenWeatherMapServer]


@contextmanager
def live_weather(watch: Watch, patience: RetryPolicy = PATIENT) -> Generator[Providers]:
    """Run both providers, working, as the platform's source, with the hour's weather not fetched yet."""
    bodies = simulated_bodies(schedule.airports(watch.engine), watch.hour)
    with AviationWeatherServer(bodies=bodies) as center, OpenWeatherMapServer(bodies=bodies, key=KEY) as map_server:
        source = LiveWeather(
            AviationWeatherCenter(center.url, "ops@example.com", patience, seconds_between_polls=0),
            OpenWeatherMap(map_server.url, KEY, patience),
        )
        watch.parts = {**watch.parts, "weather": source}
        forget_weather(watch)
        yield center, map_server


def forget_weather(watch: Watch) -> None:
    """Let the hour's weather be fetched again, the good responses too."""
    do(watch, "DELETE FROM pipeline.raw_weather")


@fault(
    "providers down or refusing the key",
    "providers_answer", "airports_are_covered", "unknown_share_is_low", "tafs_are_fresh", "providers_agree",
    "weather_monitor_errors", "weather_monitor_error_rate",
)  # fmt: skip
def _(watch: Watch) -> Generator[None]:
    with live_weather(watch) as (center, map_server):
        center.mode, map_server.key = "server_error", "another-key"
        result = run_hour(watch)
        assert KEY not in str(watch.instance.all_logs(result.run_id))
        yield
        center.mode, map_server.key = "ok", KEY
        run_hour(watch)


@fault(
    "providers sending garbage or nothing in time", "providers_answer", "airports_are_covered", "unknown_share_is_low"
)
def _(watch: Watch) -> Generator[None]:
    with live_weather(watch, HASTY) as (center, map_server):
        center.mode, map_server.mode, map_server.slow_seconds = "garbage", "slow", FOREVER
        run_hour(watch)
        yield
    with live_weather(watch):
        run_hour(watch)


def spoiled(body: Body, spoil: Callable[[list[dict[str, Any]]], None]) -> Body:
    """Return OpenWeatherMap's response with its hours changed."""

    def answer(query: Any) -> str:
        told = json.loads(body if isinstance(body, str) else body(query))
        spoil(told["hourly"])
        return json.dumps(told)

    return answer


def reported(body: Body, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Body:
    """Return the Center's response with each of its reports changed."""

    def answer(query: Any) -> str:
        reports = json.loads(body if isinstance(body, str) else body(query))
        return json.dumps([{**report, **change(report)} for report in reports])

    return answer


def _in_its_own_form(metar: dict[str, Any]) -> dict[str, Any]:
    return {"rawOb": metar["rawOb"].replace(" RMK ", " A300OO RMK ")}


def _fair(taf: dict[str, Any]) -> dict[str, Any]:
    group = {
        **taf["fcsts"][0], "timeTo": taf["validTimeTo"], "wdir": 310, "wspd": 5, "wgst": None, "visib": "6+",
        "vertVis": None, "wxString": None, "clouds": [{"cover": "SKC", "base": None, "type": None}],
    }  # fmt: skip
    return {"rawTAF": re.sub(r"(?<=\d{4}/\d{4}) .*", " 31005KT P6SM SKC", taf["rawTAF"]), "fcsts": [group]}


def _in_another_unit(hours: list[dict[str, Any]]) -> None:
    for hour in hours:
        hour["wind_speed"] = hour["wind_gust"] = 110


@fault("a forecast in a wrong unit", "units_are_plausible", "job/hourly_tick")
def _(watch: Watch) -> Generator[None]:
    with live_weather(watch) as (_, map_server):
        well = map_server.bodies["onecall"]
        map_server.bodies["onecall"] = spoiled(well, _in_another_unit)
        run_hour(watch)
        yield
        map_server.bodies["onecall"] = well
        forget_weather(watch)
        run_hour(watch)


@fault(
    "a SIGMET of two points, a station with a form of its own, and guidance that contradicts the TAFs",
    "areas_can_be_read", "words_are_understood", "guidance_agrees",
)  # fmt: skip
def _(watch: Watch) -> Generator[None]:
    airports, since = schedule.airports(watch.engine), int(watch.hour.timestamp())
    area = {
        "airSigmetType": "SIGMET", "seriesId": "5W", "hazard": "CONVECTIVE", "validTimeFrom": since,
        "validTimeTo": since + 7200, "coords": [{"lat": 40, "lon": -105}, {"lat": 39, "lon": -104}],
    }  # fmt: skip
    low = {path: re.sub(r"(?m)^ CIG .*$", f" CIG {'  2' * 25}" if "nbh" in path else f" CIG {'  2' * 23}", str(body))
           for path, body in simulated_bulletins(airports, watch.hour).items()}  # fmt: skip
    with live_weather(watch) as (center, _), NationalBlendServer(bodies=low) as blend:
        blending = NationalBlend(blend.url, "ops@example.com", PATIENT)
        center_client = AviationWeatherCenter(center.url, "ops@example.com", PATIENT, seconds_between_polls=0)
        watch.parts = {**watch.parts, "weather": LiveWeather(center_client, None, blending)}
        well = dict(center.bodies)
        center.bodies |= {  # TAFs are fair, so that guidance contradicts them whatever the sky of the hour
            "airsigmet": json.dumps([area]),
            "metar": reported(well["metar"], _in_its_own_form),
            "taf": reported(well["taf"], _fair),
        }
        run_hour(watch)
        yield
        center.bodies = well
        blend.bodies = simulated_bulletins(airports, watch.hour)
        forget_weather(watch)
        run_hour(watch)


@fault(
    "providers that are stale and contradict each other", "tafs_are_fresh", "providers_agree", "weather_moves_plausibly"
)
def _(watch: Watch) -> Generator[None]:
    def contrary(hours: list[dict[str, Any]]) -> None:
        for n, hour in enumerate(hours):
            hour["wind_speed"], hour["wind_gust"] = 50, 60
            hour["temp"] += 12 if n % 2 else -12

    with live_weather(watch) as (center, map_server):
        well, well_map = center.bodies, map_server.bodies
        center.bodies = simulated_bodies(schedule.airports(watch.engine), watch.hour - timedelta(hours=10))
        map_server.bodies = {"onecall": spoiled(well_map["onecall"], contrary)}
        run_hour(watch)
        yield
        center.bodies, map_server.bodies = well, well_map
        forget_weather(watch)
        run_hour(watch)


@fault("a provider that is slow", "weather_monitor_duration", "weather_monitor_mean_duration")
def _(watch: Watch) -> Generator[None]:
    steps = [one for one in attempts_since(watch.instance, watch.hour) if one.part == "weather_monitor"]
    usual = sum(step.seconds for step in steps)
    watch.restart_with(alarms=dict.fromkeys(("weather_monitor_duration", "weather_monitor_mean_duration"), usual + 1))
    with live_weather(watch) as (center, _):
        center.slow_seconds, center.mode = usual / 2 + 1, "slow"  # of METARs and of TAFs: one second above the limit
        slow = run_hour(watch)
        yield
        watch.instance.delete_run(slow.run_id)  # as when the window that is looked at has gone by
