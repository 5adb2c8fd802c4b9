"""Draw hazard areas, airports and the ways of lessons on a map; without any tile of a network."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from flightsched_pipelines.reporting.svg import Canvas, Picture, legend

WIDTH_PX, MAP_PX, LINE_PX, LABEL_PX = 360, 300, 20, 40
LEAST_DEG, MARGIN_DEG = 1.0, 1.2
MOST_NAMED = 8

COLOURS: Mapping[str, str] = {
    "convection": "at_risk", "convection_forecast": "watch", "icing": "one", "severe_icing": "one",
    "turbulence": "three", "severe_turbulence": "three", "wind_shear": "three", "surface_wind": "three",
    "ifr": "unknown", "mountain_obscuration": "unknown", "ash": "at_risk",
}  # fmt: skip

Point = tuple[float, float]
"""Longitude and latitude, degrees."""


@dataclass(frozen=True, slots=True)
class MapArea:
    """An area: its hazard, its outline in GeoJSON, and its words in the legend."""

    hazard: str
    outline: str
    words: str


@dataclass(frozen=True, slots=True)
class AreaMap:
    """A map: the areas, the airports by their ident, and ways through places."""

    title: str
    areas: Sequence[MapArea]
    airports: Mapping[str, Point]
    ways: Sequence[Sequence[Point]] = ()


@dataclass(frozen=True, slots=True)
class _Window:
    """The part of the world that is shown, a degree of latitude as long everywhere as in its middle."""

    west: float
    north: float
    px_per_degree: float
    narrow: float

    def place(self, point: Point) -> tuple[float, float]:
        """Return where a point is drawn; a longitude counts on the turn that is nearest to the map."""
        east = (point[0] - self.west + 180) % 360 - 180
        return east * self.narrow * self.px_per_degree, (self.north - point[1]) * self.px_per_degree


def area_map(drawn: AreaMap) -> Picture:
    """Draw a map around its airports; areas elsewhere are cut off at its edges."""
    window = _window([*drawn.airports.values(), *(place for way in drawn.ways for place in way)])
    named = list(dict.fromkeys((area.hazard, area.words) for area in drawn.areas))[:MOST_NAMED]
    words = "; ".join(words for _, words in named) or "no area"
    description = f"{words}. Airports: {', '.join(drawn.airports)}."
    canvas = Canvas(MAP_PX + LINE_PX * (len(named) + 1), drawn.title, description, WIDTH_PX)
    for area in drawn.areas:
        steps = "".join(_steps(ring, window) + "Z" for ring in _rings(area.outline))
        canvas.area(steps, COLOURS.get(area.hazard, "watch"), area.words)
    for way in drawn.ways:
        canvas.path(_steps(way, window), "ink", filled=False)
    labelled: list[tuple[float, float]] = []
    for ident, point in drawn.airports.items():
        x, y = window.place(point)
        canvas.box(x - 3, y - 3, 6, 6, "ink", ident)
        if all(abs(x - there) > LABEL_PX or abs(y - high) > LINE_PX / 2 for there, high in labelled):
            labelled.append((x, y))
            canvas.text(min(x + 5, WIDTH_PX - LABEL_PX), y - 5, ident)
    canvas.box(0, MAP_PX, WIDTH_PX, canvas.height - MAP_PX, "ground")
    for number, (hazard, text) in enumerate(named):
        legend(canvas, [(COLOURS.get(hazard, "watch"), text)], 4, MAP_PX + LINE_PX * (number + 1) - 4)
    return canvas.finished()


def _window(places: Sequence[Point]) -> _Window:
    """The window with every place and a margin around them; the middle of the United States without any."""
    anchor = places[0][0] if places else -98.0
    east = [(longitude - anchor + 180) % 360 - 180 for longitude, _ in places] or [0.0]
    north = [latitude for _, latitude in places] or [39.0]
    middle = anchor + (min(east) + max(east)) / 2, (min(north) + max(north)) / 2
    narrow = max(math.cos(math.radians(middle[1])), 0.1)
    width = max(max(east) - min(east), LEAST_DEG) + 2 * MARGIN_DEG / narrow
    height = max(max(north) - min(north), LEAST_DEG) + 2 * MARGIN_DEG
    px = min(WIDTH_PX / (width * narrow), MAP_PX / height)
    return _Window(middle[0] - WIDTH_PX / px / narrow / 2, middle[1] + MAP_PX / px / 2, px, narrow)


def _rings(outline: str) -> list[Sequence[Sequence[float]]]:
    geometry: Mapping[str, Any] = json.loads(outline)
    kind, coordinates = geometry["type"], geometry["coordinates"]
    if kind == "LineString":
        return [coordinates]
    return [ring for polygon in ([coordinates] if kind == "Polygon" else coordinates) for ring in polygon]


def _steps(points: Sequence[Sequence[float]], window: _Window) -> str:
    """A path through points, whole where it crosses 180°."""
    x, y = window.place((points[0][0], points[0][1]))
    steps = [f"M{x:.1f} {y:.1f}"]
    for (before, _), (longitude, latitude) in pairwise((point[0], point[1]) for point in points):
        turn = (longitude - before + 180) % 360 - 180
        x += turn * window.narrow * window.px_per_degree
        y = (window.north - latitude) * window.px_per_degree
        steps.append(f"L{x:.1f} {y:.1f}")
    return "".join(steps)
