"""The stored rows that a file can refer to, by the ids and names that people give."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

AMBIGUOUS = 0
"""Stands for the id of what two rows have: no table has it."""


@dataclass(frozen=True, slots=True)
class Known:
    """The stored rows that a file can refer to.

    ``schools``: id or name, in small letters → key. ``bases``: key of a school → ident of its base. ``things``: what
    (``student``, ``instructor``, ``aircraft``) → (school, id or name in small letters) → key. ``airports``: an ident in
    any form, in capitals → its ICAO ident; what is not there is in ``unknown_airports`` with the reason. ``zones``:
    ICAO ident → time zone. ``simulators``: keys of the aircraft that are simulators. ``aircraft_types``: key of a
    school → types of its aircraft, of those that it no longer has too.
    """

    schools: Mapping[str, int]
    bases: Mapping[int, str]
    things: Mapping[str, Mapping[tuple[int, str], int]]
    airports: Mapping[str, str]
    unknown_airports: Mapping[str, str]
    zones: Mapping[str, ZoneInfo]
    simulators: frozenset[int]
    aircraft_types: Mapping[int, Collection[str]]
