"""Print an hour's summary, and explain one booking: ``flightsched explain``."""

from typing import Annotated

import typer
from rich import box
from rich.table import Table

from flightsched_pipelines.cli.arguments import Hour, parse_hour
from flightsched_pipelines.cli.console import console
from flightsched_pipelines.cli.session import open_session
from flightsched_pipelines.formatting import format_time, format_utc, plural
from flightsched_pipelines.services.hourly.hour_summary import HourSummary, ThreatenedLesson, explain_booking

SHOWN_LESSONS = 15


def print_report(report: HourSummary, command: str = "flightsched") -> None:
    """Print figures first, then the soonest threatened lessons with their alternatives."""
    console.print()
    console.print(f"[bold]The hour {format_utc(report.hour_utc)}[/bold]   weather: {report.weather_source}")
    console.print(
        f"{plural(report.bookings, 'lesson')} in the next {report.lookahead_hours} hours: "
        f"[red]{report.at_risk} below the school's minimums[/red], [yellow]{report.watch} to watch[/yellow], "
        f"{report.unknown} unknown ({report.unknown_within_24_hours} of them within 24 hours), "
        f"[green]{report.ok} with nothing below the minimums[/green]"
    )
    if report.not_assessed:
        console.print(f"[yellow]{report.not_assessed} of them have no stored verdict, and count as unknown[/yellow]")
    console.print(
        f"{plural(report.proposals, 'alternative')} proposed; lessons with three: {report.with_three_alternatives}, "
        f"without any: {report.without_alternatives}{_why_none(report)}   ({report.seconds:g} s)"
    )
    console.print(
        f"Ranked by the LLM for {plural(report.ranked_by_llm, 'lesson')}, by the planner for the others."
        if report.ranked_by_llm
        else "Ranked by the planner."
    )
    for failure in report.weather_failures:
        console.print(f"[yellow]weather:[/yellow] {failure}")
    if report.lessons:
        console.print(_table(report.lessons[:SHOWN_LESSONS]))
    if len(report.lessons) > SHOWN_LESSONS:
        console.print(f"... and {len(report.lessons) - SHOWN_LESSONS} more, in pipeline.at_risk_bookings", style="dim")
    if report.lessons:
        console.print(f"Full explanation: {command} explain {report.lessons[0].reference}", style="dim")


def _why_none(report: HourSummary) -> str:
    reasons = ", ".join(f"{reason}: {lessons}" for reason, lessons in report.unplaceable.items())
    return f" ({reasons})" if reasons else ""


def _table(lessons: tuple[ThreatenedLesson, ...]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("lesson", no_wrap=True)
    table.add_column("lesson")
    table.add_column("why", ratio=3)
    table.add_column("alternatives", ratio=2)
    for lesson in lessons:
        others = "\n".join(
            f"{number}. {format_time(alternative.starts_at_utc, lesson.time_zone)}"
            for number, alternative in enumerate(lesson.alternatives, start=1)
        )
        table.add_row(
            lesson.reference,
            f"{format_time(lesson.starts_at_utc, lesson.time_zone)} {lesson.departure}\n"
            f"{lesson.training_level.replace('_', ' ')}, {'solo' if lesson.solo else 'dual'}",
            lesson.why,
            others or "none available",
        )
    return table


def explain(
    booking: Annotated[str, typer.Argument(help="A booking's id or reference.")],
    hour: Hour = None,
) -> None:
    """Explain a booking's weather status, from the newest stored hour or the given one."""
    settings, engine = open_session()
    console.print(explain_booking(engine, booking, parse_hour(hour) if hour else None, settings), markup=False)
