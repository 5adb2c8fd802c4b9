"""The portal and its rivals, each served by uvicorn in a process of its own, with one configuration."""

import asyncio
import json
import multiprocessing
import os
import socket
import time
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

import psutil
import uvicorn
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Route

from benchmarks.portal.world import NOW
from flightsched_pipelines.database.engine import connect
from flightsched_pipelines.portal.server import serve
from flightsched_pipelines.portal.site import Site
from flightsched_pipelines.settings import Settings

HOST = "127.0.0.1"
PLENTY = 1_000_000
START_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs: its port, and its process."""

    port: int
    process: BaseProcess

    @property
    def megabytes(self) -> float:
        """Return the memory that the process holds."""
        return float(psutil.Process(self.process.pid).memory_info().rss) / 2**20

    @property
    def cpu_seconds(self) -> float:
        """Return the time of a processor that the process has used."""
        times = psutil.Process(self.process.pid).cpu_times()
        return float(times.user + times.system)


def portal(url: str, port: int) -> None:
    """Serve the portal at the time of the benchmark's world; its log is written, and dropped."""
    site = Site(connect(settings_for(url, port)), settings_for(url, port), lambda: NOW)
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, redirect_stderr(nowhere):
        serve(site, HOST, port)


def settings_for(url: str, port: int) -> Settings:
    """Return the settings of the portal; all requests come from one address here, so its limit is out of reach."""
    return Settings(
        database_url=SecretStr(url), base_url=f"http://{HOST}:{port}", secret_key=SecretStr("k" * 40),
        mail_via="maildir", portal_requests_per_minute=PLENTY, dispatch_max_age_hours=24,
    )  # fmt: skip


def empty_page(_: str, port: int) -> None:
    """Serve a page without content."""

    async def page(_: Request) -> Response:
        return HTMLResponse("")

    _serve(Starlette(routes=[Route("/{path:path}", page)]), port)


def queue_a_listener(_: str, port: int) -> None:
    """Serve streams as one would write them first: a queue a listener, nothing stored, nothing replayed."""
    listeners: set[asyncio.Queue[str]] = set()

    async def stream(_: Request) -> Response:
        return StreamingResponse(events(), media_type="text/event-stream")

    async def events() -> AsyncGenerator[str]:
        mine: asyncio.Queue[str] = asyncio.Queue()
        listeners.add(mine)
        try:
            yield ": listening\n\n"
            while True:
                yield await mine.get()
        finally:
            listeners.discard(mine)

    async def publish(request: Request) -> Response:
        for queue in listeners:
            queue.put_nowait(f"data: {json.dumps({'number': request.path_params['number']})}\n\n")
        return Response()

    _serve(Starlette(routes=[Route("/stream", stream), Route("/publish/{number}", publish)]), port)


def _serve(application: Starlette, port: int) -> None:
    uvicorn.Server(uvicorn.Config(application, host=HOST, port=port, access_log=False, log_level="warning")).run()


@contextmanager
def serving(serve: Callable[[str, int], None], url: str) -> Generator[Server]:
    """Yield a server in a new process until the block ends."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = int(probe.getsockname()[1])
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(url, port), daemon=True)
    process.start()
    try:
        _wait(port, process)
        yield Server(port, process)
    finally:
        process.terminate()
        process.join()


def _wait(port: int, process: BaseProcess) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.is_alive():
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) == 0:
                return
        time.sleep(0.05)
    raise SystemExit(f"nothing listened on port {port} within {START_SECONDS} s")
