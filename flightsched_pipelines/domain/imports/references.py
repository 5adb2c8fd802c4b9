"""Rows as they are to be stored: what they refer to is found, their times are instants, and each makes sense whole."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType

from flightsched_pipelines.domain.imports import credential_rules, minimum_rules
from flightsched_pipelines.domain.imports.credential_rules import Wrong
from flightsched_pipelines.domain.imports.faults import Fault
from flightsched_pipelines.domain.imports.kinds.catalogue import FileKind
from flightsched_pipelines.domain.imports.known import AMBIGUOUS, Known
from flightsched_pipelines.domain.imports.reading import ReadFile, ReadRow
from flightsched_pipelines.domain.imports.times import Times, instant_of, span_fault
from flightsched_pipelines.domain.risk.rules import MAX_LESSON
from flightsched_pipelines.formatting import plural


def resolve(kind: FileKind, file: ReadFile, known: Known, times: Times) -> Iterator[Fault]:
    """Put keys for names and instants for times into the rows' values; yields what is wrong.

    A row gets ``school_id`` where its kind belongs to a school; a row with a fault is not sound.
    """
    rule = _RULES.get(kind.name)
    for row in file.rows:
        yield from _references(kind, row, known)
        yield from _moments(kind, row, known, times)
        if rule is not None:
            for column, reason in rule(row):
                yield row.fault(column, reason)
        if kind.name == "bookings":
            for column, reason in _form(row, known):
                yield row.fault(column, reason)
        if "aircraft_type" in kind.by_name:
            for column, reason in _aircraft_type(row, known):
                yield row.fault(column, reason)
    yield from _twice(kind, file.rows)


def _references(kind: FileKind, row: ReadRow, known: Known) -> Iterator[Fault]:
    school_id = None
    if "school" in kind.by_name:
        school_id, wrong = _school(row, known)
        if wrong:
            yield row.fault("school", wrong)
        row.values["school_id"] = school_id
    for field in kind.fields:
        said = row.values.get(field.name)
        if field.refers in {None, "school"} or said is None:
            continue
        try:
            if field.refers == "airport":
                row.values[field.name] = _airport(said, known)
            elif field.refers == "airports":
                row.values[field.name] = [_airport(ident, known) for ident in said]
            elif school_id is not None:
                row.values[field.name] = _thing(str(field.refers), said, school_id, known)
            else:
                del row.values[field.name]
        except LookupError as error:
            del row.values[field.name]
            yield row.fault(field.name, str(error.args[0]))
    if "departure" in kind.by_name and not row.is_faulty("departure") and row.values.get("departure") is None:
        row.values["departure"] = known.bases.get(school_id or 0)


def _school(row: ReadRow, known: Known) -> tuple[int | None, str]:
    said = row.values.get("school")
    if said is None:
        if len(known.bases) == 1:
            return next(iter(known.bases)), ""
        if not known.bases:
            return None, "there is no school yet; import schools first, or run `flightsched init`"
        return None, f"there are {plural(len(known.bases), 'school')}; give one in the column `school`, by its id"
    found = known.schools.get(said.lower())
    if not found:
        return None, "no school has this id or name" if found is None else "two schools have this name; give the id"
    return found, ""


def _thing(what: str, said: str, school_id: int, known: Known) -> int:
    found = known.things[what].get((school_id, said.lower()))
    if found == AMBIGUOUS:
        raise LookupError(f"the school has this twice; give the id of the {what}")
    if found is None:
        name = "tail number" if what == "aircraft" else "e-mail address"
        raise LookupError(f"no {what} of the school has this id or {name}")
    return found


def _airport(said: str, known: Known) -> str:
    ident = said.upper()
    if ident not in known.airports:
        raise LookupError(known.unknown_airports.get(ident, "no airport has this ident"))
    return known.airports[ident]


def _moments(kind: FileKind, row: ReadRow, known: Known, times: Times) -> Iterator[Fault]:
    zone = None
    if times is Times.LOCAL and "starts_at" in kind.by_name:
        place = row.values.get("departure") or known.bases.get(row.values.get("school_id") or 0)
        zone = known.zones.get(place or "")
    for name in ("starts_at", "ends_at"):
        moment = row.values.get(name)
        if isinstance(moment, datetime):
            try:
                row.values[name] = instant_of(moment, times, zone)
            except (ValueError, OverflowError) as error:
                del row.values[name]
                yield row.fault(name, str(error))


def _span(row: ReadRow, longest: timedelta | None) -> Wrong:
    starts, ends = row.values.get("starts_at"), row.values.get("ends_at")
    if starts is not None and ends is not None and (wrong := span_fault(starts, ends, longest)):
        yield "ends_at", wrong


def _booking(row: ReadRow) -> Wrong:
    yield from _span(row, MAX_LESSON)
    values = row.values
    defaults: dict[str, object] = {
        "instructor": None,
        "solo": values.get("instructor") is None,
        "status": "scheduled",
        "route": [],
    }
    for name, default in defaults.items():
        if values.get(name) is None and not row.is_faulty(name):
            values[name] = default
    if values.get("cancellation_cause") is not None and values.get("status") != "cancelled":
        yield "cancellation_cause", "the lesson is not cancelled; say cancelled in `status`, or leave it empty"
    if values.get("solo") is False and "instructor" in values and values["instructor"] is None:
        yield "instructor", "it is empty, and the lesson is not solo; name who teaches, or say solo"


def _form(row: ReadRow, known: Known) -> Wrong:
    """Yield what is wrong about a lesson's form: a forgotten aircraft must never make a flight a ground lesson."""
    if any(row.is_faulty(name) for name in ("form", "aircraft")):
        return
    said, aircraft = row.values.get("form"), row.values.setdefault("aircraft", None)
    if aircraft is None and said != "ground":
        yield "aircraft", "it is empty; name an aircraft, or say ground in the column `form`"
    elif aircraft is not None:
        form = "simulator" if aircraft in known.simulators else "flight"
        if said not in {None, form}:
            yield "form", f"with this aircraft it is a {form}; say {form}, or leave it out"
    elif row.values.get("solo"):
        yield "form", "a ground lesson needs an instructor, and is not solo"


