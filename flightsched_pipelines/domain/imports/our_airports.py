"""Runway ends as OurAirports publishes them (runways.csv): their true headings, or what those follow from."""

import csv
import io
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from flightsched_pipelines.domain.imports.faults import FileError

NEEDED = ("airport_ident", "length_ft", "closed", "le_ident", "le_heading_degT", "he_ident", "he_heading_degT")
_DESIGNATOR = re.compile(r"(0[1-9]|[12]\d|3[0-6])[LCRGWSU]{0,2}")
MAX_LENGTH_FT = 30_000


@dataclass(frozen=True, slots=True)
class RunwayEnd:
    """One end of a runway, with its true heading when landing on it."""

    airport: str
    runway: str
    heading_true_deg: float
    length_ft: float
    closed: bool


def runway_ends(text: str, idents: Mapping[str, str]) -> Iterator[RunwayEnd]:
    """Yield the runway ends of some airports.

    A true heading that is left out follows from the ends' positions; an end without either is left out, and so are
    helipads and water.

    Args:
        text: runways.csv of OurAirports.
        idents: their idents of the airports that are wanted, by those that OurAirports may use.

    Raises:
        FileError: it is another file.
    """
    rows = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    missing = [name for name in NEEDED if name not in (rows.fieldnames or ())]
    if missing:
        raise FileError(f"the file has no column {', '.join(missing)}; give runways.csv of OurAirports")
    try:
        for row in rows:
            airport = idents.get(row["airport_ident"])
            if airport is not None:
                yield from _ends(airport, row)
    except csv.Error as error:
        raise FileError(f"line {rows.line_num} is not CSV ({error})") from error


def _ends(airport: str, row: Mapping[str, str]) -> Iterator[RunwayEnd]:
    length = _number(row["length_ft"])
    if length is None or not 0 < length <= MAX_LENGTH_FT:
        return
    headings = _headings(row)
    for end, heading in zip(("le", "he"), headings, strict=True):
        designator = row[f"{end}_ident"].strip().upper()
        if heading is not None and _DESIGNATOR.fullmatch(designator):
            yield RunwayEnd(airport, designator, round(heading % 360, 1), length, row["closed"].strip() == "1")


def _headings(row: Mapping[str, str]) -> tuple[float | None, float | None]:
    low, high = _number(row["le_heading_degT"]), _number(row["he_heading_degT"])
    if low is None and high is None:
        low = _bearing(row)
    if low is None and high is not None:
        low = high + 180
    return low, low + 180 if high is None and low is not None else high


def _bearing(row: Mapping[str, str]) -> float | None:
    """The initial course from the low end to the high one."""
    names = ("le_latitude_deg", "le_longitude_deg", "he_latitude_deg", "he_longitude_deg")
    places = [_number(row.get(name) or "") for name in names]
    if None in places or places[:2] == places[2:]:
        return None
    from_lat, from_lon, to_lat, to_lon = (math.radians(place or 0.0) for place in places)
    east = to_lon - from_lon
    across = math.sin(east) * math.cos(to_lat)
    ahead = math.cos(from_lat) * math.sin(to_lat) - math.sin(from_lat) * math.cos(to_lat) * math.cos(east)
    return math.degrees(math.atan2(across, ahead)) % 360


def _number(cell: str) -> float | None:
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
