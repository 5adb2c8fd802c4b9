"""Print an hour's summary, and explain one booking: ``flightsched explain``."""

from dataclasses import asdict
from typing import Annotated

import typer
from rich import box
from rich.markup import escape
from rich.table import Table

from flightsched_pipelines.cli.arguments import Hour, Json, parse_hour
from flightsched_pipelines.cli.console import console, print_json
from flightsched_pipelines.cli.session import open_session
from flightsched_pipelines.domain.risk.breach_text import difference, forecast_value, limit_words, rule_name
from flightsched_pipelines.formatting import format_period, format_time, format_utc, plural
from flightsched_pipelines.services.hourly.explanation import Explanation, explain_booking
from flightsched_pipelines.services.hourly.hour_summary import HourSummary, ThreatenedLesson

SHOWN_LESSONS = 8
LEVELS = {"student_pilot": "student", "private_pilot": "private", "instrument_rated": "rated"}
VERDICT_WORDS = {
    "at_risk": "Below the school's minimums", "unknown": "Unknown", "watch": "To watch",
    "ok": "Nothing below the school's minimums",
}  # fmt: skip
COLOURS = {"at_risk": "red", "unknown": "magenta", "watch": "yellow", "ok": "green"}


def print_report(report: HourSummary) -> None:
    """Print an hour on one screen: counts, then a line for each of the soonest lessons below the minimums."""
    console.print()
    console.print(f"[bold]The hour {format_utc(report.hour_utc)}[/bold]   weather: {report.weather_source}")
    console.print(
        f"{plural(report.bookings, 'lesson')} in the next {plural(report.lookahead_hours, 'hour')}: "
        f"[red]{report.at_risk} below the school's minimums[/red], [yellow]{report.watch} to watch[/yellow], "
        f"{report.unknown} unknown ({report.unknown_within_24_hours} within 24 hours), {report.beyond_reach} beyond "
        f"the forecast's reach, [green]{report.ok} with nothing below the minimums[/green]"
    )
    if report.not_assessed:
        console.print(f"[yellow]{report.not_assessed} of them have no stored verdict, and count as unknown[/yellow]")
    ranked = (
        f"the LLM ranked those of {plural(report.ranked_by_llm, 'lesson')}"
        if report.ranked_by_llm
        else ("the planner ranked them")
    )
    console.print(
        f"{plural(report.proposals, 'alternative')} proposed, {ranked}; lessons with three: "
        f"{report.with_three_alternatives}, without any: {report.without_alternatives}{_why_none(report)} "
        f"({report.seconds:g} s)"
    )
    for failure in report.weather_failures:
        console.print(f"[yellow]weather:[/yellow] {failure}")
    if not report.lessons:
        return
    console.print(_table(report.lessons[:SHOWN_LESSONS]))
    if len(report.lessons) > SHOWN_LESSONS:
        left = len(report.lessons) - SHOWN_LESSONS
        console.print(f"and {left} more: `flightsched board` shows them all", style="dim")
    console.print(f"why, hour by hour: `flightsched explain {report.lessons[0].reference}`", style="dim")


def _why_none(report: HourSummary) -> str:
    reasons = ", ".join(f"{reason}: {lessons}" for reason, lessons in report.unplaceable.items())
    return f" ({reasons})" if reasons else ""


def _table(lessons: tuple[ThreatenedLesson, ...]) -> Table:
    """Return a line a lesson, cut off where the terminal ends."""
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    whole = {"lesson": 8, "starts": 20, "student": 7, "gravest breach": None, "best alternative": 20}
    for name, width in whole.items():
        table.add_column(name, no_wrap=True, overflow="ellipsis", min_width=width)
    for lesson in lessons:
        table.add_row(
            lesson.reference,
            format_time(lesson.starts_at_utc, lesson.time_zone),
            LEVELS[lesson.training_level],
            f"[red]{escape(lesson.gravest)}[/red]",
            _best(lesson),
        )
    return table


def _best(lesson: ThreatenedLesson) -> str:
    if not lesson.alternatives:
        return "none available"
    best = lesson.alternatives[0]
    return format_time(best.starts_at_utc, lesson.time_zone) if best.form == "flight" else f"as {best.form} lesson"


def explain(
    booking: Annotated[str, typer.Argument(help="A booking's id or reference.")],
    hour: Hour = None,
    as_json: Json = False,
) -> None:
    """Explain a booking's weather status, from the newest stored hour or the given one."""
    settings, engine = open_session()
    found = explain_booking(engine, booking, parse_hour(hour) if hour else None, settings)
    if as_json:
        print_json(asdict(found))
        return
    when = format_period(found.starts_at_utc, found.ends_at_utc, found.time_zone)
    level = f"{found.training_level.replace('_', ' ')}, {'solo' if found.solo else 'dual'}"
    console.print(f"[bold]{escape(found.reference)}[/bold] {found.departure}, {when}, {level}")
    if found.verdict is None or not found.breaches:
        console.print(found.words, markup=False)
        _print_beside(found)
        return
    hour_words = f"as of the hour {format_utc(found.hour_utc)}"
    console.print(f"[bold {COLOURS[found.verdict]}]{VERDICT_WORDS[found.verdict]}[/], {hour_words}")
    console.print(_breaches(found))
    _print_beside(found)
    lines = dict.fromkeys(f"{one.source}: {one.line}" for one in found.breaches if one.line)
    for line in lines:
        console.print(line, markup=False)


def _print_beside(found: Explanation) -> None:
    if found.uncertainty:
        console.print(f"[yellow]Uncertain:[/yellow] {escape(found.uncertainty)}")
    if found.advice:
        console.print(f"Advice: {found.advice}", markup=False)


def _breaches(found: Explanation) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("hour", "what", "forecast", "limit", "margin", "source"):
        table.add_column(name, overflow="fold")
    for one in found.breaches:
        breach = one.breach
        table.add_row(
            format_time(breach.from_utc, found.time_zone),
            escape(f"{rule_name(breach)} {breach.airport}"),
            forecast_value(breach),
            limit_words(breach),
            difference(breach),
            one.source,
        )
    return table
