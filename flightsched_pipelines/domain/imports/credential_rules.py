"""Check rows of credentials, inspections, squawks and requirements as a whole."""

from collections.abc import Iterator
from datetime import timedelta

from flightsched_pipelines.domain.imports.reading import ReadRow
from flightsched_pipelines.domain.rescheduling.requirements import (
    BY_TYPE,
    SOLO_ENDORSEMENT_DAYS,
    STUDENT_CREDENTIALS,
    WITHOUT_END,
)

Wrong = Iterator[tuple[str, str]]
"""Columns of a row, and what is wrong with each."""


def one_person(row: ReadRow) -> Wrong:
    """Require a student or an instructor."""
    if len(_people(row)) != 1:
        yield "student", "name a student or an instructor, and not both"


def _people(row: ReadRow) -> list[str]:
    return [name for name in ("student", "instructor") if row.cells.get(name, "").strip()]


def requirement(row: ReadRow) -> Wrong:
    """Require one name of equipment of the requirement `equipment`, and none of the others."""
    values = row.values
    if row.is_faulty("requirement") or row.is_faulty("equipment"):
        return
    needed = 1 if values["requirement"] == "equipment" else 0
    equipment: list[str] = values.get("equipment") or []
    if len(equipment) != needed:
        yield (
            "equipment",
            ("name what the aircraft needs, one in a row" if needed else "only the requirement equipment takes it"),
        )
    values["equipment"] = equipment[0] if len(equipment) == 1 else None


def credential(row: ReadRow) -> Wrong:
    """Require who holds it, its type of aircraft where it has one, and its last day where it has one."""
    yield from one_person(row)
    values = row.values
    name = values.get("credential")
    if name is None:
        return
    holder, other = ("student", "instructor") if name in STUDENT_CREDENTIALS else ("instructor", "student")
    if _people(row) == [other]:
        yield "credential", f"{name} is a credential of {'a student' if holder == 'student' else 'an instructor'}"
    if bool(values.get("aircraft_type")) != (name in BY_TYPE) and not row.is_faulty("aircraft_type"):
        yield (
            "aircraft_type",
            f"{name} is for one type of aircraft; name it" if name in BY_TYPE else f"{name} takes no type",
        )
    if row.is_faulty("valid_from") or row.is_faulty("valid_until"):
        return
    first, last = values.get("valid_from"), values.get("valid_until")
    if name == "solo_endorsement":
        longest = timedelta(days=SOLO_ENDORSEMENT_DAYS)
        if first is None:
            yield "valid_from", f"give the day of the endorsement: it counts {SOLO_ENDORSEMENT_DAYS} days"
            return
        last = values["valid_until"] = last or first + longest
        if last > first + longest:
            yield "valid_until", f"an endorsement for solo flight counts {SOLO_ENDORSEMENT_DAYS} days (14 CFR 61.87(n))"
    if last is None and name not in WITHOUT_END:
        yield "valid_until", f"give the last day of the {name}"
    if first is not None and last is not None and last < first:
        yield "valid_until", "it must not lie before valid_from"


def inspection(row: ReadRow) -> Wrong:
    """Require the day of an annual, and the hours of a 100-hour inspection."""
    name = row.values.get("inspection")
    hours = ("due_tach_hours", "tach_hours", "tach_read_on")
    needed = {"annual": ("due_on",), "hundred_hour": hours}.get(str(name), ())
    for column in needed:
        if row.values.get(column) is None and not row.is_faulty(column):
            yield column, f"give it, the inspection is {name}"


def squawk(row: ReadRow) -> Wrong:
    """Ground the aircraft where the file does not say; require that it was mended after it was reported."""
    values = row.values
    if values.get("grounding") is None and not row.is_faulty("grounding"):
        values["grounding"] = True
    first, last = values.get("reported_on"), values.get("closed_on")
    if first is not None and last is not None and last < first:
        yield "closed_on", "it must not lie before reported_on"
