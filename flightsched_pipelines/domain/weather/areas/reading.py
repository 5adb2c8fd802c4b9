"""Read hazard areas from stored provider responses.

What cannot be read never makes a lesson look better: an area without altitudes is at every altitude, one without times
lasts as long as its product reaches, one without an outline may be anywhere, and a product that was asked for and did
not come, or is out of date, is an area that may be anywhere. Each has a sentence.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import shapely

from flightsched_pipelines.domain.weather.areas.ages import out_of_date
from flightsched_pipelines.domain.weather.areas.altitudes import altitudes
from flightsched_pipelines.domain.weather.areas.area_columns import HazardArea
from flightsched_pipelines.domain.weather.areas.outlines import OutlineError, read_outline
from flightsched_pipelines.domain.weather.areas.products import (
    AREA_PRODUCTS,
    FACTS,
    FREEZING_LEVELS,
    AreaProduct,
    hazard_of,
    is_area_product,
)
from flightsched_pipelines.domain.weather.areas.validity import validity
from flightsched_pipelines.domain.weather.provider_responses import ProviderResponse
from flightsched_pipelines.domain.weather.reports.json_fields import text

NO_WORD = "no word"


@dataclass(frozen=True, slots=True)
class _Item:
    """One area of a response, GeoJSON's properties and geometry put together."""

    product: AreaProduct
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Content:
    """A response's list of areas, and the fields beside it."""

    collection: Mapping[str, Any]
    items: list[object]


def read_areas(responses: Iterable[ProviderResponse], hour_utc: datetime) -> list[HazardArea]:
    """Return the hazard areas of an hour, those that could not be read included.

    Where a response of one product is stored, the others are due: one that is absent, failed or is out of date gives an
    area that may be anywhere within the product's reach. An hour for which none was asked has no areas.

    Args:
        responses: the hour's responses, of any product.
        hour_utc: the hour.
    """
    by_product: dict[AreaProduct, list[ProviderResponse]] = {}
    for response in responses:
        if is_area_product(response.product):
            by_product.setdefault(response.product, []).append(response)
    if not by_product:
        return []
    return [area for product in AREA_PRODUCTS for area in _of_product(product, by_product.get(product, []), hour_utc)]


def _of_product(
    product: AreaProduct, responses: Iterable[ProviderResponse], hour_utc: datetime
) -> Iterator[HazardArea]:
    came = False
    for response in responses:
        came = True
        if response.failed:
            yield _unread(product, hour_utc, response.error or "the request failed")
        elif response.outcome == "ok":
            yield from _of_body(product, response, hour_utc)
        elif response.body and (content := _content(product, response.body)) is not None:
            yield from _if_old(product, content, response, hour_utc)
    if not came:
        yield _unread(product, hour_utc, "there is no response")


def _of_body(product: AreaProduct, response: ProviderResponse, hour_utc: datetime) -> Iterator[HazardArea]:
    content = _content(product, response.body or "")
    if content is None:
        yield _unread(product, hour_utc, "the response is not a list of areas")
        return
    yield from _if_old(product, content, response, hour_utc)
    for place, item in enumerate(content.items, start=1):
        if not isinstance(item, dict):
            yield _unread(product, hour_utc, f"area {place} of the response is not an object")
            continue
        fields = _flat(cast(Mapping[str, Any], item))
        if not _is_freezing_level(fields):
            yield _area(_Item(product, fields), hour_utc)


def _if_old(
    product: AreaProduct, content: _Content, response: ProviderResponse, hour_utc: datetime
) -> Iterator[HazardArea]:
    fields = [_flat(cast(Mapping[str, Any], item)) for item in content.items if isinstance(item, dict)]
    why = out_of_date(product, content.collection, fields, hour_utc, response.fetched_at_utc)
    if why:
        yield _unread(product, hour_utc, why)


def _content(product: AreaProduct, body: str) -> _Content | None:
    try:
        content: object = json.loads(body)
    except (ValueError, RecursionError):
        return None
    collection: Mapping[str, object] = {}
    if isinstance(content, dict):
        collection = cast(Mapping[str, object], content)
        content = collection.get("features") if product == "tcf" or "features" in collection else None
    return _Content(collection, cast(list[object], content)) if isinstance(content, list) else None


def _flat(item: Mapping[str, Any]) -> Mapping[str, Any]:
    properties = item.get("properties")
    return {**cast(Mapping[str, Any], properties), **item} if isinstance(properties, dict) else item


def _is_freezing_level(fields: Mapping[str, Any]) -> bool:
    word = fields.get("hazard")
    return isinstance(word, str) and word.strip().upper() in FREEZING_LEVELS


def _area(item: _Item, hour_utc: datetime) -> HazardArea:
    fields, product = item.fields, item.product
    name, problems = _name(item), list[str]()
    hazard = hazard_of(product, fields.get("hazard"), fields.get("qualifier"), fields.get("airSigmetType"))
    if hazard is None:
        problems.append(f"its hazard '{text(fields.get('hazard')) or NO_WORD}' is not known")
    base_ft, top_ft, of_altitudes = altitudes(product, hazard, fields)
    since_utc, until_utc, of_times = validity(product, fields, hour_utc)
    outline, of_outline = _outline(fields)
    problems += [problem for problem in (of_altitudes, of_times, of_outline) if problem]
    return HazardArea(
        product, name, hazard if outline else None, since_utc, until_utc, base_ft, top_ft, outline,
        f"{name}: {'; '.join(problems)}" if problems else None,
    )  # fmt: skip


def _outline(fields: Mapping[str, Any]) -> tuple[str | None, str | None]:
    try:
        geometry, mended = read_outline(fields)
    except OutlineError as error:
        return None, f"{error}, so it may be anywhere"
    return shapely.to_geojson(shapely.set_precision(geometry, 0.0001, mode="valid_output")), mended


def _name(item: _Item) -> str:
    """Return an area's name as people use it: "convective SIGMET 5C", "G-AIRMET ZULU 3Z"."""
    fields, title = item.fields, FACTS[item.product].title
    if item.product == "gairmet":
        words = [title, text(fields.get("product")), text(fields.get("tag"))]
    elif item.product == "cwa":
        words = [title, text(fields.get("cwsu")), _plain(fields.get("seriesId"))]
    elif item.product == "tcf":
        words = [title, text(fields.get("coverage")) and f"({fields['coverage']} coverage)"]
    else:
        convective = "convective " if text(fields.get("hazard")) == "CONVECTIVE" else ""
        place = text(fields.get("firId")) if item.product == "isigmet" else None
        words = [f"{convective}{title}", place, _plain(fields.get("seriesId"))]
    return " ".join(word for word in words if word)


def _plain(value: object) -> str | None:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else text(value)


def _unread(product: AreaProduct, hour_utc: datetime, why: str) -> HazardArea:
    facts = FACTS[product]
    return HazardArea(
        product, facts.title, None, hour_utc, hour_utc + facts.reach, 0.0, None, None,
        f"No {facts.title} can be read: {why.rstrip('.')}",
    )  # fmt: skip
