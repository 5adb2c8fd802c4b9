"""Provider responses as they are stored, and the forecast groups read from them.

Reading never raises because of a provider's content: each fault is a sentence, and leaves an unreadable group if the
station is known, so that a threatened lesson never looks fine because its report was garbled.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal, cast

from flightsched_pipelines.domain.weather.areas.products import is_area_product
from flightsched_pipelines.domain.weather.conditions import ForecastGroup
from flightsched_pipelines.domain.weather.guidance.bulletin import GuidanceSource
from flightsched_pipelines.domain.weather.guidance.reading import cycle_of, is_bulletin, read_bulletin
from flightsched_pipelines.domain.weather.issue_times import EVERY_STATION, Source, named_station, unread_report
from flightsched_pipelines.domain.weather.one_call import is_one_call, read_one_call
from flightsched_pipelines.domain.weather.reports.json_fields import FieldError, is_illegible, number, objects, text
from flightsched_pipelines.domain.weather.reports.metar import read_metar
from flightsched_pipelines.domain.weather.reports.taf import read_taf
from flightsched_pipelines.errors import PlainError

Product = Literal[
    "taf", "metar", "metar_history", "nbh", "nbs", "one_call", "airsigmet", "isigmet", "gairmet", "cwa", "tcf"
]
Outcome = Literal[
    "ok",
    "empty",
    "rate_limited",
    "rejected",
    "server_error",
    "timeout",
    "unreachable",
    "not_json",
    "too_large",
    "damaged",
]

PRODUCT_OF: Mapping[GuidanceSource, Product] = MappingProxyType({"NBH": "nbh", "NBS": "nbs"})
_BULLETINS: Mapping[Product, GuidanceSource] = MappingProxyType({of: source for source, of in PRODUCT_OF.items()})

SHOWN_CHARACTERS = 60


class ProviderResponseError(PlainError, ValueError):
    """A body that is not a response of a known weather service; the message describes what it is instead."""


@dataclass(frozen=True, slots=True)
class ProviderResponse:
    """A provider's response to one request, verbatim.

    ``request`` is the URL's path and query without any key; ``stations`` were requested. ``error`` is a sentence if the
    request failed. Times are aware, in UTC.
    """

    provider: str
    product: Product
    request: str
    stations: Sequence[str]
    fetched_at_utc: datetime
    status_code: int | None
    outcome: Outcome
    error: str | None
    etag: str | None
    last_modified: str | None
    body: str | None

    @property
    def failed(self) -> bool:
        """Return whether another request may bring what this response lacks."""
        return self.outcome not in {"ok", "empty"}


@dataclass(frozen=True, slots=True)
class ParsedReports:
    """Groups read from responses, and a sentence for each part that could not be read.

    ``unread`` has one group without conditions for each report that could not be read, at its station or at
    `EVERY_STATION`. ``asked_of_models`` are the stations for which One Call was requested, whatever came;
    ``asked_of_guidance`` are those of which each bulletin was due; ``answered`` are, by product, the stations of
    requests whose response could be read, with or without a report of theirs.
    """

    groups: list[ForecastGroup] = field(default_factory=list[ForecastGroup])
    problems: list[str] = field(default_factory=list[str])
    unread: list[ForecastGroup] = field(default_factory=list[ForecastGroup])
    asked_of_models: list[str] = field(default_factory=list[str])
    asked_of_guidance: dict[GuidanceSource, set[str]] = field(default_factory=dict[GuidanceSource, set[str]])
    answered: dict[str, set[str]] = field(default_factory=dict[str, set[str]])


def read_responses(answers: Iterable[ProviderResponse]) -> ParsedReports:
    """Read the reports in stored responses; one that failed, or cannot be read, is a problem, never an exception.

    Responses of hazard areas contain no reports (`areas.reading`). A history of METARs is left out: one of its reports
    must not govern in the place of a newer one that did not come (`observed_reports`).
    """
    reading = ParsedReports()
    for answer in answers:
        if is_area_product(answer.product) or answer.product == "metar_history":
            continue
        if answer.product == "one_call":
            reading.asked_of_models.extend(answer.stations)
        elif (bulletin := _BULLETINS.get(answer.product)) is not None:
            reading.asked_of_guidance.setdefault(bulletin, set()).update(answer.stations)
        if answer.failed or answer.body is None:
            if answer.error:
                reading.problems.append(answer.error)
            continue
        try:
            one = _read(answer, answer.body)
        except ProviderResponseError as error:
            reading.problems.append(f"{answer.product} of {', '.join(answer.stations)}: {error}")
            continue
        reading.answered.setdefault(answer.product, set()).update(answer.stations)
        reading.groups.extend(one.groups)
        reading.problems.extend(one.problems)
        reading.unread.extend(one.unread)
    return reading


def _read(answer: ProviderResponse, body: str) -> ParsedReports:
    if answer.product in _BULLETINS:
        bulletin = read_bulletin(body, cycle_of(answer.request))
        return ParsedReports(bulletin.groups, bulletin.problems, bulletin.unread)
    return read_response(body, next(iter(answer.stations), None) if answer.product == "one_call" else None)


def read_response(body: str, station: str | None = None) -> ParsedReports:
    """Read a body of the Aviation Weather Center (METAR or TAF, JSON), of One Call, or of the National Blend of Models.

    Args:
        body: the response's body, verbatim.
        station: the airport for which One Call was requested (its body contains only a position).

    Raises:
        ProviderResponseError: it is none of these, or One Call without a station.
    """
    if is_bulletin(body):
        bulletin = read_bulletin(body)
        return ParsedReports(bulletin.groups, bulletin.problems, bulletin.unread)
    answer = _json(body)
    if isinstance(answer, list):
        return _read_reports(cast(list[object], answer))
    if is_one_call(answer):
        if station is None:
            raise ProviderResponseError(
                "an OpenWeatherMap response names no airport; give the one it was requested for"
            )
        try:
            return ParsedReports(read_one_call(cast(dict[str, Any], answer), station))
        except FieldError as error:
            raise ProviderResponseError(str(error)) from error
    raise ProviderResponseError(
        f"not a response of a known weather service: {_glimpse(body)}; "
        "expected a list of METARs or TAFs (aviationweather.gov, format=json), a One Call 3.0 object "
        "or a bulletin NBH or NBS"
    )


def one_call_position(body: str) -> tuple[float, float] | None:
    """Return latitude and longitude in degrees of a One Call response, ``None`` for any other body."""
    try:
        answer = _json(body)
    except ProviderResponseError:
        return None
    if not is_one_call(answer):
        return None
    fields = cast(dict[str, Any], answer)
    position = fields.get("lat"), fields.get("lon")
    latitude, longitude = number(position[0], -90, 90), number(position[1], -180, 180)
    if latitude is None or longitude is None or is_illegible(latitude) or is_illegible(longitude):
        return None
    return latitude, longitude


def station_positions(body: str) -> dict[str, tuple[float, float]]:
    """Return latitude and longitude in degrees of the stations that reports name, as far as they can be read."""
    try:
        reports = objects(_json(body)) or []
    except ProviderResponseError:
        return {}
    positions: dict[str, tuple[float, float]] = {}
    for report in reports:
        ident = text(report.get("icaoId"))
        latitude, longitude = number(report.get("lat"), -90, 90), number(report.get("lon"), -180, 180)
        if ident and latitude is not None and longitude is not None and not is_illegible(latitude + longitude):
            positions[ident.upper()] = latitude, longitude
    return positions


def _read_reports(reports: list[object]) -> ParsedReports:
    reading = ParsedReports()
    if not reports:
        reading.problems.append("the list of reports is empty: the stations are unknown, or have no report now")
    sources: set[Source] = {source for report in reports if (source := _source_of(report)) is not None}
    for position, report in enumerate(reports, start=1):
        fields = cast(dict[str, Any], report) if isinstance(report, dict) else {}
        source = _source_of(fields)
        if source is None:
            what = "neither a METAR nor a TAF:" if isinstance(report, dict) else "not an object but"
            reading.problems.append(f"report {position} is {what} {_glimpse(json.dumps(report))}")
            # It came with other stations' reports, so it belongs to one of them; which one is unknown.
            reading.unread.extend(unread_report(fields, among) for among in sources)
            continue
        try:
            groups = read_taf(fields) if source == "TAF" else [read_metar(fields)]
        except FieldError as error:
            reading.problems.append(f"report {position}: {error}")
            reading.unread.append(unread_report(fields, source))
            continue
        reading.groups.extend(groups)
        if named_station(fields, source) == EVERY_STATION:
            reading.unread.append(unread_report(fields, source))
    return reading


def _source_of(report: object) -> Source | None:
    """Return the kind of a report by its fields."""
    if not isinstance(report, dict):
        return None
    names = cast(dict[str, Any], report).keys()
    if not names.isdisjoint(_TAF_FIELDS):
        return "TAF"
    return None if names.isdisjoint(_METAR_FIELDS) else "METAR"


_TAF_FIELDS = frozenset({"rawTAF", "fcsts", "validTimeFrom", "validTimeTo"})
_METAR_FIELDS = frozenset({"rawOb", "obsTime"})


def _json(body: str) -> object:
    try:
        return json.loads(body)
    except RecursionError:
        raise ProviderResponseError("not weather: nested too deeply to be read") from None
    except ValueError:  # JSONDecodeError, and integers of absurd length
        what = "an HTML page" if body.lstrip()[:1] == "<" else f"not JSON: {_glimpse(body)}"
        raise ProviderResponseError(f"{what if body.strip() else 'an empty body'}, where JSON was expected") from None


def _glimpse(text: str) -> str:
    shown = text.strip()[:SHOWN_CHARACTERS]
    return repr(shown + ("..." if len(text.strip()) > SHOWN_CHARACTERS else ""))
