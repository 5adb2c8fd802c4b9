"""Score the forecasts of a period: ``flightsched verify``."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich import box
from rich.markup import escape
from rich.table import Table

from flightsched_pipelines.cli.arguments import Json, Since, Until, parse_period
from flightsched_pipelines.cli.console import UsageError, console, errors, print_json
from flightsched_pipelines.cli.session import open_session
from flightsched_pipelines.clients.weather.weather_source import weather_source
from flightsched_pipelines.domain.verification.event_words import event_words
from flightsched_pipelines.domain.verification.national_marks import SENTENCE
from flightsched_pipelines.domain.verification.scores import Brier, Score
from flightsched_pipelines.formatting import plural
from flightsched_pipelines.services.verification import (
    ForecastScores,
    VerdictScores,
    is_known_airport,
    score_forecasts,
    score_verdicts,
)
from flightsched_pipelines.services.verification_backfill import backfill

MOST_NAMED = 10
"""Unreadable METARs that are named; `--json` has all of them."""

NO_RECORD = (
    "No forecast of these hours was compared with observations; each hour that runs compares those of the hour before."
)


def verify(
    since: Since = None,
    until: Until = None,
    airport: Annotated[str | None, typer.Option(help="Only this airport, by its ICAO ident.")] = None,
    verdicts: Annotated[bool, typer.Option("--verdicts", help="Score the verdicts of lessons instead.")] = False,
    missed_move_cost: Annotated[
        float | None,
        typer.Option(
            min=0.01,
            max=100,
            help="With --verdicts: as many needless moves cost as much as a missed one; each school's own if unset.",
        ),
    ] = None,
    by_month: Annotated[
        bool, typer.Option("--by-month", help="The scores of each month apart (of observed hours, UTC).")
    ] = False,
    is_backfill: Annotated[
        bool,
        typer.Option("--backfill", help="Verify the TAFs of hours without a record, as far back as 15 days, instead."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Score each source's forecasts against METARs: POD, FAR, CSI, bias and Brier score, with their counts."""
    if is_backfill:
        if since or until or airport or verdicts or by_month or missed_move_cost is not None:
            raise UsageError("--backfill takes all of the last 15 days; leave the other options out")
        _backfill(as_json)
        return
    since_utc, until_utc = parse_period(since, until)
    if verdicts and airport:
        raise UsageError("--verdicts and --airport exclude each other: a lesson may be at several airports")
    if verdicts and by_month:
        raise UsageError("--by-month is of forecasts; leave out --verdicts, or give --since and --until of the month")
    if missed_move_cost is not None and not verdicts:
        raise UsageError("--missed-move-cost is of --verdicts; give both, or leave it out")
    _, engine = open_session()
    if verdicts:
        _print_verdicts(score_verdicts(engine, since_utc, until_utc, missed_move_cost), as_json)
        return
    if airport and not is_known_airport(engine, airport.upper()):
        raise UsageError(f"--airport is '{airport[:40]}', which no school uses; give an ICAO ident, such as KPAO")
    found = score_forecasts(engine, since_utc, until_utc, airport and airport.upper(), by_month=by_month)
    if as_json:
        print_json([asdict(one) for one in found])
    elif not found:
        console.print(NO_RECORD)
    else:
        console.print(_table(found))
        console.print(SENTENCE, style="dim")


def _backfill(as_json: bool) -> None:
    settings, engine = open_session()
    errors.print("fetching 15 days of METARs and TAFs; for many airports that takes some minutes")
    done = backfill(engine, weather_source(settings), datetime.now(UTC), settings)
    if as_json:
        print_json(asdict(done))
        return
    left = f"; {done.incomplete} did not come whole: the same command tries them again" if done.incomplete else ""
    verified = f"{plural(done.hours, 'hour')} verified by TAFs and METARs, {plural(done.pairs, 'pair')}"
    console.print(f"{verified}; {done.already} had a record{left}")
    if done.unreadable:
        shown = ", ".join(done.unreadable[:MOST_NAMED]) + (", ..." if len(done.unreadable) > MOST_NAMED else "")
        console.print(
            f"{plural(len(done.unreadable), 'METAR')} could not be read; what the others of the hour do not have is "
            f"missing: {escape(shown)}"
        )
    console.print(
        "Guidance, One Call and verdicts of the past cannot be had: they are verified from now on", style="dim"
    )


def _print_verdicts(found: list[VerdictScores], as_json: bool) -> None:
    if as_json:
        print_json([asdict(one) for one in found])
        return
    table = Table(
        "school", "cost of a missed move", "level", "lead", "pairs", "missing", "below minimums", "FIRM", "needless",
        "missed", box=box.SIMPLE_HEAD,
    )  # fmt: skip
    for one in found:
        came_true = f"came true {one.came_true} of {one.at_risk} times"
        firm = ("0", "", "", "") if one.firm is None else (f"{one.firm.cases}", f"{one.firm.score:.3f}",
            f"{one.firm.needless:.3f}", f"{one.firm.missed:.3f}")  # fmt: skip
        table.add_row(
            escape(one.school), f"{one.missed_move_cost:g} needless ones", one.training_level, f"{one.lead_hours} h",
            firm[0], f"{one.missing}", came_true, *firm[1:],
        )  # fmt: skip
    console.print(table if found else "No verdict of these hours was compared with observations.")


def _table(found: list[ForecastScores]) -> Table:
    months = ["month"] if found[0].month else []
    table = Table(
        *months, "source", "event", "part", "lead", "pairs", "missing", "POD", "FAR", "CSI", "bias",
        "Brier (rel - res + unc)", box=box.SIMPLE_HEAD,
    )  # fmt: skip
    for one in found:
        table.add_row(
            *([one.month] if one.month else []), one.source, event_words(one.element, one.threshold), one.part,
            f"{one.lead_hours} h", f"{one.counts.pairs}", f"{one.counts.missing}", _share(one.scores.pod),
            _share(one.scores.far), _share(one.scores.csi),
            "" if one.scores.bias is None else f"{one.scores.bias:.2f}", _brier(one.brier),
        )  # fmt: skip
    return table


def _share(score: Score) -> str:
    if score.value is None:
        return ""
    return f"{score.value:.2f} ({score.low:.2f} to {score.high:.2f}, of {score.cases})"


def _brier(brier: Brier | None) -> str:
    if brier is None:
        return ""
    return f"{brier.score:.3f} ({brier.reliability:.3f} - {brier.resolution:.3f} + {brier.uncertainty:.3f})"
