"""A school's figures over some days, and their pictures."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from flightsched_pipelines.formatting import format_day, plural
from flightsched_pipelines.reporting.svg import LEGEND_PX, NARROW_PX, TOP_PX, Canvas, Picture, legend

LABEL_PX, THIN_PX, GAP_PX = 84, 14, 10
ROOM_PX = NARROW_PX - LABEL_PX - 72


@dataclass(frozen=True, slots=True)
class DayFigures:
    """One local day: lessons threatened, saved (moved) and lost, and hours of flights booked and flown."""

    day: date
    threatened: int
    saved: int
    lost: int
    hours_booked: float
    hours_flown: float


@dataclass(frozen=True, slots=True)
class SchoolFigures:
    """A school's days.

    ``flown_is_known`` is false if the school's scheduler has no lesson of them as completed: the hours flown are then
    unknown, not zero. ``answers`` counts students' acceptances. ``cancelled`` has causes in words with their counts.
    """

    school_id: int
    school: str
    time_zone: str
    days: Sequence[DayFigures]
    flown_is_known: bool
    answers: int
    median_answer_minutes: float | None
    p90_answer_minutes: float | None
    cancelled: Sequence[tuple[str, int]]

    @property
    def threatened(self) -> int:
        """Return the lessons below the minimums."""
        return sum(day.threatened for day in self.days)

    @property
    def saved(self) -> int:
        """Return the lessons moved."""
        return sum(day.saved for day in self.days)

    @property
    def lost(self) -> int:
        """Return the lessons lost."""
        return sum(day.lost for day in self.days)

    @property
    def hours_booked(self) -> float:
        """Return the hours of flights booked."""
        return sum(day.hours_booked for day in self.days)

    @property
    def hours_flown(self) -> float | None:
        """Return the hours flown, ``None`` for unknown."""
        return sum(day.hours_flown for day in self.days) if self.flown_is_known else None


def flown_of_booked(figures: SchoolFigures) -> str:
    """Return the hours in words: "41.5 of 60 hours booked"."""
    flown = figures.hours_flown
    return f"{'unknown' if flown is None else f'{flown:,.4g}'} of {figures.hours_booked:,.4g} hours booked"


def lessons_picture(figures: SchoolFigures) -> Picture:
    """Draw the lessons moved and lost, two bars a day."""
    described = f"{plural(figures.saved, 'lesson')} moved, {figures.lost} lost, of {figures.threatened} threatened."
    rows = [(one.day, (float(one.saved), float(one.lost))) for one in figures.days]
    return _bars(f"{figures.school}: lessons moved and lost", described, rows, (("two", "moved"), ("at_risk", "lost")))


def hours_picture(figures: SchoolFigures) -> Picture:
    """Draw the hours of flights booked and flown, two bars a day; no bar of hours that are unknown."""
    rows = [
        (one.day, (one.hours_booked, one.hours_flown) if figures.flown_is_known else (one.hours_booked,))
        for one in figures.days
    ]
    keys = (("none", "booked"), ("one", "flown"))
    return _bars(f"{figures.school}: hours flown of hours booked", f"{flown_of_booked(figures)}.", rows, keys)


def as_markdown(figures: Sequence[SchoolFigures]) -> str:
    """Return a table of the schools, and each one's pictures."""
    head = "| school | threatened | moved | lost | flown | median answer |\n|---|---:|---:|---:|---|---|"
    lines = [
        f"| {_cell(one.school)} | {one.threatened} | {one.saved} | {one.lost} | {flown_of_booked(one)} | {_wait(one)} |"
        for one in figures
    ]
    pictures = [picture(one).markdown() for one in figures for picture in (lessons_picture, hours_picture)]
    return "\n\n".join(("\n".join((head, *lines)), *pictures)) if figures else "no school"


def _wait(figures: SchoolFigures) -> str:
    minutes = figures.median_answer_minutes
    return "no answer" if minutes is None else f"{minutes:,.0f} min of {plural(figures.answers, 'answer')}"


def _cell(words: str) -> str:
    return words.replace("|", "\\|")


def _bars(
    title: str, described: str, rows: Sequence[tuple[date, Sequence[float]]], keys: Sequence[tuple[str, str]]
) -> Picture:
    pair = 2 * THIN_PX + GAP_PX
    canvas = Canvas(TOP_PX + LEGEND_PX + pair * len(rows) + 4, title, described, NARROW_PX)
    most = max([1.0, *(amount for _, amounts in rows for amount in amounts)])
    for number, (day, amounts) in enumerate(rows):
        y = TOP_PX + LEGEND_PX + pair * number
        canvas.text(LABEL_PX - 10, y + THIN_PX + 4, format_day(day), anchor="end")
        for row, (amount, (colour, words)) in enumerate(zip(amounts, keys, strict=False)):
            length = ROOM_PX * amount / most
            tip = f"{format_day(day)}: {amount:,.4g} {words}"
            canvas.box(LABEL_PX, y + THIN_PX * row, max(length, 1), THIN_PX - 1, colour, tip)
            canvas.text(LABEL_PX + length + 8, y + THIN_PX * row + 11, f"{amount:,.4g}")
    legend(canvas, keys, x=LABEL_PX)
    return canvas.finished()
