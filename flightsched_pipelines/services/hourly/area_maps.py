"""Put hazard areas on maps: all of an hour, and those that a lesson meets on its way."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import pandas as pd

from flightsched_pipelines.domain.risk.rules import area_rule
from flightsched_pipelines.domain.weather.areas.altitudes import band_words
from flightsched_pipelines.domain.weather.areas.products import HAZARDS_OF_AREAS
from flightsched_pipelines.formatting import format_utc
from flightsched_pipelines.reporting.area_map import AreaMap, MapArea, Point


def map_of_hour(areas: pd.DataFrame, airports: pd.DataFrame, hour_utc: datetime) -> AreaMap:
    """Return every area of an hour whose outline is known, and the airports of the schools."""
    return AreaMap(f"Hazard areas known at {format_utc(hour_utc)}", _drawn(areas), _places(airports, None))


def map_of_lesson(
    areas: pd.DataFrame, airports: pd.DataFrame, idents: Sequence[str], met: Iterable[tuple[str, str]]
) -> AreaMap | None:
    """Return the areas that a lesson meets and its way between airports; ``None`` if it meets none of known outline.

    Args:
        areas: of the hour (``AREA_COLUMNS``).
        airports: ident and position of the airports.
        idents: those of the lesson's way, in order.
        met: rule and hazard of each breach.
    """
    names = {(rule, hazard.partition(", ")[0]) for rule, hazard in met}
    rules = [None if pd.isna(hazard) else area_rule(hazard) for hazard in areas["hazard"]]
    chosen = [pair in names for pair in zip(rules, areas["name"], strict=True)]
    drawn = _drawn(areas[chosen])
    if not drawn:
        return None
    places = _places(airports, idents)
    way = [places[ident] for ident in idents if ident in places]
    return AreaMap("Hazard areas on the way", drawn, places, [way] if len(way) > 1 else ())


def _drawn(areas: pd.DataFrame) -> list[MapArea]:
    """The areas of known outline, the gravest on top; the snapshots of one have one line in the legend."""
    known = areas[areas["hazard"].notna() & areas["outline"].notna()]
    order = {hazard: place for place, hazard in enumerate(HAZARDS_OF_AREAS)}
    known = known.assign(
        order=known["hazard"].map(order),
        first=known.groupby(["hazard", "name"])["from_utc"].transform("min"),
        last=known.groupby(["hazard", "name"])["to_utc"].transform("max"),
    ).sort_values("order", ascending=False)
    return [
        MapArea(str(row["hazard"]), str(row["outline"]), _words(row))
        for row in known.drop_duplicates(["hazard", "name", "outline"]).to_dict("records")
    ]


def _words(row: Mapping[Any, Any]) -> str:
    band = band_words(row["base_ft"], None if pd.isna(row["top_ft"]) else row["top_ft"])
    return f"{row['name']}, {band}, {row['first']:%H:%M}–{row['last']:%H:%M}Z"


def _places(airports: pd.DataFrame, idents: Collection[str] | None) -> dict[str, Point]:
    rows = zip(airports["airport"], airports["longitude_deg"], airports["latitude_deg"], strict=True)
    return {
        str(ident): (float(longitude), float(latitude))
        for ident, longitude, latitude in rows
        if (idents is None or ident in idents) and not (pd.isna(longitude) or pd.isna(latitude))
    }
