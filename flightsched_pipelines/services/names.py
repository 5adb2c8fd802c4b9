"""Find schools, people and aircraft by the ids and names that people type."""

from typing import Literal

from sqlalchemy import Connection

from flightsched_pipelines.database.queries.imports import stored_references as stored
from flightsched_pipelines.domain.imports.known import AMBIGUOUS
from flightsched_pipelines.errors import PlainError
from flightsched_pipelines.formatting import plural

Thing = Literal["student", "instructor", "aircraft"]


class UnknownNameError(PlainError, ValueError):
    """An option that names nothing, or more than one thing; the message says which."""


def school_named(connection: Connection, named: str | None) -> int:
    """Return the school of an id or name; the only one where none is named.

    Raises:
        UnknownNameError: there is no such school, none at all, or several.
    """
    schools, bases = stored.schools_known(connection)
    if named is None:
        if not bases:
            raise UnknownNameError("there is no school yet; import schools first, or run `flightsched init`")
        if len(bases) > 1:
            raise UnknownNameError(
                f"there are {plural(len(bases), 'school')}; name one with --school, by its id or name"
            )
        return next(iter(bases))
    found = schools.get(named.lower())
    if not found:
        raise UnknownNameError(f"--school is '{named}'; no school has this id or name, or more than one has")
    return found


def thing_named(connection: Connection, what: Thing, named: str, school: str | None) -> tuple[int, int]:
    """Return the school and the key of a student, instructor or aircraft, by id or name.

    Raises:
        UnknownNameError: there is none, or several.
    """
    school_id = None if school is None else school_named(connection, school)
    found = {
        (of_school, key)
        for (of_school, said), key in stored.things_known(connection)[what].items()
        if said == named.lower() and school_id in {None, of_school} and key != AMBIGUOUS
    }
    if len(found) != 1:
        name = "tail number" if what == "aircraft" else "address"
        reason = "several schools have one, name it with --school" if found else f"no {what} has this id or {name}"
        raise UnknownNameError(f"--{what} is '{named}'; {reason}")
    return found.pop()
