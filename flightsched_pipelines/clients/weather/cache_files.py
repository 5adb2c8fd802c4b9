"""Read the Aviation Weather Center's cache files as they arrive: every METAR, or TAF, of the world, gzipped.

The service asks those who need more than some 400 stations to take these files, renewed each minute for METARs and each
ten for TAFs (https://aviationweather.gov/data/api/). Of a file the reports of some stations are kept, their text and
times in the form of the API: the newest of each station, a SPECI where that is newer than the routine report.
"""

import csv
import json
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping
from types import MappingProxyType
from typing import cast
from xml.etree.ElementTree import Element, ParseError, XMLPullParser

from flightsched_pipelines.clients.weather.response_parsing import FetchError
from flightsched_pipelines.domain.weather.provider_responses import Product
from flightsched_pipelines.domain.weather.reports.json_fields import iso_time
from flightsched_pipelines.formatting import plural

CACHE_FILES: Mapping[Product, str] = MappingProxyType({"metar": "metars.cache.csv.gz", "taf": "tafs.cache.xml.gz"})
"""The files' names by product."""

Record = Mapping[str, str]


class CacheReader:
    """A reader of one cache file, which keeps the reports of some stations.

    Args:
        product: ``metar`` or ``taf``.
        stations: idents of the stations whose reports are kept.
    """

    def __init__(self, product: Product, stations: Collection[str]) -> None:
        self._product: Product = product
        self._wanted = frozenset(stations)

    def __call__(self, pieces: Iterator[bytes]) -> str:
        """Return the reports as the API's JSON.

        Raises:
            FetchError: the file is cut off, or is another one.
        """
        try:
            records = _metars(_inflated(pieces)) if self._product == "metar" else _tafs(_inflated(pieces))
            kept = [record for record in records if record.get("station_id", "").upper() in self._wanted]
        except (zlib.error, ParseError, csv.Error, ValueError, EOFError) as error:
            name = CACHE_FILES[self._product]
            raise FetchError("damaged", f"The cache file {name} is cut off or cannot be read: {error}") from error
        return json.dumps([_FORMS[self._product](record) for record in kept])


def _inflated(pieces: Iterator[bytes]) -> Iterator[bytes]:
    inflate = zlib.decompressobj(wbits=31)
    for piece in pieces:
        yield inflate.decompress(piece)
    if not inflate.eof:
        raise EOFError("its end is missing")


def _metars(pieces: Iterator[bytes]) -> Iterator[Record]:
    rows = csv.reader(_lines(pieces))
    header = next((row for row in rows if row[:2] == ["raw_text", "station_id"]), None)
    if header is None:
        raise ValueError("it has no heading raw_text,station_id,...")
    for row in rows:
        if len(row) != len(header):
            raise ValueError(f"a row has {plural(len(row), 'field')}, where {len(header)} were expected")
        yield dict(zip(header, row, strict=True))


def _lines(pieces: Iterator[bytes]) -> Iterator[str]:
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            yield _text(line)
    if rest:
        yield _text(rest)


def _text(line: bytes) -> str:
    return line.decode("utf-8", errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}")


def _tafs(pieces: Iterator[bytes]) -> Iterator[Record]:
    parser: XMLPullParser[Element] = XMLPullParser(["end"])
    for piece in pieces:
        parser.feed(piece)
        for _, element in cast(Iterator[tuple[str, Element]], parser.read_events()):
            if element.tag == "TAF":
                yield {part.tag: part.text or "" for part in element}
                element.clear()
    parser.close()


def _metar(record: Record) -> dict[str, object]:
    return {
        "icaoId": record["station_id"],
        "rawOb": record["raw_text"],
        "obsTime": _epoch(record.get("observation_time")),
        "metarType": record.get("metar_type") or None,
    }


def _taf(record: Record) -> dict[str, object]:
    return {
        "icaoId": record["station_id"],
        "rawTAF": record.get("raw_text"),
        "issueTime": record.get("issue_time"),
        "bulletinTime": record.get("bulletin_time"),
        "validTimeFrom": _epoch(record.get("valid_time_from")),
        "validTimeTo": _epoch(record.get("valid_time_to")),
    }


_FORMS: Mapping[Product, Callable[[Record], dict[str, object]]] = MappingProxyType({"metar": _metar, "taf": _taf})


def _epoch(written: str | None) -> int | None:
    time = iso_time(written)
    return None if time is None else int(time.timestamp())
