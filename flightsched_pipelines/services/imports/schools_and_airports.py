"""Schools, with their opening hours, and airports: few rows, compared one by one."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from flightsched_pipelines.database.queries.imports import airfields, school_rows
from flightsched_pipelines.domain.imports.faults import Fault
from flightsched_pipelines.domain.imports.reading import ReadRow
from flightsched_pipelines.services.imports import airports
from flightsched_pipelines.services.imports.reports import Change
from flightsched_pipelines.time_zones import is_time_zone

_OF_SCHOOL = ("name", "base_airport", "dispatch_email", "phone", "reply_to")
_STAYS = ("slot_kept_as", "pattern_altitude_ft", "local_altitude_ft", "cross_country_altitude_ft",
          "missed_move_cost", "manager_email")  # fmt: skip
"""Settings of a school that an empty cell leaves as they are."""
_WHOLE = ("name", "latitude_deg", "longitude_deg", "elevation_ft", "time_zone")


def compare_schools(connection: Connection, rows: Sequence[ReadRow]) -> tuple[list[Change], list[int]]:
    """Return what differs, and the lines of schools that no import has made and that would change."""
    stored = school_rows.schools_stored(connection)
    changes: list[Change] = []
    by_hand: list[int] = []
    for row in rows:
        known = _school_of(row, stored)
        if known is None:
            changes.append(Change(row.line, row.values["id"], "added"))
            continue
        values = _school_values(row) | _hours(row)
        differs = [name for name, value in values.items() if stored[known][name] != value]
        if differs:
            named = ["id" if name == "external_id" else name for name in differs]
            changes.append(Change(row.line, row.values["id"], "changed", named))
        if stored[known]["external_id"] is None and differs != ["external_id"]:
            by_hand.append(row.line)
    return changes, by_hand


def apply_schools(connection: Connection, rows: Sequence[ReadRow]) -> Iterator[str]:
    """Store schools; yields notes for the reader."""
    stored = school_rows.schools_stored(connection)
    for row in rows:
        school_rows.store_school(connection, _school_of(row, stored), _school_values(row), _hours(row).get("hours"))
    if school_rows.ensure_default_minimums(connection) or not stored:
        yield "the default minimums and the regulations are in force; `flightsched import minimums` adds your own"
    closed = [school["external_id"] for school in school_rows.schools_stored(connection).values()
              if not school["hours"] and school["external_id"]]  # fmt: skip
    if closed:
        yield f"{', '.join(closed)} has no opening hours, so no other times are found; give the column hours"


def airport_values(row: ReadRow) -> dict[str, Any]:
    """Return the columns that a row gives; an empty cell is not a value."""
    return {name: value for name, value in row.values.items() if value is not None}


def accept_whole_rows(rows: Sequence[ReadRow], found: dict[str, str], wrong: dict[str, str]) -> None:
    """Take an airport that airportsdata does not know, where its row says all that is needed of it."""
    for row in rows:
        said = str(row.values.get("ident") or "").upper()
        if said in wrong and all(row.values.get(name) is not None for name in _WHOLE):
            del wrong[said]
            found[said] = said
        elif said in wrong:
            wrong[said] += f"; for a field of your own give {', '.join(_WHOLE)}"


def airport_faults(rows: Sequence[ReadRow]) -> Iterator[Fault]:
    """Yield names of time zones that do not exist."""
    for row in rows:
        zone = row.values.get("time_zone")
        if zone is not None and not is_time_zone(zone):
            yield row.fault("time_zone", "it is not a time zone; give an IANA name, such as America/Denver")


def compare_airports(connection: Connection, rows: Sequence[ReadRow]) -> tuple[list[Change], list[int]]:
    """Return what differs, and the lines that would change what somebody entered: airportsdata has it otherwise."""
    stored = airfields.airports_stored(connection)
    changes: list[Change] = []
    by_hand: list[int] = []
    for row in rows:
        ident = row.values["ident"]
        known = stored.get((ident,))
        if known is None:
            changes.append(Change(row.line, ident, "added"))
        elif differs := [name for name, value in airport_values(row).items() if known[name] != value]:
            changes.append(Change(row.line, ident, "changed", differs))
            usual = _known(ident)
            if any(known[name] is not None and known[name] != usual[name] for name in usual.keys() & set(differs)):
                by_hand.append(row.line)
    return changes, by_hand


def apply_airports(connection: Connection, rows: Sequence[ReadRow]) -> Iterator[str]:
    """Store airports; what a row leaves out of a new one is that of airportsdata."""
    stored = airfields.airports_stored(connection)
    whole = [(stored.get((row.values["ident"],)) or _known(row.values["ident"])) | airport_values(row) for row in rows]
    airfields.store_airports(connection, whole)
    yield from ()


def _known(ident: str) -> dict[str, Any]:
    try:
        return dict(airports.find(ident))
    except airports.AirportError:
        return {}


def _school_of(row: ReadRow, stored: Mapping[int, Mapping[str, Any]]) -> int | None:
    said = row.values["id"]
    by_id = [key for key, school in stored.items() if school["external_id"] == said]
    by_name = [
        key for key, school in stored.items()
        if school["external_id"] is None and school["name"].lower() == row.values["name"].lower()
    ]  # fmt: skip
    return next(iter(by_id or by_name), None)


def _school_values(row: ReadRow) -> dict[str, Any]:
    values = {name: row.values[name] for name in _OF_SCHOOL if name in row.values}
    settings = {name: value for name in _STAYS if (value := row.values.get(name)) is not None}
    return {"external_id": row.values["id"], **values, **settings}


def _hours(row: ReadRow) -> dict[str, Any]:
    hours = row.values.get("hours")
    return {} if hours is None else {"hours": hours}
