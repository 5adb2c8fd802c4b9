"""A column of a kind of file: its name, what it means, how a cell is read, and what a cell must look like."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from typing import Any

from flightsched_pipelines.domain.imports.times import EXAMPLE, parse_clock, parse_day, parse_moment
from flightsched_pipelines.text import MAX_NAME_CHARACTERS, TextError, accept

ROUTE_CHARACTERS = 500
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_ADDRESS = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
_NAME = re.compile(r"[a-z0-9_]{1,40}")
_YES, _NO = frozenset({"yes", "true", "y", "1"}), frozenset({"no", "false", "n", "0"})
_HOURS = re.compile(r"([a-z]{3})(?:-([a-z]{3}))?\s+(\d{1,2}:\d\d)-(\d{1,2}:\d\d)")


@dataclass(frozen=True, slots=True)
class Field:
    """One column.

    ``expected`` finishes the sentence of a fault: "give yes or no". ``refers`` names what a cell points to; it is
    ``None`` for what a cell holds itself.
    """

    name: str
    doc: str
    parse: Callable[[str], Any]
    expected: str
    required: bool = False
    refers: str | None = None
    longest: int = MAX_NAME_CHARACTERS

    def read(self, cell: str) -> Any:  # noqa: ANN401, whatever the column holds
        """Return what a cell means, ``None`` for an empty one.

        Raises:
            ValueError: with the reason.
        """
        text = cell.strip()
        if not text:
            if self.required:
                raise ValueError(f"it is empty; {self.expected}")
            return None
        try:
            return self.parse(accept(text, "it", self.longest))
        except TextError as error:
            raise ValueError(str(error)) from error
        except (ValueError, LookupError, OverflowError) as error:
            raise ValueError(self.expected) from error


def text(name: str, doc: str, *, required: bool = False, longest: int = MAX_NAME_CHARACTERS) -> Field:
    """Return a column of words."""
    return Field(name, doc, str, f"give at most {longest} characters", required, longest=longest)


def identity(name: str, doc: str) -> Field:
    """Return the column of the school's own key of a row."""
    return Field(name, doc, str, "give the id from your own system", required=True)


def reference(name: str, refers: str, doc: str, *, required: bool = False) -> Field:
    """Return a column that refers to another row, by its id or the name that people use."""
    expected = {
        "school": "give the id of a school",
        "airport": "give the ident of an airport, such as KPAO",
        "aircraft": "give the id or the tail number of an aircraft",
    }.get(refers, f"give the id or the e-mail address of {'an' if refers[0] in 'aeiou' else 'a'} {refers}")
    return Field(name, doc, str, expected, required, refers)


def idents(name: str, doc: str) -> Field:
    """Return a column of several airports, separated by blanks."""
    expected = "give idents of airports, separated by blanks"
    return Field(name, doc, str.split, expected, refers="airports", longest=ROUTE_CHARACTERS)


def word(name: str, words: Sequence[str], doc: str, *, required: bool = False) -> Field:
    """Return a column of one of a few words; capitals and blanks do not matter."""

    def parse(cell: str) -> str:
        said = cell.lower().replace(" ", "_").replace("-", "_")
        return {known.lower().replace("-", "_"): known for known in words}[said]

    return Field(name, doc, parse, f"give one of {', '.join(words)}", required)


def exact(name: str, words: Sequence[str], doc: str, *, required: bool = False) -> Field:
    """Return a column of one of a few words or signs, as they are written."""
    return Field(
        name, doc, dict(zip(words, words, strict=True)).__getitem__, f"give one of {', '.join(words)}", required
    )


def words(name: str, known: Sequence[str], doc: str, *, required: bool = False) -> Field:
    """Return a column of some of a few words, separated by blanks."""

    def parse(cell: str) -> list[str]:
        said = set(cell.lower().replace(",", " ").split())
        if not said <= set(known):
            raise ValueError(cell)
        return [one for one in known if one in said]

    return Field(name, doc, parse, f"give one or more of {' '.join(known)}, separated by blanks", required)


