"""Draw the charts of a report. Title and description state the content in words; colour alone never carries it."""

from collections.abc import Sequence
from datetime import date, datetime
from itertools import groupby

from flightsched_pipelines.durations import DAY, HOUR
from flightsched_pipelines.formatting import format_day, format_period, format_utc, plural
from flightsched_pipelines.reporting.models import AlertPeriod, Funnel, Loss, Points, RiskMap, VerdictCounts
from flightsched_pipelines.reporting.svg import (
    LEFT_PX,
    LEGEND_PX,
    NARROW_PX,
    RIGHT_PX,
    TOP_PX,
    WIDTH_PX,
    Canvas,
    Picture,
    hour_axis,
    legend,
    legend_of_plot,
    money,
    plot,
)

ROW_PX = 18
BAR_PX = 26
THIN_PX = 14
LABEL_PX = 150
BAR_ROOM_PX = NARROW_PX - LABEL_PX - 92
COLOURS = ("one", "three", "two")
"""Colours of lines, in order."""

WORDS = {"at_risk": "below minimums", "unknown": "unknown", "watch": "to watch"}
"""Verdicts in words for people."""
COUNTED = {**WORDS, "beyond": "beyond the forecast"}
"""Verdicts as lessons are counted: unknown ones that the forecast does not reach yet are counted apart."""


def risk_by_airport_and_hour(risk: RiskMap) -> Picture:
    """Draw a row an airport, a column an hour: full below minimums, hollow unknown, half to watch, a dot otherwise."""
    at_risk = sorted({airport for (airport, _), verdict in risk.worst.items() if verdict == "at_risk"})
    canvas = Canvas(
        TOP_PX + 22 + ROW_PX * len(risk.airports) + 30,
        "Risk by airport and hour",
        f"Below the school's minimums at {', '.join(at_risk) or 'no field'}, within the next "
        f"{plural(len(risk.hours_utc), 'hour')}, at hours with a booked lesson.",
    )
    step = (WIDTH_PX - LEFT_PX - RIGHT_PX) / max(len(risk.hours_utc), 1)
    side = min(step, ROW_PX) - 2
    hour_axis(canvas, risk.hours_utc, step, TOP_PX + 8)
    for row, airport in enumerate(risk.airports):
        y = TOP_PX + 20 + ROW_PX * row
        canvas.text(4, y + side, airport)
        verdicts = [risk.worst.get((airport, hour), "none") for hour in risk.hours_utc]
        for verdict, run in groupby(enumerate(verdicts), key=lambda numbered: numbered[1]):
            columns = [column for column, _ in run]
            shapes = "".join(_cell(verdict, LEFT_PX + step * column, y, side) for column in columns)
            first, last = risk.hours_utc[columns[0]], risk.hours_utc[columns[-1]] + HOUR
            tip = f"{airport}, {format_period(first, last, 'UTC')}: {WORDS[verdict]}" if verdict in WORDS else ""
            canvas.path(shapes, verdict, tip)
    _keys(canvas, canvas.height - 8, side)
    return canvas.finished()


def _cell(verdict: str, x: float, y: float, side: float) -> str:
    if verdict == "at_risk":
        return _square(x, y, side, side)
    if verdict == "watch":
        return _square(x, y + side / 2, side, side / 2)
    if verdict == "unknown":
        inner = side - 4
        return f"{_square(x, y, side, side)}M{x + 2:.1f} {y + 2:.1f}v{inner:.1f}h{inner:.1f}v{-inner:.1f}z"
    return _square(x + side / 2 - 1.5, y + side / 2 - 1.5, 3, 3)


def _square(x: float, y: float, width: float, height: float) -> str:
    return f"M{x:.1f} {y:.1f}h{width:.1f}v{height:.1f}h{-width:.1f}z"


def _keys(canvas: Canvas, y: float, side: float) -> None:
    x = float(LEFT_PX)
    for verdict, words in {**WORDS, "none": "no lesson below minimums"}.items():
        canvas.path(_cell(verdict, x, y - side, side), verdict)
        canvas.text(x + side + 6, y, words)
        x += side + 30 + 6.4 * len(words)


def verdicts_by_hour(verdicts: Sequence[VerdictCounts], hours_utc: Sequence[datetime]) -> Picture:
    """Draw the risk over time: a bar an hour, lessons stacked by what they are counted by."""
    newest = verdicts[-1]
    described = (
        f"{format_utc(newest.hour_utc)}: {newest.at_risk} below the minimums, {newest.unknown} unknown, "
        f"{newest.watch} to watch, {newest.beyond_reach} beyond the forecast's reach."
    )
    most = max(one.at_risk + one.unknown + one.watch + one.beyond_reach for one in verdicts)
    drawn = plot(hours_utc, most, "Lessons at risk, by forecast hour", described)
    for one in verdicts:
        below, x = 0, drawn.x(one.hour_utc)
        for verdict, lessons in zip(COUNTED, (one.at_risk, one.unknown, one.watch, one.beyond_reach), strict=True):
            if lessons:
                top = drawn.y(below + lessons)
                tip = f"{format_utc(one.hour_utc)}: {lessons} {COUNTED[verdict]}"
                drawn.canvas.box(x + 0.5, top, drawn.step - 1.5, drawn.y(below) - top, verdict, tip)
            below += lessons
    legend_of_plot(drawn, list(COUNTED.items()))
    return drawn.canvas.finished(ends_now=True)


