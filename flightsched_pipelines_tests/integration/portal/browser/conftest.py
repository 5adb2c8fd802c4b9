"""One Chromium for the tests of this package, and a portal that runs for as long as a test."""

import re
import shutil
import threading
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect, sync_playwright
from sqlalchemy import Engine

from flightsched_pipelines.portal import server
from flightsched_pipelines.portal.site import Site
from flightsched_pipelines.services.notifications.dispatch import dispatch
from flightsched_pipelines_tests.conftest import clone, connected, keep_awake
from flightsched_pipelines_tests.integration.portal.browser.portal import LivePortal
from flightsched_pipelines_tests.integration.portal.visitor import PLENTY, Clock
from flightsched_pipelines_tests.integration.services.helpers import NOW, SETTINGS
from flightsched_pipelines_tests.servers.ports import free_port

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
WITHOUT_CHROMIUM = "Chromium is not in the path; install it for the browser tests (Debian: apt-get install chromium)"
FAILURES = Path(__file__).parents[4] / "browser-failures"
"""Screenshots and traces of tests that failed; ``playwright show-trace FILE`` shows a trace. Git ignores it."""

PATIENCE_MILLISECONDS = 120_000
"""Long enough that no slow machine decides a test."""

PHONE: ViewportSize = {"width": 360, "height": 740}
STATUS = "Failed to load resource"
"""The console's line about a page with the status of an error, which is expected of some pages."""

FAILED = pytest.StashKey[bool]()


class OpenPage(Protocol):
    """Open a window of its own."""

    def __call__(self, size: ViewportSize = PHONE, *, script: bool = True, dark: bool = False) -> Page:
        """Return an empty page."""
        ...


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember whether a test failed, for the fixture that keeps its traces."""
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


@pytest.fixture(scope="package")
def browser(told_template: str) -> Iterator[Browser]:  # noqa: ARG001, Playwright's loop runs in this thread: made before
    """Yield a browser; of this package, since no other event loop can run in its thread."""
    if CHROMIUM is None:
        pytest.skip(WITHOUT_CHROMIUM)
    expect.set_options(timeout=PATIENCE_MILLISECONDS)
    with (
        sync_playwright() as playwright,
        closing(playwright.chromium.launch(executable_path=CHROMIUM, timeout=PATIENCE_MILLISECONDS)) as chromium,
    ):
        yield chromium


@pytest.fixture
def open_page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[OpenPage]:
    """Yield a function that opens a window of its own, by default a phone's; what it showed is kept if a test fails."""
    windows: list[tuple[BrowserContext, Page]] = []
    complaints: list[str] = []

    def opened(size: ViewportSize = PHONE, *, script: bool = True, dark: bool = False) -> Page:
        theme = "dark" if dark else "light"
        context = browser.new_context(viewport=size, java_script_enabled=script, color_scheme=theme)
        context.set_default_timeout(PATIENCE_MILLISECONDS)
        context.tracing.start(screenshots=False, snapshots=True)
        page = context.new_page()
        page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        windows.append((context, page))
        return page

    yield opened
    failed = request.node.stash.get(FAILED, False)
    for number, (context, page) in enumerate(windows, start=1):
        if failed:
            name = re.sub(r"[^\w-]+", "-", request.node.name) + f"-{number}"
            page.screenshot(path=FAILURES / f"{name}.png", full_page=True)
            context.tracing.stop(path=FAILURES / f"{name}.zip")
        context.close()
    assert [line for line in complaints if STATUS not in line] == []


@pytest.fixture
def portal(told_engine: Engine, browser: Browser) -> Iterator[LivePortal]:  # noqa: ARG001, it skips first
    """Yield a portal on a database of the test's own."""
    with serving(told_engine) as portal:
        yield portal


@pytest.fixture
def mailing_portal(ticked_engine: Engine, browser: Browser) -> Iterator[LivePortal]:  # noqa: ARG001, it skips first
    """Yield a portal whose own links are in the messages that wait."""
    keep_awake(ticked_engine)
    with serving(ticked_engine) as portal:
        dispatch(ticked_engine, NOW, portal.settings)
        yield portal


@pytest.fixture(scope="package")
def shared_portal(server_home: Path, told_template: str, browser: Browser) -> Iterator[LivePortal]:  # noqa: ARG001
    """Yield a portal for tests that change nothing."""
    for url in clone(server_home, told_template):
        for engine in connected(url):
            with serving(engine) as portal:
                yield portal


@contextmanager
def serving(engine: Engine) -> Generator[LivePortal]:
    """Yield a portal that serves until the block ends, at the time of its clock."""
    port = free_port()
    settings = SETTINGS.model_copy(
        update={"base_url": f"http://127.0.0.1:{port}", "portal_requests_per_minute": PLENTY}
    )
    clock = Clock()
    served = _Server(server.config(Site(engine, settings, clock), "127.0.0.1", port))
    thread = threading.Thread(target=served.run, name="portal")
    thread.start()
    try:
        served.is_ready.wait()
        assert served.started, "the portal did not start"
        yield LivePortal(engine, settings, clock)
    finally:
        served.should_exit = True
        thread.join()


class _Server(uvicorn.Server):
    """A server that says when it is ready."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_ready = threading.Event()

    async def startup(self, sockets: Any = None) -> None:
        try:
            await super().startup(sockets)
        finally:
            self.is_ready.set()
