"""Draw the forecast over a lesson's hours against its minimums, a strip a quantity; and say the same as a table."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from flightsched_pipelines.domain.risk.breach_text import NAMES
from flightsched_pipelines.domain.risk.lesson_forecast import HourlyValues, LessonForecast
from flightsched_pipelines.formatting import format_clock, format_quantity, format_visibility, zone_name
from flightsched_pipelines.reporting.svg import Canvas, Picture

WIDTH_PX, LEFT_PX, RIGHT_PX = 360, 8, 8
STRIP_PX, HEAD_PX, BARS_PX, FOOT_PX = 112, 22, 62, 24
SHOWN_LIMITS = 2.0
"""A strip reaches to this many times the limit: beyond that a bar is full."""

NO_CEILING = "no ceiling"


@dataclass(frozen=True, slots=True)
class ForecastTable:
    """The chart as a table: a heading for each quantity with its limit, and a row an hour."""

    headings: Sequence[str]
    rows: Sequence[tuple[str, Sequence[str]]]


def forecast_chart(forecast: LessonForecast, time_zone: str) -> Picture:
    """Draw bars for the prevailing forecast, narrow ones for what is forecast at times, and a line at each limit."""
    strips = forecast.quantities
    zone = zone_name(forecast.hours[0], time_zone)
    canvas = Canvas(
        STRIP_PX * len(strips) + FOOT_PX,
        f"Forecast for {forecast.airport} against the minimums",
        "; ".join(f"{_name(one)}: {_in_words(one)}" for one in strips) + ". The table has each hour.",
        WIDTH_PX,
    )
    step = (WIDTH_PX - LEFT_PX - RIGHT_PX) / len(forecast.hours)
    for number, one in enumerate(strips):
        _strip(canvas, one, STRIP_PX * number, step)
    for number, hour in enumerate(forecast.hours):
        canvas.text(
            LEFT_PX + step * (number + 0.5), canvas.height - 8, format_clock(hour, time_zone), "quiet", "middle"
        )
    canvas.text(WIDTH_PX - RIGHT_PX, 14, zone, "quiet", "end")
    return canvas.finished()


def forecast_table(forecast: LessonForecast, time_zone: str) -> ForecastTable:
    """Return the same content in words."""
    rows = [
        (
            f"{format_clock(hour, time_zone)} {zone_name(hour, time_zone)}",
            [_cell(one, number) for one in forecast.quantities],
        )
        for number, hour in enumerate(forecast.hours)
    ]
    return ForecastTable([f"{_name(one)} ({_limit(one)})" for one in forecast.quantities], rows)


def _strip(canvas: Canvas, one: HourlyValues, top: float, step: float) -> None:
    canvas.text(LEFT_PX, top + 14, f"{_name(one)}: {_limit(one)}")
    floor = top + HEAD_PX + BARS_PX + 14
    most = _most(one)

    def height(value: float) -> float:
        return BARS_PX * min(value / most, 1.0)

    for number, (prevailing, temporary) in enumerate(zip(one.prevailing, one.temporary, strict=True)):
        x = LEFT_PX + step * number
        high = 0.0 if prevailing is None else height(prevailing)
        if prevailing is not None:
            canvas.box(x + step * 0.12, floor - high, step * 0.5, max(high, 1), "one", _tip(one, number))
        if temporary is not None:
            low = height(temporary)
            canvas.box(x + step * 0.66, floor - low, step * 0.2, max(low, 1), "three", _tip(one, number))
    canvas.path(f"M{LEFT_PX} {floor}H{WIDTH_PX - RIGHT_PX}", "rule", filled=False)
    if one.limit is not None:
        y = floor - height(one.limit)
        canvas.path(f"M{LEFT_PX} {y:.1f}H{WIDTH_PX - RIGHT_PX}", "at_risk", filled=False, dashed=True)
    for number, prevailing in enumerate(one.prevailing):
        y = floor - 3 - (0.0 if prevailing is None else height(prevailing))
        canvas.text(LEFT_PX + step * (number + 0.37), y, _label(one, number), "quiet", "middle")


def _most(one: HourlyValues) -> float:
    values = [value for value in (*one.prevailing, *one.temporary) if value is not None and math.isfinite(value)]
    return SHOWN_LIMITS * one.limit if one.limit else max([*values, 1.0])


def _name(one: HourlyValues) -> str:
    name = NAMES[one.rule]
    return name[:1].upper() + name[1:]


def _limit(one: HourlyValues) -> str:
    if one.limit is None:
        return "no limit"
    return f"{'at least' if one.is_minimum else 'at most'} {format_quantity(one.limit, one.unit)}"


def _in_words(one: HourlyValues) -> str:
    """Return the worst hour of the prevailing forecast, and the limit."""
    hours = [number for number, value in enumerate(one.prevailing) if value is not None]
    if not hours:
        return f"not forecast, {_limit(one)}"
    worst = (min if one.is_minimum else max)(hours, key=lambda number: one.prevailing[number] or 0.0)
    return f"{'lowest' if one.is_minimum else 'highest'} {_prevailing(one, worst)}, {_limit(one)}"


def _cell(one: HourlyValues, number: int) -> str:
    words, temporary = _prevailing(one, number), one.temporary[number]
    return words if temporary is None else f"{words}, at times {_amount(temporary, one.unit)}"


def _prevailing(one: HourlyValues, number: int) -> str:
    value = one.prevailing[number]
    if value is None:
        return "not forecast"
    return format_visibility(value, at_least=True) if one.at_least[number] else _amount(value, one.unit)


def _label(one: HourlyValues, number: int) -> str:
    """Return the figure above a bar, whose unit is in the heading of the strip."""
    value = one.prevailing[number]
    if value is None or math.isinf(value):
        return "?" if value is None else NO_CEILING
    return format_quantity(value, one.unit).removesuffix(f" {one.unit}") + "+" * one.at_least[number]


def _tip(one: HourlyValues, number: int) -> str:
    return f"{_name(one)} {_cell(one, number)}"


def _amount(value: float, unit: str) -> str:
    return NO_CEILING if math.isinf(value) else format_quantity(value, unit)
