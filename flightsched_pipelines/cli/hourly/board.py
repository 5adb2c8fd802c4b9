"""Draw the schedule of the days ahead in the terminal: ``flightsched board``."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

import typer
from rich.cells import set_cell_size
from rich.text import Text

from flightsched_pipelines.cli.arguments import Json
from flightsched_pipelines.cli.console import console, print_json
from flightsched_pipelines.cli.session import open_session
from flightsched_pipelines.durations import hour_of
from flightsched_pipelines.formatting import format_day, zone_name
from flightsched_pipelines.messages.page_texts import LEGEND, board_letter
from flightsched_pipelines.services.hourly.board import BoardLesson, lessons_on_board
from flightsched_pipelines.time_zones import zone_of

STYLES = {"at_risk": "bold red", "unknown": "magenta", "watch": "yellow", "ok": "green", None: "dim"}
FIRST_HOUR, LAST_HOUR, CELLS_AN_HOUR = 6, 22, 3
NAME_CHARACTERS = 14


def board(
    days: Annotated[int, typer.Option(help="How many days.", min=1, max=14)] = 3,
    school: Annotated[str | None, typer.Option(help="Only this school, by its name.")] = None,
    as_json: Json = False,
) -> None:
    """Draw the days ahead by aircraft and instructor, each lesson with its verdict."""
    _, engine = open_session()
    lessons = lessons_on_board(engine, hour_of(datetime.now(UTC)), days, school)
    if as_json:
        print_json([asdict(one) for one in lessons])
        return
    if not lessons:
        console.print("No lessons in these days.")
        return
    by_day: dict[tuple[str, date, str], list[BoardLesson]] = defaultdict(list)
    for one in lessons:
        local = one.starts_at_utc.astimezone(zone_of(one.time_zone))
        by_day[one.school, local.date(), one.time_zone].append(one)
    for (name, day, zone), found in sorted(by_day.items()):
        console.print(Text(f"{name}, {format_day(day)} {zone_name(found[0].starts_at_utc, zone)}", style="bold"))
        for line in lines_of(found):
            console.print(line, no_wrap=True, overflow="crop")
        console.print()
    console.print(Text(LEGEND, style="dim"))


def lines_of(lessons: Sequence[BoardLesson]) -> Iterator[Text]:
    """Return the scale of hours, then a line for each aircraft, then one for each instructor."""
    scale = "".join(f"{hour:02d}".ljust(CELLS_AN_HOUR) for hour in range(FIRST_HOUR, LAST_HOUR))
    yield Text(" " * (NAME_CHARACTERS + 1) + scale, style="dim")
    for resource in ("aircraft", "instructor"):
        rows: dict[str, list[BoardLesson]] = defaultdict(list)
        for one in lessons:
            if (name := getattr(one, resource)) is not None:
                rows[name].append(one)
        for name, found in sorted(rows.items()):
            yield _line(name, found)


def _line(name: str, lessons: Sequence[BoardLesson]) -> Text:
    cells: list[tuple[str, str]] = [(" ", "")] * ((LAST_HOUR - FIRST_HOUR) * CELLS_AN_HOUR)
    for one in lessons:
        verdict = one.verdict if one.form == "flight" else None
        start, end = (_cell(at, one) for at in (one.starts_at_utc, one.ends_at_utc - timedelta(minutes=1)))
        for cell in range(max(start, 0), min(end, len(cells) - 1) + 1):
            letter = board_letter(one.verdict, one.form, held=one.status == "held")
            cells[cell] = (letter if cell > start else "|", STYLES[verdict])
    shown = "".join(letter if letter.isprintable() else "\ufffd" for letter in name)
    return Text.assemble(f"{set_cell_size(shown, NAME_CHARACTERS)} ", *cells)


def _cell(at: datetime, lesson: BoardLesson) -> int:
    """Return the place of a moment on the local day of the lesson's start, 20 minutes a cell."""
    zone = zone_of(lesson.time_zone)
    local, day = at.astimezone(zone), lesson.starts_at_utc.astimezone(zone).date()
    days = (local.date() - day).days
    return int(((days * 24 + local.hour - FIRST_HOUR) * 60 + local.minute) * CELLS_AN_HOUR // 60)
