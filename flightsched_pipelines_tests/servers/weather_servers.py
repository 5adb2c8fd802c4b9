"""Weather providers on a local port, that answer as told: well, slowly, wrongly or not at all.

Give a client the server's ``url`` as its base address, then look at ``requests``::

    with AviationWeatherServer(mode="rate_limited", bodies=simulated_bodies(airports, hour_utc)) as server:
        settings = Settings(weather_source="live", aviation_weather_url=server.url)
        ...
        server.mode = "server_error"  # from here on
    assert server.requests[0].path == "/metar"

A client waits a minute between two polls of one address: give it ``seconds_between_polls=0``, or a server for each.

``bodies`` maps the last part of the path (``metar``, ``taf``, ``onecall``) to a text, or to a function of the query's
parameters; what it lacks is answered with an empty list. ``OpenWeatherMapServer`` is the same for One Call, and answers
401 to any other key than its own. ``NationalBlendServer`` has bulletins by their whole paths, and 404 for any other.
``failures`` is how many requests misbehave before the rest go well (``None``: all).

=============== =====================================================================================
mode            what comes back
=============== =====================================================================================
ok              200 and the body, gzipped where the client takes that
empty           204
empty_list      200 and ``[]``
rate_limited    429 with ``Retry-After``; once, unless ``failures`` says otherwise
rejected        400
moved           302 to another host
server_error    503
slow            nothing for ``slow_seconds``, or ``until_at_once`` requests wait together; then as ok
html            200 and a web page
truncated       200 and the first half of the body
cut_off         200, and the connection ends in the middle of the body
garbage         200 and bytes that are no text
bad_gzip        200 and a body that says it is gzipped, and is not
etag            200 with ``ETag``, then 304 to a request that names it
reset           the connection is reset
huge            200 and more bytes than any weather has
=============== =====================================================================================
"""

import contextlib
import gzip
import json
import socket
import struct
import threading
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import parse_qsl, urlsplit

from pandas import DataFrame

from flightsched_pipelines.clients.weather.simulation.source import SimulatedWeather
from flightsched_pipelines.durations import HOUR

Body = str | Callable[[Mapping[str, str]], str]

ETAG = '"as-before"'
HTML = "<!DOCTYPE html><html><body><h1>Scheduled maintenance</h1></body></html>"
GARBAGE = b"\x00\xff\xfe\x8f" * 64
HUGE_MEGABYTES = 12
A_MOMENT_SECONDS = 0.1
CENTER_RETURNS = 400


@dataclass(frozen=True, slots=True)
class Received:
    """One request as the server got it; header names are in lower case."""

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]


class WeatherServer:
    """A threaded HTTP server on a free port of this machine; see the module's words for its modes."""

    def __init__(
        self,
        mode: str = "ok",
        bodies: Mapping[str, Body] | None = None,
        *,
        failures: int | None = None,
        retry_after: str = "0",
        slow_seconds: float = 5,
        until_at_once: int | None = None,
    ) -> None:
        self.mode = mode
        self.until_at_once = until_at_once
        self.together = threading.Event()
        self.bodies = dict(bodies or {})
        self.requests: list[Received] = []
        self.most_at_once = 0
        self.retry_after = retry_after
        self.slow_seconds = slow_seconds
        self.closing = threading.Event()
        self._failures_left = 1 if mode == "rate_limited" and failures is None else failures
        self._at_once = 0
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_for(self))
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        """The base address."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self.together.set()
        self._server.shutdown()
        self._server.server_close()

    def receive(self, request: Received) -> str:
        """Record a request, and return the mode of its response."""
        with self._lock:
            self.requests.append(request)
            if self._failures_left is None:
                return self.mode
            self._failures_left -= 1
            return self.mode if self._failures_left >= 0 else "ok"

    @contextlib.contextmanager
    def counted(self) -> Generator[None]:
        """Count a request among those answered at this moment, for ``most_at_once``."""
        with self._lock:
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
            if self._at_once == self.until_at_once:
                self.together.set()
        yield
        with self._lock:
            self._at_once -= 1

    def refusal(self, request: Received) -> int | None:
        """The status with which to turn a request away, whatever the mode."""
        return None

    def body_for(self, request: Received) -> str:
        """The body of a good answer."""
        body = self.bodies.get(request.path.rsplit("/", 1)[-1], "[]")
        return body if isinstance(body, str) else body(request.query)

    def content(self, request: Received) -> bytes:
        """The bytes of a good answer; a cache file is gzipped."""
        body = self.body_for(request).encode()
        return gzip.compress(body) if request.path.endswith(".gz") else body


class AviationWeatherServer(WeatherServer):
    """Stands for aviationweather.gov/api/data: ``/metar`` and ``/taf``, and for its cache files."""


class OpenWeatherMapServer(WeatherServer):
    """Stands for api.openweathermap.org/data/3.0: ``/onecall``, with ``appid`` equal to ``key``."""

    def __init__(
        self,
        mode: str = "ok",
        bodies: Mapping[str, Body] | None = None,
        *,
        key: str,
        failures: int | None = None,
        slow_seconds: float = 5,
        until_at_once: int | None = None,
    ) -> None:
        super().__init__(mode, bodies, failures=failures, slow_seconds=slow_seconds, until_at_once=until_at_once)
        self.key = key

    def refusal(self, request: Received) -> int | None:
        """401 for a wrong key."""
        return None if request.query.get("appid") == self.key else 401


class NationalBlendServer(WeatherServer):
    """Stands for the open-data bucket noaa-nbm-grib2-pds: objects by their keys, and 404 where there is none."""

    def refusal(self, request: Received) -> int | None:
        """404 for a cycle that is not there."""
        return None if request.path.removeprefix("/") in self.bodies else 404

    def body_for(self, request: Received) -> str:
        """The object's content."""
        body = self.bodies.get(request.path.removeprefix("/"), "")
        return body if isinstance(body, str) else body(request.query)


