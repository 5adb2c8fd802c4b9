"""Airports from the package airportsdata: what is known of a field before anybody enters anything."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import airportsdata
from sqlalchemy import Connection, Engine

from flightsched_pipelines.database.queries.imports import airfields, stored_references
from flightsched_pipelines.domain.imports.kinds.catalogue import FileKind
from flightsched_pipelines.domain.imports.reading import ReadFile
from flightsched_pipelines.errors import PlainError

_SYSTEMS = {"ICAO": "ICAO", "LID": "FAA", "IATA": "IATA"}
"""Names of idents in airportsdata, and as people call them."""


class AirportError(PlainError, ValueError):
    """An ident that names no airport, or two; the message says which."""


def find(ident: str) -> Mapping[str, Any]:
    """Return what is known of the airport of an ICAO, FAA or IATA ident (columns of ``school.airports``).

    Which reports it issues is not among them.

    Raises:
        AirportError: no airport has it, or two have it in different systems.
    """
    said = ident.strip().upper()
    found: dict[str, list[str]] = {}
    for system, name in _SYSTEMS.items():
        row = _airports(system).get(said)
        if row is not None and row["icao"]:
            found.setdefault(row["icao"], []).append(name)
    if not found:
        raise AirportError(f"no airport has the ident '{said[:10]}' (ICAO, FAA or IATA)")
    if len(found) > 1:
        both = " and ".join(f"{icao} ({', '.join(names)}: {_of(icao)['name']})" for icao, names in found.items())
        raise AirportError(f"'{said}' names {both}; give the ICAO ident")
    row = _of(next(iter(found)))
    return {
        "ident": row["icao"], "name": row["name"] or row["icao"], "latitude_deg": row["lat"],
        "longitude_deg": row["lon"], "elevation_ft": row["elevation"], "time_zone": row["tz"],
    }  # fmt: skip


def faa_ident(icao: str) -> str:
    """Return the FAA's ident of an airport, empty for none."""
    row = _airports("ICAO").get(icao)
    return "" if row is None else str(row["lid"])


def named_in(kind: FileKind, file: ReadFile) -> set[str]:
    """Return the airports that a file names, in capitals, as it names them."""
    found: set[str] = set()
    one = [field.name for field in kind.fields if field.refers == "airport"]
    several = [field.name for field in kind.fields if field.refers == "airports"]
    for row in file.rows:
        found.update(said.upper() for name in one if (said := row.values.get(name)) is not None)
        found.update(said.upper() for name in several for said in row.values.get(name) or ())
    return found


def look_up(connection: Connection, named: Iterable[str]) -> tuple[dict[str, str], dict[str, str], list[str]]:
    """Find airports: names → ICAO idents, names → why there is none, and the idents that are not stored yet."""
    stored = stored_references.airports_stored(connection)
    found: dict[str, str] = {}
    wrong: dict[str, str] = {}
    for said in sorted(named):
        try:
            found[said] = said if said in stored else str(find(said)["ident"])
        except AirportError as error:
            wrong[said] = str(error)
    return found, wrong, sorted(set(found.values()) - stored)


def add(connection: Connection, idents: Iterable[str], **issues: bool | None) -> None:
    """Store airports that are known; ``issues_metar`` and ``issues_taf`` where they are given."""
    airfields.store_airports(connection, [{**find(ident), **issues} for ident in idents])


def add_airports(engine: Engine, named: Iterable[str], **issues: bool | None) -> tuple[list[str], list[str]]:
    """Store the airports of idents in any form; one that is stored is left as it is.

    Returns:
        The idents that are new, and those of the named without known runways.

    Raises:
        AirportError: an ident names no airport, or two; nothing is stored then.
    """
    with engine.begin() as connection:
        stored_references.take_turn(connection)
        found, wrong, new = look_up(connection, {said.strip().upper() for said in named})
        if wrong:
            raise AirportError("; ".join(wrong.values()))
        add(connection, new, **issues)
        return new, stored_references.without_runways(connection, found.values())


def added_note(idents: Sequence[str]) -> str:
    """Return a sentence on airports that were added, and which of their data are still missing."""
    was, their = ("was", "its") if len(idents) == 1 else ("were", "their")
    return f"{', '.join(idents)} {was} added from airportsdata; METARs and TAFs of {their} own are used once they come"


def runway_note(idents: Iterable[str]) -> str:
    """Return what follows if no runway of some airports is known, in a sentence; empty for no airport."""
    listed = ", ".join(sorted(idents))
    return f"no open runway of {listed} is known: the full wind counts as crosswind there" if listed else ""


def _of(icao: str) -> Mapping[str, Any]:
    return _airports("ICAO")[icao]


@cache
def _airports(system: Any) -> Mapping[str, Any]:  # noqa: ANN401, a literal of the package's
    return airportsdata.load(system)
