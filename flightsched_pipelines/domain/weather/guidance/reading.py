"""Read a stored bulletin of the National Blend of Models: the blocks of the stations that were kept of it."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime

from flightsched_pipelines.domain.weather.conditions import ForecastGroup
from flightsched_pipelines.domain.weather.guidance.bulletin import (
    BulletinError,
    GuidanceSource,
    blocks_of,
    heading_of,
    read_block,
)
from flightsched_pipelines.domain.weather.guidance.elements import groups_of
from flightsched_pipelines.domain.weather.reports.json_fields import BEGINNING, END

_CYCLE = re.compile(r"blend\.(\d{8})/(\d{2})/")


@dataclass(frozen=True, slots=True)
class ParsedBulletin:
    """Groups of the blocks that could be read, and a sentence for each thing that could not.

    ``unread`` has one group without conditions for each station whose block could not be read.
    """

    groups: list[ForecastGroup] = field(default_factory=list[ForecastGroup])
    problems: list[str] = field(default_factory=list[str])
    unread: list[ForecastGroup] = field(default_factory=list[ForecastGroup])


def is_bulletin(body: str) -> bool:
    """Return whether a text is a bulletin: whether any of its lines is the heading of a block."""
    return any(" GUIDANCE " in line and heading_of(line) is not None for line in body.splitlines())


def bulletin_request(source: GuidanceSource, cycle_utc: datetime) -> str:
    """Return the path of a cycle's bulletin, the same in NOAA's bucket as on NOMADS."""
    return f"blend.{cycle_utc:%Y%m%d}/{cycle_utc:%H}/text/blend_{source.lower()}tx.t{cycle_utc:%H}z"


def cycle_of(request: str) -> datetime | None:
    """Return the cycle that a request was for; ``None`` if it names none."""
    matched = _CYCLE.search(request)
    return None if matched is None else datetime.strptime("".join(matched.groups()), "%Y%m%d%H").replace(tzinfo=UTC)


def read_bulletin(body: str, cycle_utc: datetime | None = None) -> ParsedBulletin:
    """Read every block of a bulletin.

    Args:
        body: the blocks, verbatim.
        cycle_utc: the cycle that was requested; a block of another one is not read. ``None`` if that is not known.
    """
    parsed = ParsedBulletin()
    strange: set[str] = set()
    for lines in blocks_of(body):
        heading = heading_of(lines[0])
        try:
            block = read_block(lines, cycle_utc)
        except BulletinError as error:
            parsed.problems.append(str(error))
            if heading is not None:
                parsed.unread.append(_unread(heading.source, heading.station, heading.cycle_utc))
            continue
        parsed.groups.extend(groups_of(block))
        strange.update(block.unknown)
        parsed.problems.extend(
            f"{block.heading.source} of {block.heading.station}: row {label} has shifted columns, so it is not read"
            for label in block.shifted
        )
    if strange:
        parsed.problems.append(f"guidance has elements that are not known and not read: {', '.join(sorted(strange))}")
    return parsed


def _unread(source: GuidanceSource, station: str, issued_at_utc: datetime) -> ForecastGroup:
    return ForecastGroup(source, station, "prevailing", "HOURLY", None, BEGINNING, END, issued_at_utc)
