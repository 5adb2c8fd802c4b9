"""Options common to several commands, and their parsing."""

import re
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated

import typer
from sqlalchemy import Engine

from flightsched_pipelines.cli.console import UsageError
from flightsched_pipelines.database.queries.cases.case_queries import case_named
from flightsched_pipelines.database.schema import FIRST_HOUR_UTC
from flightsched_pipelines.durations import DAY, hour_of

PERIOD_DAYS = 30
YEARS = range(2000, 2200)
HOUR_FORMAT = re.compile(r"(\d{4}-\d{2}-\d{2})[T -](\d{2})(?::00)?Z?")

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
CaseName = Annotated[str, typer.Argument(help="The case's number, or the booking's reference, such as PAO-1016.")]
Hour = Annotated[str | None, typer.Option(help="The hour in UTC, such as 2026-11-24T10. Default: the running hour.")]

Since = Annotated[
    str | None, typer.Option(help="First observed hour, UTC: 2027-01-11 or 2027-01-11T09:00Z; 30 days ago if unset.")
]
Until = Annotated[str | None, typer.Option(help="End of the observed hours, exclusive; now if unset.")]

NOT_FOUND_YET = 0
"""The case of a response whose text is validated before its case is looked up."""


def find_case(engine: Engine, name: str) -> int:
    """Return the number of a case that is named by it, or by its booking's reference.

    Raises:
        UsageError: there is none.
    """
    with engine.connect() as connection:
        found = case_named(connection, name)
    if found is None:
        is_number = name.isascii() and name.isdigit()
        raise UsageError(f"there is no case {'' if is_number else 'of '}{name}; `flightsched cases` lists them")
    return found


def parse_hour(text: str | None) -> datetime:
    """Return the given hour in UTC; the running hour by default."""
    running = hour_of(datetime.now(UTC))
    if text is None:
        return running
    matched = HOUR_FORMAT.fullmatch(text.strip())
    hour = None
    if matched is not None:
        with suppress(ValueError):  # the 31st of June
            hour = datetime.strptime(" ".join(matched.groups()), "%Y-%m-%d %H").replace(tzinfo=UTC)
    if hour is None:
        raise UsageError(f"--hour is '{text}'; give a full hour in UTC, such as {running:%Y-%m-%dT%H}")
    if hour > running:
        raise UsageError(f"--hour {text} has not come yet; the running hour is {running:%Y-%m-%dT%H}")
    if hour < FIRST_HOUR_UTC:
        raise UsageError(f"--hour {text} is before the first stored hour, {FIRST_HOUR_UTC:%Y-%m-%dT%H}")
    return hour


def parse_period(since: str | None, until: str | None) -> tuple[datetime, datetime]:
    """Return a period of observed hours, ``[since, until)`` in UTC; the last 30 days by default.

    Raises:
        UsageError: one of them is no time, or they are in the wrong order.
    """
    until_utc = datetime.now(UTC) if until is None else _moment("--until", until)
    since_utc = until_utc - PERIOD_DAYS * DAY if since is None else _moment("--since", since)
    if since_utc >= until_utc:
        raise UsageError(
            f"--since must be before --until; got {since_utc:%Y-%m-%dT%H:%MZ} and {until_utc:%Y-%m-%dT%H:%MZ}"
        )
    return since_utc, until_utc


def _moment(option: str, given: str) -> datetime:
    moment = None
    with suppress(ValueError):
        moment = datetime.fromisoformat(given)
    if moment is None or moment.year not in YEARS:
        raise UsageError(f"{option} is '{given[:40]}'; give a day or a time, such as 2027-01-11T09:00Z")
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
