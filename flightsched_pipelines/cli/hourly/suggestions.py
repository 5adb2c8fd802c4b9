"""Suggest what a school may learn from its record: ``flightsched suggestions``."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer
from rich import box
from rich.table import Table

from flightsched_pipelines.cli.arguments import Json, Since, Until, parse_period
from flightsched_pipelines.cli.console import UsageError, console, print_json
from flightsched_pipelines.cli.session import open_session
from flightsched_pipelines.domain.verification.columns import LEADS_HOURS
from flightsched_pipelines.domain.verification.suggestions import (
    BiasSuggestion,
    SchoolSuggestions,
    TemporarySuggestion,
)
from flightsched_pipelines.domain.verification.track_record import LEAST_CASES
from flightsched_pipelines.services.suggestions import suggest


def suggestions(
    since: Since = None,
    until: Until = None,
    lead: Annotated[int, typer.Option(help="Hours that the forecasts were known ahead: 1, 3, 6, 12, 24 or 48.")] = 6,
    as_json: Json = False,
) -> None:
    """Suggest when to act on TEMPO and PROB, and show biased sources, with what a change would have cost and saved."""
    since_utc, until_utc = parse_period(since, until)
    if lead not in LEADS_HOURS:
        raise UsageError(f"--lead is {lead}; give one of {', '.join(map(str, LEADS_HOURS))} hours")
    _, engine = open_session()
    found = suggest(engine, since_utc, until_utc, lead)
    if as_json:
        print_json([asdict(one) for one in found])
        return
    for one in found:
        _print(one)
    console.print("Nothing is applied: docs/concepts/verification.md says how to act on it by hand.", style="dim")


def _print(found: SchoolSuggestions) -> None:
    console.print(f"{found.school}: a missed move costs {found.missed_move_cost:g} needless ones", markup=False)
    if not found.temporary and not found.biases:
        console.print(f"No event has {LEAST_CASES} cases at its airports yet.")
    if found.temporary:
        console.print(_temporary(found.temporary))
    if found.biases:
        console.print(_biases(found.biases))


def _temporary(found: Sequence[TemporarySuggestion]) -> Table:
    table = Table("source", "event", "act from", "came true", "missed avoided", "needless added", "gain", "advice",
                  box=box.SIMPLE_HEAD)  # fmt: skip
    for one in found:
        table.add_row(
            one.source, one.event, f"{one.least_percent} %",
            f"{one.came_true} of {one.cases} ({one.low:.0%} to {one.high:.0%})".replace("%", " %"),
            f"{one.missed_avoided}", f"{one.needless_added}", f"{one.gain:+.4g}", one.advice,
        )  # fmt: skip
    return table


def _biases(found: Sequence[BiasSuggestion]) -> Table:
    table = Table("airport", "source", "event", "forecast", "observed", "bias", "needless avoided", "missed added",
                  "gain if not acted on", "advice", box=box.SIMPLE_HEAD)  # fmt: skip
    for one in found:
        table.add_row(
            one.airport, one.source, one.event, f"{one.forecast}", f"{one.observed}",
            one.bias_words, f"{one.needless_avoided}", f"{one.missed_added}",
            f"{one.gain:+.4g}", one.advice,
        )  # fmt: skip
    return table
