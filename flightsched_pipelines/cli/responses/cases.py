"""List cases, and show one with its history: ``flightsched cases`` and ``case``."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich import box
from rich.markup import escape
from rich.table import Table

from flightsched_pipelines.cli.arguments import CaseName, Json, find_case
from flightsched_pipelines.cli.console import console, print_json
from flightsched_pipelines.cli.session import open_session
from flightsched_pipelines.database.queries.cases import case_history
from flightsched_pipelines.database.queries.cases.case_history import CaseHistory, CaseSummary
from flightsched_pipelines.database.queries.schedule.booking_moves import Move
from flightsched_pipelines.domain.risk.breach_text import breach_brief
from flightsched_pipelines.formatting import format_period, format_time
from flightsched_pipelines.services.credentials import slot_warnings
from flightsched_pipelines.services.notifications.directory import Directory
from flightsched_pipelines.services.notifications.findings import breaches_of_cases
from flightsched_pipelines.services.pages.history import history_of
from flightsched_pipelines.text import one_line


def cases(
    only_open: Annotated[bool, typer.Option("--open", help="Only cases awaiting an answer.")] = False,
    as_json: Json = False,
) -> None:
    """List cases: the open ones by their deadline, or the newest hundred."""
    _, engine = open_session()
    found = case_history.case_summaries(engine, open_only=only_open)
    with engine.connect() as connection:
        gravest = breaches_of_cases(connection, {(one.booking_id, one.opened_hour) for one in found})
    reasons = {key: breach_brief(breaches[0]) for key, breaches in gravest.items()}
    if as_json:
        print_json([_record(one, reasons.get((one.booking_id, one.opened_hour))) for one in found])
        return
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for name, width in {"case": 3, "lesson": 20, "who": 20, "state and reason": 14, "answer by": 14}.items():
        table.add_column(name, min_width=width, overflow="fold")
    for one in found:
        zone = one.time_zone
        table.add_row(
            str(one.case_id),
            f"{one.reference} {one.departure}\n{format_time(one.starts_at_utc, zone)}",
            escape("\n".join(_people(one))),
            escape("\n".join(filter(None, (_state(one), reasons.get((one.booking_id, one.opened_hour)))))),
            format_time(one.deadline_utc, zone),
        )
    console.print(table if found else "No open cases." if only_open else "No cases yet.")


def case(name: CaseName, as_json: Json = False) -> None:
    """Show one case: its lesson, its alternatives, and its history."""
    _, engine = open_session()
    story = case_history.case_history(engine, find_case(engine, name))
    if story is None:  # it is there: cases are never deleted
        raise AssertionError(name)
    one = story.summary
    with engine.connect() as connection:
        moves = [Move(story.case.booking_id, offer.slot) for offer in story.case.offers.values()]
        warned = slot_warnings(connection, moves, datetime.now(UTC))
        directory = Directory.read(connection, [story.case.booking_id])
        found = breaches_of_cases(connection, {(one.booking_id, one.opened_hour)})
    reasons = [breach_brief(breach) for breach in found.get((one.booking_id, one.opened_hour), ())]
    warnings = {place: warned.get((one.booking_id, offer.slot), ()) for place, offer in story.case.offers.items()}
    if as_json:
        forms = {place: directory.form(offer.slot) for place, offer in story.case.offers.items()}
        print_json(_whole(story, reasons, warnings, forms))
        return
    _print_lesson(story, reasons)
    for place, offer in story.case.offers.items():
        held = story.case.hold
        mark = " (held)" if held is not None and held.slot == offer.slot else ""
        when = format_period(offer.slot.starts_at_utc, offer.slot.ends_at_utc, one.time_zone)
        console.print(f"  {place}. {when}{mark}  {offer.reason}", markup=False)
        for warning in warnings[place]:
            console.print(f"     {warning}", markup=False)
    table = Table("when", "what", "who", "why", box=box.SIMPLE_HEAD)
    for line in history_of(story.events, story.responses):
        table.add_row(format_time(line.at, one.time_zone), line.what, escape(line.who), escape(line.why))
    console.print(table)


def _print_lesson(story: CaseHistory, reasons: Sequence[str]) -> None:
    one, lesson = story.summary, story.case.lesson
    when = format_period(lesson.starts_at_utc, lesson.ends_at_utc, one.time_zone)
    console.print(
        f"[bold]Case {one.case_id}[/bold], {one.reference} {one.departure}, {when}: [bold]{_state(one)}[/bold]"
    )
    for line in (*_people(one), *reasons):
        console.print(f"  {line}", markup=False)
    if story.note:
        console.print(f"  The student's note: {one_line(story.note)}", markup=False)


def _state(one: CaseSummary) -> str:
    if one.moved_to_utc is not None and one.form != "flight":
        return f"{one.state} as a {one.form} lesson"
    if one.moved_to_utc is not None:
        return f"{one.state} to {format_time(one.moved_to_utc, one.time_zone)}"
    return f"{one.state}, held until {format_time(one.held_until, one.time_zone)}" if one.held_until else one.state


def _people(one: CaseSummary) -> list[str]:
    """Return who flies, with whom and in what, each with the number to call."""
    people = [("", one.student, one.student_phone)]
    people.append(("with ", one.instructor, one.instructor_phone) if one.instructor else ("", "solo", None))
    named = [f"{word}{name}{f' {phone}' if phone else ''}" for word, name, phone in people]
    return [*named, f"{one.aircraft} {one.aircraft_type}"]


def _record(one: CaseSummary, reason: str | None) -> dict[str, object]:
    return {**asdict(one), "reason": reason}


def _whole(
    story: CaseHistory, reasons: Sequence[str], warnings: Mapping[int, Sequence[str]], forms: Mapping[int, str]
) -> dict[str, object]:
    held = story.case.hold
    return {
        **_record(story.summary, reasons[0] if reasons else None),
        "reasons": list(reasons),
        "note": story.note,
        "alternatives": [
            {
                "number": number,
                "starts_at_utc": offer.slot.starts_at_utc,
                "ends_at_utc": offer.slot.ends_at_utc,
                "held": held is not None and held.slot == offer.slot,
                "form": forms[number],
                "reason": offer.reason,
                "warnings": list(warnings[number]),
            }
            for number, offer in story.case.offers.items()
        ],
        "history": [asdict(line) for line in history_of(story.events, story.responses)],
    }