def _aircraft_type(row: ReadRow, known: Known) -> Wrong:
    """A limit or requirement for a mistyped type would apply to nothing."""
    said, school_id = row.values.get("aircraft_type"), row.values.get("school_id")
    types = known.aircraft_types.get(school_id or 0, ())
    if said is not None and school_id is not None and said not in types:
        there = f"there are {', '.join(sorted(types))}" if types else "import its aircraft first"
        yield "aircraft_type", f"no aircraft of the school is of this type; {there}"


def _instructor(row: ReadRow) -> Wrong:
    if "auto_confirm" in row.values:
        row.values["auto_confirm"] = bool(row.values["auto_confirm"])
    yield from ()


def _aircraft(row: ReadRow) -> Wrong:
    if "equipment" in row.values:
        row.values["equipment"] = row.values["equipment"] or []
    if "simulator" in row.values:
        row.values["simulator"] = bool(row.values["simulator"])
    yield from ()


def _preferences(row: ReadRow) -> Wrong:
    for name in ("days", "parts_of_day"):
        if name in row.values:
            row.values[name] = row.values[name] or []
    yield from ()


def _downtime(row: ReadRow) -> Wrong:
    yield from _span(row, None)


def _availability(row: ReadRow) -> Wrong:
    yield from credential_rules.one_person(row)
    starts, ends = row.values.get("starts"), row.values.get("ends")
    if starts is not None and ends is not None and ends <= starts:
        yield "ends", "it must lie after starts"


def _twice(kind: FileKind, rows: Sequence[ReadRow]) -> Iterator[Fault]:
    """Yield the keys that two lines have, and so for the names that people use."""
    used_by_people = [(name,) for name in ("reference", "tail_number") if kind.name in {"bookings", "aircraft"}]
    for names in (tuple(kind.key), *(name for name in used_by_people if name[0] in kind.by_name)):
        first: dict[tuple[object, ...], int] = {}
        for row in rows:
            key = tuple(row.values.get(name) for name in names)
            if any(row.is_faulty(name) for name in names) or not any(key):
                continue
            line = first.setdefault((row.values.get("school_id"), *key), row.line)
            if line != row.line:
                what = " and ".join(name for name in names if row.values.get(name) is not None)
                yield row.fault(names[0], f"line {line} has the same {what}; give each {kind.one} one line")


_RULES: Mapping[str, Callable[[ReadRow], Wrong]] = MappingProxyType(
    {
        "bookings": _booking,
        "downtime": _downtime,
        "availability": _availability,
        "preferences": _preferences,
        "minimums": minimum_rules.minimum,
        "limits": minimum_rules.limit,
        "instructors": _instructor,
        "aircraft": _aircraft,
        "requirements": credential_rules.requirement,
        "credentials": credential_rules.credential,
        "inspections": credential_rules.inspection,
        "squawks": credential_rules.squawk,
    }
)