def funnel(found: Funnel) -> Picture:
    """Draw the rescheduling funnel: a bar a step, and below it how the other cases ended."""
    steps = [
        ("detected", found.detected, "one"), ("alternatives proposed", found.proposed, "one"),
        ("accepted", found.accepted, "one"), ("confirmed", found.confirmed, "one"),
        ("moved", found.moved, "two"),
    ]  # fmt: skip
    ends = [
        ("weather cleared", found.cleared, "two"), ("kept as booked", found.kept, "watch"),
        ("still open", found.still_open, "unknown"),
        ("expired", found.expired, "at_risk"), ("declined", found.declined, "at_risk"),
        ("cancelled", found.cancelled, "at_risk"),
    ]  # fmt: skip
    canvas = Canvas(
        TOP_PX + BAR_PX * (len(steps) + len(ends)) + 16,
        "Rescheduling funnel",
        f"{plural(found.detected, 'conflict')} in the last {found.days} days: {found.proposed} with alternatives, "
        f"{plural(found.moved, 'lesson')} moved.",
        NARROW_PX,
    )
    _bars(canvas, TOP_PX, steps, found.detected)
    _bars(canvas, TOP_PX + BAR_PX * len(steps) + 12, ends, found.detected)
    return canvas.finished()


def _bars(canvas: Canvas, y: float, bars: Sequence[tuple[str, int, str]], whole: int) -> None:
    for words, amount, colour in bars:
        canvas.text(LABEL_PX - 10, y + 15, words, anchor="end")
        length = BAR_ROOM_PX * amount / whole if whole else 0
        canvas.box(LABEL_PX, y + 2, max(length, 1), BAR_PX - 8, colour)
        share = f" ({100 * amount / whole:.0f} %)" if whole else ""
        canvas.text(LABEL_PX + length + 8, y + 15, f"{amount}{share}")
        y += BAR_PX


def imported_rows(rows: Sequence[tuple[str, int]]) -> Picture:
    """Draw what became of the rows of imported files: a bar for each outcome."""
    whole = sum(count for _, count in rows)
    canvas = Canvas(TOP_PX + BAR_PX * len(rows), "Imported rows", f"{plural(whole, 'row')} were read.", NARROW_PX)
    _bars(canvas, TOP_PX, [(words, count, "one") for words, count in rows], whole)
    return canvas.finished()


def losses(found: Sequence[Loss]) -> Picture:
    """Draw the hours of lessons lost to each cause, and of those moved."""
    lost = sum(loss.hours_lost for loss in found)
    pair = 2 * THIN_PX + 10
    canvas = Canvas(
        TOP_PX + LEGEND_PX + pair * len(found) + 4,
        "Lesson hours lost and moved, by cause",
        f"Hours of lessons lost: {lost:,.4g}.",
        NARROW_PX,
    )
    most = max([1.0, *(max(loss.hours_lost, loss.hours_moved) for loss in found)])
    for number, loss in enumerate(found):
        y = TOP_PX + LEGEND_PX + pair * number
        canvas.text(LABEL_PX - 10, y + THIN_PX + 4, loss.cause.replace("_", " "), anchor="end")
        for row, (hours, colour) in enumerate(((loss.hours_lost, "at_risk"), (loss.hours_moved, "two"))):
            length = BAR_ROOM_PX * hours / most
            canvas.box(LABEL_PX, y + THIN_PX * row, max(length, 1), THIN_PX - 1, colour)
            canvas.text(LABEL_PX + length + 8, y + THIN_PX * row + 11, f"{hours:,.1f} h")
    legend(canvas, [("at_risk", "lost"), ("two", "moved")], x=LABEL_PX)
    return canvas.finished()


def lines(
    title: str, unit: str, series: Sequence[tuple[str, Points]], target: float | None, hours_utc: Sequence[datetime]
) -> Picture:
    """Draw values over the hours, a line each; gaps where an hour has none; the target as a dashed line."""
    amounts = [value for _, points in series for _, value in points]
    newest = [f"{name} {points[-1][1]:,.3g} {unit}" for name, points in series if points]
    drawn = plot(hours_utc, max([*amounts, target or 0]), title, f"Newest: {'; '.join(newest)}.")
    if target is not None:
        y = drawn.y(target)
        drawn.canvas.path(f"M{RIGHT_PX} {y:.1f}H{drawn.right:.1f}", "at_risk", filled=False, dashed=True)
        drawn.canvas.text(drawn.right, y - 5, f"target {target:g} {unit}", "at_risk", "end")
    for (name, points), colour in zip(series, COLOURS, strict=False):
        at = [(drawn.x(hour) + drawn.step / 2, drawn.y(value), hour, value) for hour, value in points]
        drawn.canvas.path(_strokes(at), colour, filled=False)
        for x, y, hour, value in at:
            drawn.canvas.box(x - 2, y - 2, 4, 4, colour, f"{format_utc(hour)}, {name}: {value:,.3g} {unit}")
    legend_of_plot(drawn, [(colour, name) for (name, _), colour in zip(series, COLOURS, strict=False)])
    return drawn.canvas.finished(ends_now=True)


