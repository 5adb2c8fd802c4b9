"""Draw SVG charts of a known size: colours by day and by night, scales and axes.

Colours are classes, so that a page's own style can set them; a stand-alone chart includes the style.
"""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil, floor, log10
from xml.etree.ElementTree import Element, SubElement, tostring

from flightsched_pipelines.durations import HOUR
from flightsched_pipelines.formatting import format_day

WIDTH_PX, NARROW_PX = 760, 364
LEFT_PX, RIGHT_PX, TOP_PX, FOOT_PX = 64, 12, 12, 24
AMOUNTS_PX = 52
"""Room for the amounts of a plot, on its right: beside the newest hour, which a narrow screen shows first."""
LEGEND_PX, DAY_PX = 26, 76

DAY = {
    "ground": "#ffffff", "ink": "#1c2733", "quiet": "#51606e", "rule": "#dbe2e8",
    "at_risk": "#b3261e", "unknown": "#6b7280", "watch": "#b27800", "none": "#c9d3da",
    "one": "#0b63b8", "two": "#0b7a5e", "three": "#6d46b5", "beyond": "#7d8a97",
}  # fmt: skip
NIGHT = {
    "ground": "#172029", "ink": "#e8eef3", "quiet": "#a3b3c1", "rule": "#33414d",
    "at_risk": "#ff8a80", "unknown": "#a7b0bb", "watch": "#f2c14e", "none": "#3c4a56",
    "one": "#6cb6ff", "two": "#5dd3ae", "three": "#b9a0ff", "beyond": "#6b7c8b",
}  # fmt: skip


def _rules(colours: dict[str, str]) -> str:
    return "".join(f".f-{name}{{fill:{colour}}}.s-{name}{{stroke:{colour}}}" for name, colour in colours.items())


STYLE = (
    "svg text{font:12px system-ui,-apple-system,Segoe UI,Roboto,sans-serif}"
    f"{_rules(DAY)}@media (prefers-color-scheme:dark){{{_rules(NIGHT)}}}"
)
"""The style of every chart: ``f-`` classes fill, ``s-`` classes stroke."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A finished chart, and its content in a sentence; ``ends_now`` if its right edge is the newest hour."""

    svg: Element
    title: str
    description: str
    ends_now: bool = False

    def __html__(self) -> str:
        """Return the chart for a page that has `STYLE`; templates insert it unescaped."""
        return tostring(self.svg, encoding="unicode")

    def markdown(self) -> str:
        """Return the chart as an image within Markdown, with its style and its own background."""
        alone = Element("svg", self.svg.attrib)
        SubElement(alone, "style").text = STYLE
        SubElement(alone, "rect", {"width": "100%", "height": "100%", "class": "f-ground"})
        alone.extend(self.svg)
        return f"![{self.title}](data:image/svg+xml;base64,{b64encode(tostring(alone)).decode()})"


class Canvas:
    """An SVG under construction; lengths in pixels from the top left corner."""

    def __init__(self, height: float, title: str, description: str, width: float = WIDTH_PX) -> None:
        self.height, self.width = height, width
        self._title, self._description = title, description
        size = {"width": _px(width), "height": _px(height), "viewBox": f"0 0 {_px(width)} {_px(height)}"}
        self._svg = Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "role": "img", **size})
        self._svg.set("class", "narrow" if width <= NARROW_PX else "broad")
        SubElement(self._svg, "title").text = title
        SubElement(self._svg, "desc").text = description

    def text(self, x: float, y: float, words: str, colour: str = "ink", anchor: str = "start") -> None:
        """Add words with their base line at ``y``."""
        place = {"x": _px(x), "y": _px(y), "class": f"f-{colour}"}
        SubElement(self._svg, "text", place if anchor == "start" else place | {"text-anchor": anchor}).text = words

    def box(self, x: float, y: float, width: float, height: float, colour: str, tip: str = "") -> None:
        """Add a filled box; ``tip`` is shown on hover."""
        place = {"x": _px(x), "y": _px(y), "width": _px(width), "height": _px(height), "class": f"f-{colour}"}
        box = SubElement(self._svg, "rect", place)
        if tip:
            SubElement(box, "title").text = tip

    def path(self, steps: str, colour: str, tip: str = "", *, filled: bool = True, dashed: bool = False) -> None:
        """Add a shape in SVG's path language: filled, or a line."""
        look = {"class": f"f-{colour}"} if filled else {"class": f"s-{colour}", "fill": "none", "stroke-width": "2"}
        if dashed:
            look |= {"stroke-dasharray": "5 4", "stroke-width": "1.5"}
        path = SubElement(self._svg, "path", {"d": steps, **look})
        if tip:
            SubElement(path, "title").text = tip

    def area(self, steps: str, colour: str, tip: str) -> None:
        """Add a see-through shape with its border; what is within an inner path is a hole."""
        look = {
            "class": f"f-{colour} s-{colour}",
            "fill-opacity": "0.25",
            "fill-rule": "evenodd",
            "stroke-width": "1.5",
        }
        path = SubElement(self._svg, "path", {"d": steps, **look})
        SubElement(path, "title").text = tip

    def finished(self, *, ends_now: bool = False) -> Picture:
        """Return the chart."""
        return Picture(self._svg, self._title, self._description, ends_now)


