"""What can go wrong with the platform, each made to happen for real, and mended.

A fault is a generator: before its ``yield`` something breaks and the platform's jobs meet it, after it the thing is
mended and they run again. ``fails`` are the checks that must fail meanwhile. Where a check looks back over hours,
letting them pass is moving the rows that it reads back by as much.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import dagster as dg
from sqlalchemy import text

from flightsched_pipelines.clients.aviation_weather import AviationWeatherCenter
from flightsched_pipelines.clients.exchange import Patience
from flightsched_pipelines.clients.open_weather_map import OpenWeatherMap
from flightsched_pipelines.clients.weather_source import LiveWeather
from flightsched_pipelines.database import bookings as schedule
from flightsched_pipelines_tests.integration.alerts.watch import TurnedClock, Watch
from flightsched_pipelines_tests.servers.openai_server import OpenAIServer
from flightsched_pipelines_tests.servers.weather_servers import (
    AviationWeatherServer,
    Body,
    OpenWeatherMapServer,
    simulated_bodies,
)

KEY = "a-key"
HASTE = Patience(one_attempt=1, total=5, first_wait=0.01, longest_wait=0.02, attempts=2)
PATIENT = Patience(one_attempt=300, total=300, attempts=1)

Happening = Callable[[Watch], Iterator[None]]


@dataclass(frozen=True)
class Fault:
    """A fault: its name, how it happens and is mended, and which checks must fail meanwhile."""

    name: str
    happens: Callable[[Watch], AbstractContextManager[None]]
    fails: frozenset[str]


FAULTS: dict[str, Fault] = {}
"""Every fault by its name."""


def fault(name: str, *fails: str) -> Callable[[Happening], Happening]:
    """Have a generator stand among the faults."""

    def add(happening: Happening) -> Happening:
        FAULTS[name] = Fault(name, contextmanager(happening), frozenset(fails))
        return happening

    return add


def do(watch: Watch, *statements: str) -> None:
    """Change rows."""
    with watch.engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


Providers = tuple[AviationWeatherServer, OpenWeatherMapServer]


@contextmanager
def live_weather(watch: Watch, patience: Patience = HASTE) -> Iterator[Providers]:
    """Both providers, well, the platform asking them, and the hour's weather still to be asked for."""
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
    """Have the hour's weather asked for anew, the answers that were well too."""
    do(watch, "DELETE FROM pipeline.raw_weather")


def run_hour(watch: Watch) -> dg.ExecuteInProcessResult:
    """Run the hour that runs."""
    return watch.run("hourly_tick", watch.hour)


@fault(
    "providers down or refusing the key",
    "providers_answer", "airports_are_covered", "unknown_share_is_low", "tafs_are_fresh", "providers_agree",
    "weather_monitor_errors", "weather_monitor_error_rate",
)  # fmt: skip
def _(watch: Watch) -> Iterator[None]:
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
def _(watch: Watch) -> Iterator[None]:
    with live_weather(watch) as (center, map_server):
        center.mode, map_server.mode = "garbage", "slow"
        run_hour(watch)
        yield
        center.mode = map_server.mode = "ok"
        run_hour(watch)


def spoiled(body: Body, spoil: Callable[[list[dict[str, Any]]], None]) -> Body:
    """OpenWeatherMap's answer with its hours changed."""

    def answer(query: Any) -> str:
        told = json.loads(body if isinstance(body, str) else body(query))
        spoil(told["hourly"])
        return json.dumps(told)

    return answer


def _in_another_unit(hours: list[dict[str, Any]]) -> None:
    for hour in hours:
        hour["wind_speed"] = hour["wind_gust"] = 110


@fault("a forecast in a wrong unit", "units_are_plausible", "job/hourly_tick")
def _(watch: Watch) -> Iterator[None]:
    with live_weather(watch) as (_, map_server):
        well = map_server.bodies["onecall"]
        map_server.bodies["onecall"] = spoiled(well, _in_another_unit)
        run_hour(watch)
        yield
        map_server.bodies["onecall"] = well
        forget_weather(watch)
        run_hour(watch)


@contextmanager
def language_model(watch: Watch, mode: str, **settings: object) -> Iterator[OpenAIServer]:
    """An LLM that does as ``mode`` says, asked by the hour that runs; once well, asked again, and hours pass."""
    with OpenAIServer(mode, failures=None if mode != "rate_limited" else 10_000) as server:
        watch.restart_with(openai_api_key="test", openai_base_url=server.url, **settings)
        run_hour(watch)
        yield server
        server.mode = "ok"
        watch.run("redrive_dead_letters")
        do(watch, "UPDATE school.llm_calls SET called_at = called_at - interval '7 hours'")
        run_hour(watch)


@fault(
    "an LLM that throttles",
    "llm_ranks", "ai_rescheduler_errors", "ai_rescheduler_throttles", "ai_rescheduler_dead_letters",
    "ai_rescheduler_error_rate",
)  # fmt: skip
def _(watch: Watch) -> Iterator[None]:
    with language_model(watch, "rate_limited"):
        yield


@fault(
    "an LLM that fails",
    "llm_ranks",
    "ai_rescheduler_errors",
    "ai_rescheduler_dead_letters",
    "ai_rescheduler_error_rate",
)
def _(watch: Watch) -> Iterator[None]:
    with language_model(watch, "server_error"):
        yield


@fault("a clock that jumps", "clocks_agree")
def _(watch: Watch) -> Iterator[None]:
    watch.clock = TurnedClock(minutes=5)
    yield
    watch.clock = TurnedClock()
