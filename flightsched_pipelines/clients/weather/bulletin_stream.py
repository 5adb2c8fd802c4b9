"""Read a bulletin of the National Blend of Models as it arrives, and keep the blocks of a few stations of its 9,000."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from flightsched_pipelines.clients.weather.response_parsing import FetchError
from flightsched_pipelines.domain.weather.guidance.bulletin import (
    BulletinError,
    GuidanceSource,
    Heading,
    heading_of,
    read_block,
)
from flightsched_pipelines.domain.weather.guidance.stations import NearestStations, Neighbourhood


class BulletinStream:
    """A reader of one bulletin, which keeps the blocks of the nearest stations of airports, and no other.

    Args:
        source: the bulletin.
        cycle_utc: the cycle that was requested.
        of: the airports, and the stations that may serve them.
    """

    def __init__(self, source: GuidanceSource, cycle_utc: datetime, of: Neighbourhood) -> None:
        self._source = source
        self._cycle_utc = cycle_utc
        self._of = of
        self._begin()

    def _begin(self) -> None:
        self._kept: dict[str, list[str]] = {}
        self._last_rows: set[str] = set()
        self.stations = NearestStations(self._of)

    def __call__(self, pieces: Iterator[bytes]) -> str:
        """Return the blocks of the nearest stations, verbatim.

        Raises:
            FetchError: the bulletin is cut off, is another one, or has a heading that cannot be read.
        """
        self._begin()  # a connection that broke has brought the first blocks already
        block: list[str] = []
        for line in _lines(pieces):
            heading = self._heading(line) if " GUIDANCE " in line else None
            if heading is not None:
                self._end(block)
                block = []
            if heading is not None or block:
                block.append(line)
        if not block:
            raise self._damaged("contains no forecast")
        if not self._ends_whole(block):
            raise self._damaged("is cut off at its end")
        self._end(block)
        chosen = self.stations.chosen
        return "".join(f"{line}\n" for station, lines in self._kept.items() if station in chosen for line in lines)

    def _heading(self, line: str) -> Heading:
        heading = heading_of(line)
        if heading is None or heading.source != self._source:
            raise self._damaged(f"has a heading that cannot be read: {line.strip()[:60]!r}")
        if heading.cycle_utc != self._cycle_utc:
            raise self._damaged(f"is that of another cycle, {heading.cycle_utc:%Y-%m-%d %H}Z")
        return heading

    def _end(self, block: list[str]) -> None:
        heading = heading_of(block[0]) if block else None
        if heading is None:
            return
        self._last_rows.add(_last_label(block))
        if self.stations.take(heading.station):
            self._kept.setdefault(heading.station, []).extend(block)

    def _ends_whole(self, block: list[str]) -> bool:
        """Return whether the last block can be read, and ends with a row with which another block ends, too."""
        try:
            read = read_block([line for line in block if line.strip()])
        except BulletinError:
            return False
        ends = not self._last_rows or _last_label(block) in self._last_rows
        return ends and bool(read.rows) and not read.shifted

    def _damaged(self, sentence: str) -> FetchError:
        return FetchError("damaged", f"The bulletin {self._source} of {self._cycle_utc:%Y-%m-%d %H}Z {sentence}")


def _last_label(block: Sequence[str]) -> str:
    return next((line.split()[0] for line in reversed(block) if line.strip()), "")


def _lines(pieces: Iterator[bytes]) -> Iterator[str]:
    """The lines of a text that arrives in pieces; each is ended by the next, or by the end of the text."""
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            yield _text(line)
    if rest:
        yield _text(rest)


def _text(line: bytes) -> str:
    # PostgreSQL's text cannot contain NUL.
    return line.decode("ascii", errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}").rstrip("\r")
