"""Retries of an asset for transient faults, and for no others.

A `RetryPolicy` on the asset would retry every fault, bad input too, and would go on after a person ended the run:
Dagster applies it to interrupts. Hence a request for a retry, by the kind of fault.
"""

from collections.abc import Generator
from contextlib import contextmanager

import dagster as dg
import httpx

from flightsched_pipelines.database.engine import is_transient

MAX_RETRIES = 3

DELAYS = dg.RetryPolicy(max_retries=MAX_RETRIES, delay=2, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS)
"""About 2, 4 and 8 seconds: a database that restarts is back by then, and the hour is not late yet."""


@contextmanager
def retry_transient_faults(context: dg.AssetExecutionContext) -> Generator[None]:
    """Have Dagster retry the step where a transient fault ends the block; every other error fails it at once."""
    try:
        yield
    except Exception as error:  # every fault is looked at; those that will not pass are raised as they are
        if not may_be_over_soon(error):
            raise
        context.log.warning("%s; trying again", " ".join(str(error).split())[:300])
        wait = DELAYS.calculate_delay(context.retry_number + 1)
        raise dg.RetryRequested(max_retries=MAX_RETRIES, seconds_to_wait=wait) from error


def may_be_over_soon(error: BaseException) -> bool:
    """Return whether a fault may be gone at a second try: a lost connection, a deadlock, a server's 5xx."""
    if isinstance(error, httpx.HTTPStatusError):
        return error.response.is_server_error
    return is_transient(error) or isinstance(error, ConnectionError | TimeoutError | httpx.TransportError)