def simulated_bulletins(airports: DataFrame, hour_utc: datetime) -> dict[str, Body]:
    """Bulletins by their paths, from the simulated sky: those of the cycle before an hour."""
    answers = SimulatedWeather().fetch(airports, hour_utc)
    return {answer.request: answer.body or "" for answer in answers if answer.product in {"nbh", "nbs"}}


def simulated_bodies(airports: DataFrame, hour_utc: datetime) -> dict[str, Body]:
    """Bodies for both servers, from the simulated sky: reports for the idents asked, One Call for the position."""
    answers = SimulatedWeather().fetch(airports, hour_utc)
    reports = {a.product: json.loads(a.body or "[]") for a in answers if a.product in {"metar", "taf"}}
    positions = {a.request.split("&units")[0]: a.body or "" for a in answers if a.product == "one_call"}

    def of(product: str) -> Callable[[Mapping[str, str]], str]:
        return lambda query: json.dumps([r for r in reports.get(product, []) if r["icaoId"] in query["ids"].split(",")])

    def metars(query: Mapping[str, str]) -> str:
        return history(airports, query) if "date" in query else of("metar")(query)

    return {
        "metar": metars,
        "taf": of("taf"),
        "onecall": lambda query: positions[f"onecall?lat={query['lat']}&lon={query['lon']}"],
    }


def history(airports: DataFrame, query: Mapping[str, str]) -> str:
    """METARs of the simulated sky as the Center returns them for ``date`` and ``hours``: the newest 400, in order."""
    until = datetime.strptime(query["date"], "%Y%m%d_%H%M").replace(tzinfo=UTC)
    since = (until - int(query["hours"]) * HOUR).timestamp()
    asked = airports[airports["airport"].isin(query["ids"].split(","))]
    answers = SimulatedWeather().fetch_metars(asked, int(query["hours"]) + 1, until + HOUR)
    reports = [report for answer in answers for report in json.loads(answer.body or "[]")]
    taken = [report for report in reports if since < report["obsTime"] <= until.timestamp()]
    return json.dumps(sorted(taken, key=lambda report: -report["obsTime"])[:CENTER_RETURNS])


def _handler_for(server: WeatherServer) -> type[BaseHTTPRequestHandler]:
    class Handler(_Handler):
        provider = server

    return Handler


class _Handler(BaseHTTPRequestHandler):
    provider: WeatherServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer in the mode of the moment."""
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Received(parts.path, dict(parse_qsl(parts.query)), headers)
        mode = self.provider.receive(request)
        refused = self.provider.refusal(request)
        # The client may have heard enough before all is said.
        with self.provider.counted(), contextlib.suppress(ConnectionError):
            if refused is not None:
                self._reply(refused, json.dumps({"cod": refused, "message": f"refused: {self.path}"}).encode())
            else:
                getattr(self, f"_{mode}")(request, self.provider.content(request))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002, the standard library's name
        """Log nothing: tests look at ``requests``."""

    def _reply(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if status not in {204, 304}:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _ok(self, request: Received, body: bytes) -> None:
        if "gzip" in request.headers.get("accept-encoding", ""):
            self._reply(200, gzip.compress(body), Content_Encoding="gzip", Content_Type="application/json")
        else:
            self._reply(200, body, Content_Type="application/json")

    def _empty(self, _request: Received, _body: bytes) -> None:
        self._reply(204)

    def _empty_list(self, _request: Received, _body: bytes) -> None:
        self._reply(200, b"[]")

    def _rate_limited(self, _request: Received, _body: bytes) -> None:
        self._reply(429, b"too many requests", Retry_After=self.provider.retry_after)

    def _rejected(self, _request: Received, _body: bytes) -> None:
        self._reply(400, b"invalid ids")

    def _moved(self, _request: Received, _body: bytes) -> None:
        self._reply(302, Location=f"http://elsewhere.invalid{self.path}")

    def _server_error(self, _request: Received, _body: bytes) -> None:
        self._reply(503, b"unavailable")

    def _slow(self, request: Received, body: bytes) -> None:
        if self.provider.until_at_once is None:
            self.provider.closing.wait(self.provider.slow_seconds)
        else:
            self.provider.together.wait(self.provider.slow_seconds)
            self.provider.closing.wait(A_MOMENT_SECONDS)  # in which one too many would come
        self._ok(request, body)

    def _html(self, _request: Received, _body: bytes) -> None:
        self._reply(200, HTML.encode(), Content_Type="text/html")

    def _truncated(self, _request: Received, body: bytes) -> None:
        self._reply(200, body[: len(body) // 2])

    def _cut_off(self, _request: Received, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body) + 1))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def _garbage(self, _request: Received, _body: bytes) -> None:
        self._reply(200, GARBAGE)

    def _bad_gzip(self, _request: Received, body: bytes) -> None:
        self._reply(200, body, Content_Encoding="gzip")

    def _etag(self, request: Received, body: bytes) -> None:
        if request.headers.get("if-none-match") == ETAG:
            self._reply(304, ETag=ETAG)
        else:
            self._reply(200, body, ETag=ETAG)

    def _reset(self, _request: Received, _body: bytes) -> None:
        # Closing with a linger of nothing sends RST in place of FIN.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def _huge(self, _request: Received, _body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(HUGE_MEGABYTES * 1024 * 1024))
        self.end_headers()
        for _ in range(HUGE_MEGABYTES):
            self.wfile.write(b" " * 1024 * 1024)