def names(name: str, doc: str) -> Field:
    """Names of the school's own choice, separated by blanks, in small letters."""

    def parse(cell: str) -> list[str]:
        said = sorted(set(cell.lower().replace(",", " ").split()))
        if not all(_NAME.fullmatch(one) for one in said):
            raise ValueError(cell)
        return said

    return Field(name, doc, parse, "give names of letters, digits and _, separated by blanks")


def yes_no(name: str, doc: str) -> Field:
    """Return a column of yes or no."""

    def parse(cell: str) -> bool:
        if cell.lower() in _YES:
            return True
        if cell.lower() in _NO:
            return False
        raise ValueError(cell)

    return Field(name, doc, parse, "give yes or no")


def number(name: str, least: float, most: float, unit: str, doc: str, *, required: bool = False) -> Field:
    """Return a column of a number in a unit, both ends included."""

    def parse(cell: str) -> float:
        value = float(cell)
        if not (math.isfinite(value) and least <= value <= most):
            raise ValueError(cell)
        return value

    bounds = f"{least:,.12g} to {most:,.12g}"
    return Field(name, doc, parse, f"give a number from {bounds}{f' {unit}' if unit else ''}", required)


def whole(name: str, least: int, most: int, unit: str, doc: str) -> Field:
    """Return a column of a whole number in a unit, both ends included."""

    def parse(cell: str) -> int:
        value = int(cell)
        if not least <= value <= most:
            raise ValueError(cell)
        return value

    return Field(name, doc, parse, f"give whole {unit} from {least} to {most}")


def address(name: str, doc: str, *, required: bool = False) -> Field:
    """Return a column of an e-mail address."""

    def parse(cell: str) -> str:
        if _ADDRESS.fullmatch(cell) is None:
            raise ValueError(cell)
        return cell

    return Field(name, doc, parse, "give an e-mail address", required)


def weekday(name: str, doc: str) -> Field:
    """Return a column of a day of the week, stored as 0 for Monday."""

    def parse(cell: str) -> int:
        return DAYS.index(cell.lower()[:3])

    return Field(name, doc, parse, f"give one of {', '.join(DAYS)}", required=True)


def clock(name: str, doc: str) -> Field:
    """Return a column of a time of day on the clock of the school."""
    return Field(name, doc, parse_clock, "give a time of day, such as 07:30", required=True)


def day(name: str, doc: str, *, required: bool = False) -> Field:
    """Return a column of a calendar day."""
    return Field(name, doc, parse_day, "give a day between 2000 and 2200, such as 2026-12-24", required)


def moment(name: str, doc: str, *, required: bool = False) -> Field:
    """Return a column of a date with a time of day."""
    return Field(name, doc, parse_moment, f"give a date and a time, such as {EXAMPLE}", required)


def hours(name: str, doc: str) -> Field:
    """Return a column of opening hours by the days of the week."""
    return Field(name, doc, parse_hours, "give days and hours, such as 'mon-sat 07:00-20:00; sun 08:00-18:00'")


def parse_hours(cell: str) -> Mapping[int, tuple[time, time]]:
    """Read opening hours: weekday (0 Monday) → opens, closes; days that are not named are closed.

    Raises:
        ValueError: it is not of that form, a day is named twice, or closes before it opens.
    """
    found: dict[int, tuple[time, time]] = {}
    for part in filter(None, (part.strip().lower() for part in cell.split(";"))):
        matched = _HOURS.fullmatch(part)
        if matched is None:
            raise ValueError(part)
        first, last, opens, closes = matched.groups()
        start, end = DAYS.index(first), DAYS.index(last or first)
        span = parse_clock(opens), parse_clock(closes)
        for number_ in range(start, end + 1):
            if number_ in found:
                raise ValueError(part)
            found[number_] = span
        if end < start or span[1] <= span[0]:
            raise ValueError(part)
    return found