def _strokes(at: Sequence[tuple[float, float, datetime, float]]) -> str:
    """A line from point to point, broken where an hour is missing."""
    strokes: list[str] = []
    before: datetime | None = None
    for x, y, hour, _ in at:
        strokes.append(f"{'L' if before is not None and hour - before <= HOUR else 'M'}{x:.1f} {y:.1f}")
        before = hour
    return "".join(strokes)


def cost(days: Sequence[tuple[date, float]], budget_usd: float | None) -> Picture:
    """Draw the LLM's cost, a bar a day, and its daily budget."""
    whole = sum(usd for _, usd in days)
    canvas = Canvas(
        TOP_PX + BAR_PX * len(days) + 14,
        "Cost of the LLM by day",
        f"{money(whole)} in {plural(len(days), 'day')}; "
        + ("the planner ranks now." if budget_usd is None else f"the budget is {money(budget_usd)} a day."),
        NARROW_PX,
    )
    most = max([*(usd for _, usd in days), budget_usd or 0, 0.01])
    for number, (day, usd) in enumerate(days):
        y = TOP_PX + BAR_PX * number
        over = budget_usd is not None and usd > budget_usd
        canvas.text(LABEL_PX - 10, y + 15, format_day(day), anchor="end")
        canvas.box(LABEL_PX, y + 2, max(BAR_ROOM_PX * usd / most, 1), BAR_PX - 8, "at_risk" if over else "one")
        canvas.text(LABEL_PX + BAR_ROOM_PX + 8, y + 15, money(usd))
    if budget_usd:
        x = LABEL_PX + BAR_ROOM_PX * budget_usd / most
        canvas.path(f"M{x:.1f} {TOP_PX}V{canvas.height - 4:.1f}", "quiet", filled=False, dashed=True)
    return canvas.finished()


def alert_history(alerts: Sequence[AlertPeriod], first_utc: datetime, until_utc: datetime) -> Picture:
    """Draw the open alerts of each cause: a row a cause, a bar an alert; those still open reach the right edge."""
    causes = list(dict.fromkeys(alert.key for alert in alerts))
    still_open = [alert.key for alert in alerts if alert.resolved_at_utc is None]
    row_px = ROW_PX + BAR_PX
    canvas = Canvas(
        TOP_PX + LEGEND_PX + 14 + row_px * len(causes),
        "Alerts",
        f"{plural(len(alerts), 'alert')}; open now: {', '.join(still_open) or 'none'}.",
    )
    right = WIDTH_PX - RIGHT_PX
    room = right - RIGHT_PX
    hours = (until_utc - first_utc) / HOUR

    def place(at: datetime) -> float:
        return RIGHT_PX + room * max((at - first_utc) / HOUR, 0) / hours

    midnight = first_utc.replace(hour=0, minute=0, second=0, microsecond=0) + DAY
    while midnight < until_utc:
        canvas.path(f"M{place(midnight):.1f} {TOP_PX + LEGEND_PX - 6}V{canvas.height - 4:.1f}", "rule", filled=False)
        if place(midnight) < WIDTH_PX - 72:
            canvas.text(place(midnight) + 4, TOP_PX + LEGEND_PX + 4, format_day(midnight), "quiet")
        midnight += DAY
    for row, cause in enumerate(causes):
        y = TOP_PX + LEGEND_PX + 12 + row_px * row
        canvas.text(right, y + 14, cause, anchor="end")
        for alert in (alert for alert in alerts if alert.key == cause):
            begin, end = place(alert.opened_at_utc), place(alert.resolved_at_utc or until_utc)
            colour = "at_risk" if alert.severity == "error" else "watch"
            ended = "still open" if alert.resolved_at_utc is None else f"to {format_utc(alert.resolved_at_utc)}"
            canvas.box(begin, y + ROW_PX + 2, max(end - begin, 3), BAR_PX - 8, colour,
                       f"{cause}, {format_utc(alert.opened_at_utc)}, {ended}: {alert.sentence}")  # fmt: skip
    legend(canvas, [("at_risk", "error"), ("watch", "warning")])
    return canvas.finished(ends_now=True)


def sparkline(name: str, points: Points) -> Picture:
    """Draw a metric's last two days, small."""
    canvas = Canvas(26, f"{name}, the last two days", plural(len(points), "hour"), width=132)
    most = max([value for _, value in points] or [0]) or 1
    if points:
        first = points[0][0]
        span = max((points[-1][0] - first) / HOUR, 1)
        at = [(3 + 126 * ((hour - first) / HOUR) / span, 23 - 20 * value / most, hour, value) for hour, value in points]
        canvas.path(_strokes(at), "one", filled=False)
        canvas.box(at[-1][0] - 2.5, at[-1][1] - 2.5, 5, 5, "one")
    return canvas.finished()