@dataclass(frozen=True, slots=True)
class Plot:
    """A canvas with hours from left to right, and amounts from 0 upward."""

    canvas: Canvas
    hours: Sequence[datetime]
    most: float

    @property
    def step(self) -> float:
        """Return the width of an hour."""
        return (self.right - RIGHT_PX) / len(self.hours)

    @property
    def right(self) -> float:
        """Return the right edge of the newest hour."""
        return self.canvas.width - AMOUNTS_PX

    def x(self, hour_utc: datetime) -> float:
        """Return the left edge of an hour."""
        return RIGHT_PX + self.step * ((hour_utc - self.hours[0]) / HOUR)

    def y(self, amount: float) -> float:
        """Return the height of an amount."""
        top = TOP_PX + LEGEND_PX + 20
        return top + (self.canvas.height - top - FOOT_PX) * (1 - amount / self.most)


def plot(hours: Sequence[datetime], most: float, title: str, description: str, height: float = 230) -> Plot:
    """Return an empty plot with its axes: hours below, round amounts on the right, room for a legend above."""
    ticks = round_amounts(most)
    made = Plot(Canvas(height, title, description), hours, ticks[-1])
    for amount in ticks:
        y = made.y(amount)
        made.canvas.path(f"M{RIGHT_PX} {_px(y)}H{_px(made.right)}", "rule", filled=False)
        made.canvas.text(made.right + 8, y + 4, f"{amount:,g}", "quiet")
    hour_axis(made.canvas, hours, made.step, height - 6, RIGHT_PX)
    return made


def hours_until(last_utc: datetime, count: int) -> list[datetime]:
    """Return a number of hours, the last of them the given one."""
    return [last_utc - timedelta(hours=n) for n in reversed(range(count))]


def hour_axis(canvas: Canvas, hours: Sequence[datetime], step: float, y: float, left: float = LEFT_PX) -> None:
    """Draw the axis: days, noon and evening, as far as there is room."""
    for number, hour in enumerate(hours):
        x = left + step * number
        if hour.hour == 0 and x < canvas.width - DAY_PX:
            canvas.text(x, y, format_day(hour))
        elif hour.hour in {12, 18} and x < canvas.width - RIGHT_PX - 24:
            canvas.text(x, y, f"{hour:%H}Z", "quiet")


def round_amounts(most: float) -> list[float]:
    """Return up to six round amounts from 0 to at least ``most``."""
    if most < 1e-6:
        return [0, 1]
    rough = most / 4
    magnitude = 10.0 ** floor(log10(rough))
    step = magnitude * next(factor for factor in (1, 2, 5, 10) if factor * magnitude >= rough)
    return [round(step * n, 10) for n in range(ceil(most / step) + 1)]


def legend(canvas: Canvas, entries: Sequence[tuple[str, str]], x: float = RIGHT_PX, y: float = TOP_PX + 8) -> None:
    """Draw the meaning of colours: (colour, words) from left to right."""
    for colour, words in entries:
        canvas.box(x, y - 10, 11, 11, colour)
        canvas.text(x + 16, y, words)
        x += _entry_px(words)


def legend_of_plot(plot: Plot, entries: Sequence[tuple[str, str]]) -> None:
    """Draw the meaning of colours in two rows above the newest hours, where a narrow screen shows them."""
    half = ceil(len(entries) / 2)
    x = plot.right - max(sum(_entry_px(words) for _, words in row) for row in (entries[:half], entries[half:]))
    legend(plot.canvas, entries[:half], x)
    legend(plot.canvas, entries[half:], x, TOP_PX + 8 + LEGEND_PX / 2 + 5)


def _entry_px(words: str) -> float:
    return 38 + 6.4 * len(words)


def money(usd: float) -> str:
    """Return US dollars, to the cent; below ten cents with four digits."""
    return f"${usd:,.2f}" if usd >= 0.1 or not usd else f"${usd:,.4f}"


def _px(length: float) -> str:
    return f"{length:.1f}".removesuffix(".0")
