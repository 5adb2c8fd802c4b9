"""Keep the weather of pages ready: an hour is read once when it is there, before its mails lead people here."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool

from flightsched_pipelines.portal.site import Site
from flightsched_pipelines.services.pages.school_weather import prepare

POLL_SECONDS = 10.0


@asynccontextmanager
async def prepared_weather(application: Starlette) -> AsyncGenerator[None]:
    """Look for a newer hour as long as the application runs; whoever opens a page sooner reads it then."""
    preparing = asyncio.create_task(_prepare(application.state.site))
    try:
        yield
    finally:
        preparing.cancel()
        with suppress(asyncio.CancelledError):
            await preparing


async def _prepare(site: Site) -> None:
    while True:
        await run_in_threadpool(prepare, site.engine, site.settings)
        await asyncio.sleep(POLL_SECONDS)
