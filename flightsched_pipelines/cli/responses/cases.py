"""List cases, and show one with its history: ``flightsched cases`` and ``case``."""

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich import box
from rich.markup import escape
from rich.table import Table

from flightsched_pipelines.cli.arguments import CaseNumber
from flightsched_pipelines.cli.console import UsageError, console
from flightsched_pipelines.cli.session import open_session
from flightsched_pipelines.database.queries.cases import case_history
from flightsched_pipelines.database.queries.schedule.booking_moves import Move
from flightsched_pipelines.formatting import format_period, format_time
from flightsched_pipelines.services.credentials import slot_warnings
from flightsched_pipelines.text import one_line


def cases(only_open: Annotated[bool, typer.Option("--open", help="Only cases awaiting an answer.")] = False) -> None:
    """List cases: the open ones by their deadline, or the newest hundred."""
    _, engine = open_session()
    table = Table("case", "booking", "lesson", "state", "answer by", "held until", box=box.SIMPLE_HEAD)
    found = case_history.case_summaries(engine, open_only=only_open)
    for one in found:
        table.add_row(
            str(one.case_id), f"{one.reference} {one.departure}",
            format_time(one.starts_at_utc, one.time_zone),
            one.state, format_time(one.deadline_utc, one.time_zone),
            format_time(one.held_until, one.time_zone) if one.held_until else "",
        )  # fmt: skip
    console.print(table if found else "No open cases." if only_open else "No cases yet.")


def case(number: CaseNumber) -> None:
    """Show one case: its lesson, its alternatives, and its history."""
    _, engine = open_session()
    story = case_history.case_history(engine, number)
    if story is None:
        raise UsageError(f"there is no case {number}; `flightsched cases` lists them")
    zone, lesson = story.summary.time_zone, story.case.lesson
    when = format_period(lesson.starts_at_utc, lesson.ends_at_utc, zone)
    console.print(
        f"[bold]Case {number}[/bold], {story.summary.reference} {story.summary.departure}, "
        f"{when}: [bold]{story.summary.state}[/bold]"
    )
    if story.note:
        console.print(f"The student's note: {one_line(story.note)}", markup=False)
    with engine.connect() as connection:
        moves = [Move(story.case.booking_id, offer.slot) for offer in story.case.offers.values()]
        warned = slot_warnings(connection, moves, datetime.now(UTC))
    for place, offer in story.case.offers.items():
        held = story.case.hold
        mark = " (held)" if held is not None and held.slot == offer.slot else ""
        when = format_period(offer.slot.starts_at_utc, offer.slot.ends_at_utc, zone)
        console.print(f"  {place}. {when}{mark}  {offer.reason}", markup=False)
        for warning in warned.get((story.case.booking_id, offer.slot), ()):
            console.print(f"     {warning}", markup=False)
    told = [(event.at, event.event, event.actor, event.why) for event in story.events]
    told += [
        (answer.received_at, f"({answer.action} refused)", answer.role, answer.sentence)
        for answer in story.responses
        if answer.outcome != "applied"
    ]
    told += [
        (answer.received_at, "(reason)", answer.role, answer.reason) for answer in story.responses if answer.reason
    ]
    table = Table("when", "what", "who", "why", box=box.SIMPLE_HEAD)
    for at, what, who, why in sorted(told, key=lambda line: line[0]):
        table.add_row(format_time(at, zone), what, who, escape(why))
    console.print(table)
