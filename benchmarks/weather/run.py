"""Fetch, read and blend the weather of 500 airports: ``python -m benchmarks.weather.run``.

A local server stands for NOAA's bucket, with bulletins of 9,000 stations. Each contender has a process of its own.
"""

import argparse
import multiprocessing
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.synchronize import Event
from pathlib import Path

import pandas as pd

from benchmarks.measure import machine, markdown, measured, write_contenders
from benchmarks.weather import plain
from flightsched_pipelines.clients.weather.http_fetch import RetryPolicy
from flightsched_pipelines.clients.weather.national_blend import NationalBlend
from flightsched_pipelines.clients.weather.simulation.guidance import bulletin
from flightsched_pipelines.clients.weather.simulation.reports import Station
from flightsched_pipelines.clients.weather.simulation.source import SimulatedWeather
from flightsched_pipelines.domain.weather.guidance.reading import bulletin_request
from flightsched_pipelines.domain.weather.provider_responses import ProviderResponse, read_responses
from flightsched_pipelines.domain.weather.source_selection import blend
from flightsched_pipelines.durations import HOUR

NOW_UTC = datetime(2026, 11, 24, 14, tzinfo=UTC)
IN_BULLETINS = 9_000
MOST_MEGABYTES = 150

Work = tuple[Sequence[ProviderResponse], pd.DataFrame]


def airports(count: int) -> pd.DataFrame:
    """Airports from coast to coast; every third has a TAF of its own."""
    return pd.DataFrame(
        {
            "airport": [f"K{number:03d}" for number in range(count)],
            "name": "A field",
            "latitude_deg": [30.0 + number % 18 for number in range(count)],
            "longitude_deg": [-120.0 + number % 50 for number in range(count)],
            "elevation_ft": 500.0,
            "issues_taf": [number % 3 == 0 for number in range(count)],
            "issues_metar": True,
        }
    )


def serve(count: int, port: "multiprocessing.Queue[int]", done: Event) -> None:
    """Serve the bulletins of the cycle before the hour, until told to end."""
    stations = [Station(f"K{number:03d}", "", 40.0, -120.0 + number % 50, 500.0) for number in range(count)]
    bodies = {
        f"/{bulletin_request(source, NOW_UTC - HOUR)}": bulletin(source, stations, NOW_UTC - HOUR).encode()
        for source in ("NBH", "NBS")
    }

    class Bucket(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = bodies.get(self.path, b"")
            self.send_response(200 if body else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002, the standard library's name
            """Log nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Bucket) as server:
        port.put(server.server_port)
        server.timeout = 1
        while not done.is_set():
            server.handle_request()


def fetch_streamed(url: str, count: int) -> list[tuple[str, int]]:
    """Fetch both bulletins, and keep the airports' blocks."""
    answers = NationalBlend(url, "bench@example.com", RetryPolicy(one_attempt=600, total=600)).fetch(
        airports(count), NOW_UTC
    )
    return [(answer.outcome, len(answer.stations)) for answer in answers]


def fetch_whole(url: str, count: int) -> int:
    """Do the same the plain way."""
    return len(plain.fetch(url, airports(count)["airport"].tolist(), NOW_UTC))


def simulated(count: int) -> Work:
    """The responses of every source for the airports."""
    there = airports(count)
    return SimulatedWeather().fetch(there, NOW_UTC), there


def blend_here(work: Work) -> tuple[int, int]:
    """Read and blend; return the rows, and the airport-hours that have a governing one."""
    answers, there = work
    frame = blend(
        there, read_responses(answers), NOW_UTC, horizon_hours=72, taf_max_distance_nm=30, taf_max_age_hours=8,
        observation_max_age_minutes=90,
    )  # fmt: skip
    governing = frame[frame["governs"] & (frame["layer"] == "prevailing")]
    return len(frame), len(governing[["airport", "hour_utc"]].drop_duplicates())


def blend_plainly(work: Work) -> int:
    """Do the same the plain way; return the airport-hours with a source."""
    answers, there = work
    return sum(source != "none" for source in plain.blend(answers, there["airport"].tolist(), NOW_UTC).values())


def _same(value: str) -> str:
    return value


def main() -> None:
    """Measure, and print the tables."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--airports", type=int, default=500)
    options.add_argument("--stations", type=int, default=IN_BULLETINS)
    options.add_argument("--json", type=Path, help="write the figures to this file too")
    chosen = options.parse_args()
    context = multiprocessing.get_context("spawn")
    port: multiprocessing.Queue[int] = context.Queue()
    done = context.Event()
    server = context.Process(target=serve, args=(chosen.stations, port, done), daemon=True)
    server.start()
    url = f"http://127.0.0.1:{port.get()}"
    count = chosen.airports
    streamed = measured(_same, partial(fetch_streamed, count=count), url)
    whole = measured(_same, partial(fetch_whole, count=count), url)
    done.set()
    server.join(5)
    if streamed.value != [("ok", count)] * 2 or whole.value != 2 * count:
        raise SystemExit(f"the contenders kept different stations: {streamed.value}, {whole.value}")
    here, plainly = measured(simulated, blend_here, count), measured(simulated, blend_plainly, count)
    print(machine("pandas", "httpx"))
    print(f"\nBulletins of {chosen.stations:,} stations, {count} kept; median of 3\n")
    rows = [
        (name, f"{one.seconds:.2f}", f"{one.megabytes_before:.0f}", f"{one.megabytes:.0f}")
        for name, one in (("this, as it arrives", streamed), ("plain, as one text", whole))
    ]
    print(markdown(("contender", "s", "MB before", "MB peak"), rows))
    print(f"\n{count} airports, 72 hours, {here.value[0]:,} rows; {here.value[1]:,} airport-hours have a forecast,")
    print(f"plainly {plainly.value:,}; median of 3\n")
    rows = [
        (name, f"{one.seconds:.2f}", f"{one.megabytes_before:.0f}", f"{one.megabytes:.0f}")
        for name, one in (("this, every doubt kept", here), ("plain, the first source", plainly))
    ]
    print(markdown(("contender", "s", "MB before", "MB peak"), rows))
    write_contenders(chosen.json, {"this": here.seconds, "plain": plainly.seconds})
    if streamed.megabytes - streamed.megabytes_before > MOST_MEGABYTES:
        raise SystemExit(f"fetching took more than {MOST_MEGABYTES} MB")


if __name__ == "__main__":
    main()
