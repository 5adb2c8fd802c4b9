"""Draw performance and reliability diagrams: a panel an event, a line a source."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from types import MappingProxyType

from flightsched_pipelines.domain.verification.intervals import wilson
from flightsched_pipelines.domain.verification.national_marks import FAR_PERCENT, POD_PERCENT
from flightsched_pipelines.reporting.svg import WIDTH_PX, Canvas, Picture
from flightsched_pipelines.reporting.verification.models import EventReliability, EventSkill

COLOURS: Mapping[str, str] = MappingProxyType({"TAF": "one", "NBH": "two", "OpenWeatherMap": "three", "NBS": "watch"})
"""Colours of sources; each line also has its source's name."""
SIDE_PX, LEFT_PX, TOP_PX, FOOT_PX = 280, 48, 40, 44
BETWEEN_PX, LETTER_PX, LINE_PX = 92, 6.6, 13
BESIDE = ((9, 4), (-9, 4), (9, -10), (-9, -10), (9, 18), (-9, 18), (9, -24), (9, 32), (-9, 32))
"""Places of a label beside its mark, in pixels right and down; to the left it ends there."""
BIASES, CSIS = (0.5, 1.0, 2.0), (0.2, 0.4, 0.6, 0.8)


@dataclass(slots=True)
class _Panel:
    """A square of shares from 0 to 1, right and up; ``taken`` are boxes where there are marks or words already."""

    canvas: Canvas
    left: float
    taken: list[tuple[float, float, float, float]]

    def x(self, share: float) -> float:
        return self.left + SIDE_PX * share

    def y(self, share: float) -> float:
        return TOP_PX + SIDE_PX * (1 - share)

    def line(self, points: Sequence[tuple[float, float]], colour: str, *, dashed: bool = False) -> None:
        steps = "".join(f"{'L' if n else 'M'}{self.x(x):.1f} {self.y(y):.1f}" for n, (x, y) in enumerate(points))
        self.canvas.path(steps, colour, filled=False, dashed=dashed)

    def mark(self, x: float, y: float, colour: str, tip: str, side: float = 8) -> None:
        left, top = self.x(x) - side / 2, self.y(y) - side / 2
        self.canvas.box(left, top, side, side, colour, tip)
        self.taken.append((left, top, left + side, top + side))

    def label(self, x: float, y: float, words: str, colour: str) -> None:
        """Write words beside a point, at the first place that nothing else has."""
        at, down, width = self.x(x), self.y(y), LETTER_PX * len(words)
        boxes = [
            (at + right - (width if right < 0 else 0), down + lower - LINE_PX + 3,
             at + right + (0 if right < 0 else width), down + lower + 3)
            for right, lower in BESIDE
        ]  # fmt: skip
        number = next((number for number, box in enumerate(boxes) if not any(_meet(box, one) for one in self.taken)), 0)
        right, lower = BESIDE[number]
        self.taken.append(boxes[number])
        self.canvas.text(at + right, down + lower, words, colour, "end" if right < 0 else "start")


