"""Runways of the stored airports, from a file of OurAirports."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import Engine

from flightsched_pipelines.database.queries.imports import airfields, stored_references
from flightsched_pipelines.domain.imports.faults import FileError
from flightsched_pipelines.domain.imports.our_airports import runway_ends
from flightsched_pipelines.errors import PlainError
from flightsched_pipelines.services.imports.airports import faa_ident


class RunwaysDifferError(PlainError, ValueError):
    """The file has other values than are stored; nothing was changed yet."""


@dataclass(frozen=True, slots=True)
class RunwaysReport:
    """Counts of new, changed and unchanged runway ends, and the airports without a known open one."""

    added: int
    changed: int
    unchanged: int
    without: Sequence[str]


def sync_runways(engine: Engine, data: bytes, *, replace: bool = False) -> RunwaysReport:
    """Store the runway ends that a file of OurAirports (runways.csv) has of the stored airports.

    Ends that the file does not have stay.

    Raises:
        FileError: it is another file.
        RunwaysDifferError: it differs from what is stored, and ``replace`` is not set.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileError("the file is not UTF-8 text; give runways.csv of OurAirports") from error
    with engine.begin() as connection:
        stored_references.take_turn(connection)
        stored = airfields.airports_stored(connection)
        idents: dict[str, str] = {}
        for (ident,) in stored:
            idents.setdefault(faa_ident(ident), ident)
        idents = {**idents, **{ident: ident for (ident,) in stored}}
        idents.pop("", None)
        ends = {(end.airport, end.runway): asdict(end) for end in runway_ends(text, idents)}
        before = airfields.runways_stored(connection)
        new = [end for key, end in ends.items() if key not in before]
        other = {key: end for key, end in ends.items() if key in before and before[key] != end}
        if other and not replace:
            named = ", ".join(" ".join(key) for key in list(other)[:10])
            raise RunwaysDifferError(
                f"the file has other values than are stored of {len(other)} runway ends ({named}"
                f"{', ...' if len(other) > 10 else ''}); nothing was changed yet"
            )
        airfields.store_runways(connection, [*new, *other.values()])
        without = stored_references.without_runways(connection, [ident for (ident,) in stored])
    return RunwaysReport(len(new), len(other), len(ends) - len(new) - len(other), without)
