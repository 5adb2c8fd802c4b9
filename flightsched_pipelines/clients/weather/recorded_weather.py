"""Read weather from a folder: saved provider responses, returned verbatim."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from math import cos, radians
from pathlib import Path
from typing import Any, cast

from pandas import DataFrame

from flightsched_pipelines.clients.weather.errors import WeatherSourceError
from flightsched_pipelines.clients.weather.request_specs import (
    AVIATION_WEATHER_CENTER,
    NATIONAL_BLEND,
    OPEN_WEATHER_MAP,
    RequestSpec,
    response_to,
)
from flightsched_pipelines.clients.weather.station_places import places_of
from flightsched_pipelines.domain.weather.areas.products import AREA_PRODUCTS, AreaProduct
from flightsched_pipelines.domain.weather.guidance.bulletin import GuidanceSource, blocks_of, heading_of
from flightsched_pipelines.domain.weather.guidance.governing_guidance import DEFAULT_RULES
from flightsched_pipelines.domain.weather.guidance.reading import is_bulletin
from flightsched_pipelines.domain.weather.guidance.stations import NearestStations, neighbourhood
from flightsched_pipelines.domain.weather.provider_responses import (
    PRODUCT_OF,
    Product,
    ProviderResponse,
    one_call_position,
)

_ONE_CALL_PREFIX = "one_call_"
_BULLETIN_PREFIX = "blend_"


class RecordedWeather:
    """A source that returns the same files for every hour.

    Args:
        folder: contains ``*.json``, each a METAR or TAF array of the Aviation Weather Center or a One Call object of
            OpenWeatherMap, and ``blend_*``, each a bulletin of the National Blend of Models. ``one_call_KAPA.json`` is
            for KAPA; a file of another name is for the nearest airport. Files whose names begin with a product of
            hazard areas (``gairmet.json``, ``airsigmet_1.json``) contain those; of the others, ``[]`` records that
            there was no area.
        within_nm: the greatest distance of a bulletin's station that is not an airport's own, in nautical miles.

    Raises:
        WeatherSourceError: the folder is missing, or has no such file.
    """

    supports_backfill = True

    def __init__(self, folder: Path, within_nm: float = DEFAULT_RULES.max_distance_nm) -> None:
        if not folder.is_dir():
            raise WeatherSourceError(
                f"WEATHER_SOURCE names the folder '{folder}', which does not exist; create it with *.json responses"
            )
        self._files = sorted([*folder.glob("*.json"), *folder.glob("blend_nb[hs]*")])
        self._within_nm = within_nm
        if not self._files:
            raise WeatherSourceError(
                f"WEATHER_SOURCE names the folder '{folder}', which contains no *.json or blend_*; put recorded "
                "responses in"
            )

    def fetch(
        self,
        airports: DataFrame,
        hour_utc: datetime,
        earlier: Sequence[ProviderResponse] = (),  # noqa: ARG002, nothing is fetched
    ) -> list[ProviderResponse]:
        """Return every file as a response; see ``WeatherSource.fetch``."""
        return [_response(file, airports, hour_utc, self._within_nm) for file in self._files if len(airports)]

    def fetch_metars(
        self,
        airports: DataFrame,  # noqa: ARG002, as below
        hours: int,  # noqa: ARG002
        until_utc: datetime,  # noqa: ARG002
    ) -> Iterator[ProviderResponse]:
        """Yield nothing: the files are the weather of every hour, so none has a history of its own."""
        return iter(())

    def fetch_past_tafs(
        self,
        airports: DataFrame,  # noqa: ARG002, as above
        times_utc: Iterable[datetime],  # noqa: ARG002
    ) -> Iterator[tuple[datetime, list[ProviderResponse]]]:
        """Yield nothing, as above."""
        return iter(())


def _response(file: Path, airports: DataFrame, hour_utc: datetime, within_nm: float) -> ProviderResponse:
    try:
        body = file.read_bytes().decode("utf-8", errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}")
    except OSError as error:
        return _unreadable(file, airports, hour_utc, "", f"not readable ({error.strerror})")
    if is_bulletin(body) or file.name.startswith(_BULLETIN_PREFIX):
        return _bulletin(file, airports, hour_utc, body, within_nm)
    try:
        content: object = json.loads(body)
    except (ValueError, RecursionError):
        return _unreadable(file, airports, hour_utc, body, "not JSON, or cut off")
    return _of_content(file, airports, hour_utc, body, content)


def _of_content(file: Path, airports: DataFrame, hour_utc: datetime, body: str, content: object) -> ProviderResponse:
    """Return a response by what its JSON contains, or by the product of hazard areas that its file is named for."""
    area = _area_product_of(file)
    if area is not None:
        response = response_to(RequestSpec(AVIATION_WEATHER_CENTER, area, file.name, ()), hour_utc, body)
        return replace(response, outcome="ok" if content else "empty")
    if isinstance(content, list):
        reports = [cast("dict[str, Any]", one) for one in cast("list[object]", content) if isinstance(one, dict)]
        product, idents = _product_of(reports, file), _idents_of(reports)
        asked = RequestSpec(AVIATION_WEATHER_CENTER, product, file.name, idents or _all(airports))
        return replace(response_to(asked, hour_utc, body), outcome="ok" if content else "empty")
    position = one_call_position(body)
    if position is None:
        return _unreadable(file, airports, hour_utc, body, "neither METARs, TAFs nor a One Call response")
    station = _named_or_nearest(file, airports, position)
    return response_to(RequestSpec(OPEN_WEATHER_MAP, "one_call", file.name, (station,)), hour_utc, body)


def _bulletin(file: Path, airports: DataFrame, hour_utc: datetime, body: str, within_nm: float) -> ProviderResponse:
    """A bulletin's blocks of the airports' stations, verbatim; guidance is due at those, or at all airports."""
    source: GuidanceSource = "NBS" if "nbs" in file.name.lower() or " NBS GUIDANCE " in body else "NBH"
    blocks = {heading.station: lines for lines in blocks_of(body) if (heading := heading_of(lines[0])) is not None}
    nearest = NearestStations(neighbourhood(airports, places_of(blocks), within_nm))
    for ident in blocks:
        nearest.take(ident)
    named = tuple(ident for ident in blocks if ident in nearest.chosen)
    asked = RequestSpec(NATIONAL_BLEND, PRODUCT_OF[source], file.name, named if blocks else _all(airports))
    kept = "".join(f"{line}\n" for ident in named for line in blocks[ident])
    if blocks:
        return response_to(asked, hour_utc, kept)
    sentence = f"The recorded response '{file}' is not a bulletin of the National Blend of Models; replace or remove it"
    return replace(response_to(asked, hour_utc, body), status_code=None, outcome="damaged", error=sentence)


def _unreadable(file: Path, airports: DataFrame, hour_utc: datetime, body: str, what: str) -> ProviderResponse:
    # Its station is unknown, so it fails for all: lost weather must not go unnoticed.
    area = _area_product_of(file)
    asked = (
        RequestSpec(AVIATION_WEATHER_CENTER, _product_of([], file), file.name, _all(airports))
        if area is None
        else RequestSpec(AVIATION_WEATHER_CENTER, area, file.name, ())
    )
    sentence = f"The recorded response '{file}' is {what}; replace or remove it"
    return replace(response_to(asked, hour_utc, body), status_code=None, outcome="not_json", error=sentence)


def _area_product_of(file: Path) -> AreaProduct | None:
    """Return the product of hazard areas that a file is named for."""
    return next((product for product in AREA_PRODUCTS if file.name.lower().startswith(product)), None)


def _product_of(reports: list[dict[str, Any]], file: Path) -> Product:
    keys = {key for report in reports for key in report}
    if "rawTAF" in keys or "fcsts" in keys:
        return "taf"
    if "rawOb" in keys:
        return "metar"
    return "taf" if "taf" in file.name.lower() else "metar"


def _idents_of(reports: list[dict[str, Any]]) -> tuple[str, ...]:
    idents = [report.get("icaoId") for report in reports]
    return tuple(dict.fromkeys(ident for ident in idents if isinstance(ident, str)))


def _named_or_nearest(file: Path, airports: DataFrame, position: tuple[float, float]) -> str:
    named = file.stem.removeprefix(_ONE_CALL_PREFIX).upper()
    if named in _all(airports):
        return named
    latitude_deg, longitude_deg = position
    north = airports["latitude_deg"] - latitude_deg
    # A degree of longitude shrinks towards the poles, and 180° W is next to 180° E.
    east = ((airports["longitude_deg"] - longitude_deg + 180) % 360 - 180) * cos(radians(latitude_deg))
    return str(airports.loc[(north**2 + east**2).idxmin(), "airport"])


def _all(airports: DataFrame) -> tuple[str, ...]:
    return tuple(airports["airport"].tolist())