def _meet(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def performance_diagram(skills: Sequence[EventSkill], days: int) -> Picture:
    """Draw POD over success ratio from lead to lead, with lines of equal CSI and bias, and the national marks."""
    events = list(dict.fromkeys(one.event for one in skills))
    shown = "; ".join(_skill_words(one) for one in skills if one.lead_hours == 6)
    described = f"Forecasts of the last {days} days. 6 hours ahead: {shown or 'none'}."
    canvas = _canvas(events, "Performance diagram", described)
    for number, event in enumerate(events):
        panel = _panel(canvas, number, event, "success ratio (1 - FAR)", "POD")
        _draw_equal_scores(panel)
        of_event = sorted((one for one in skills if one.event == event), key=lambda one: (one.source, one.lead_hours))
        lines = [list(line) for _, line in groupby(of_event, key=lambda one: one.source)]
        for line in lines:
            panel.line([_place(one) for one in line], _colour(line[0].source))
            for one in line:
                panel.mark(*_place(one), _colour(one.source), f"{one.lead_hours} h: {_skill_words(one)}")
        for line in lines:
            ends = line[:1] if len(line) == 1 else (line[0], line[-1])
            for one in ends:
                words = f"{one.source} {one.lead_hours} h" if one is line[0] else f"{one.lead_hours} h"
                panel.label(*_place(one), words, _colour(one.source))
        panel.label(1 - FAR_PERCENT[1] / 100, POD_PERCENT[0] / 100, "national TAFs", "quiet")
    return canvas.finished()


def reliability_diagram(reliabilities: Sequence[EventReliability], days: int) -> Picture:
    """Draw how often each probability came true, with its interval and cases; the diagonal is perfect."""
    events = list(dict.fromkeys(one.event for one in reliabilities))
    told = "; ".join(
        f"{one.source} {one.event}, {point.percent} %: {point.came_true} of {point.cases}"
        for one in reliabilities
        for point in one.bins
    )
    leads = " and ".join(f"{lead}" for lead in sorted({one.lead_hours for one in reliabilities}))
    canvas = _canvas(events, "Reliability diagram", f"Forecasts {leads} hours ahead, of the last {days} days. {told}.")
    for number, event in enumerate(events):
        panel = _panel(canvas, number, event, "probability of the forecast", "share that came true")
        panel.line([(0, 0), (1, 1)], "quiet", dashed=True)
        of_event = [one for one in reliabilities if one.event == event]
        cases = sum(point.cases for one in of_event for point in one.bins)
        climate = sum(point.came_true for one in of_event for point in one.bins) / cases
        panel.line([(0, climate), (1, climate)], "rule")
        for one in of_event:
            _draw_bins(panel, one, _colour(one.source))
    return canvas.finished()


def _place(one: EventSkill) -> tuple[float, float]:
    """Return success ratio and POD."""
    return 1 - (one.scores.far.value or 0.0), one.scores.pod.value or 0.0


def _draw_bins(panel: _Panel, one: EventReliability, colour: str) -> None:
    points = [(point.percent / 100, point.came_true / point.cases) for point in one.bins]
    panel.line(points, colour)
    for point, (x, y) in zip(one.bins, points, strict=True):
        low, high = wilson(point.came_true, point.cases)
        panel.line([(x, low), (x, high)], colour)
        panel.mark(x, y, colour, f"{one.source}, {point.percent} %: {point.came_true} of {point.cases} came true")
    panel.label(*points[-1], one.source, colour)


def _draw_equal_scores(panel: _Panel) -> None:
    """Draw lines of equal CSI and of equal bias, each with its number, and the area of the national marks."""
    for csi in CSIS:
        ratios = [csi + (1 - csi) * n / 40 for n in range(41)]
        panel.line([(ratio, 1 / (1 / csi + 1 - 1 / ratio)) for ratio in ratios], "rule")
        panel.canvas.text(panel.x(1) + 5, panel.y(csi) + 4, f"CSI {csi:g}", "quiet")
    for bias in BIASES:
        end = (min(1, 1 / bias), min(1, bias))
        panel.line([(0, 0), end], "quiet", dashed=True)
        at = (panel.x(1) + 5, panel.y(bias) + 4, "start") if bias < 1 else (panel.x(end[0]), TOP_PX - 5, "middle")
        panel.canvas.text(at[0], at[1], f"bias {bias:g}", "quiet", at[2])
    right, left = (1 - percent / 100 for percent in FAR_PERCENT)
    low, high = (percent / 100 for percent in POD_PERCENT)
    corners = [(left, low), (right, low), (right, high), (left, high)]
    steps = "".join(f"{'L' if n else 'M'}{panel.x(x):.1f} {panel.y(y):.1f}" for n, (x, y) in enumerate(corners))
    panel.canvas.area(f"{steps}Z", "unknown", "national TAFs")


def _canvas(events: Sequence[str], title: str, description: str) -> Canvas:
    rows = -(-len(events) // 2)
    return Canvas((TOP_PX + SIDE_PX + FOOT_PX) * max(rows, 1), title, description, WIDTH_PX)


def _panel(canvas: Canvas, number: int, event: str, right: str, up: str) -> _Panel:
    """Draw an empty panel with its scales."""
    left = LEFT_PX + number * (SIDE_PX + BETWEEN_PX)
    panel = _Panel(canvas, left, [(0, 0, left, canvas.height)])
    canvas.text(panel.left, 14, event)
    canvas.text(panel.left + SIDE_PX, TOP_PX + SIDE_PX + 34, right, "quiet", "end")
    canvas.text(panel.left - 38, TOP_PX - 12, up, "quiet")
    for share in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0):
        canvas.text(panel.x(share), TOP_PX + SIDE_PX + 16, f"{share:g}", "quiet", "middle")
        canvas.text(panel.left - 8, panel.y(share) + 4, f"{share:g}", "quiet", "end")
    panel.line([(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)], "rule")
    return panel


def _colour(source: str) -> str:
    return COLOURS.get(source, "unknown")


def _skill_words(one: EventSkill) -> str:
    pod, far = one.scores.pod, one.scores.far
    shares = f"POD {pod.value or 0:.2f} of {pod.cases}, FAR {far.value or 0:.2f} of {far.cases}"
    return f"{one.source}, {one.event}: {shares}"
