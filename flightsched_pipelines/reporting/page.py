"""Render a report as one self-contained page, and as Markdown for the Dagster UI: the same sections in both."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from itertools import groupby
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from flightsched_pipelines.durations import HOUR
from flightsched_pipelines.formatting import format_day, format_utc, plural
from flightsched_pipelines.reporting import charts
from flightsched_pipelines.reporting.metrics import METRICS, Metric, Part, function_name
from flightsched_pipelines.reporting.models import Points, Report
from flightsched_pipelines.reporting.sections import Section, Table
from flightsched_pipelines.reporting.svg import STYLE, Picture, hours_until, money
from flightsched_pipelines.reporting.verification.sections import performance, reliability, suggestions

DAY_HOURS, SHOWN_HOURS = 24, 48
"""Range of averages and curves."""
ALERT_DAYS = 7
MAX_ROWS_IN_MARKDOWN = 20
"""Rows of a table in the Markdown; the page has them all."""
GIVEN_UP = ("weather_monitor_dead_letters", "ai_rescheduler_dead_letters", "messages_given_up")
NOT_MEASURED = "not measured"
PARTS: Sequence[Part] = ("weather-monitor", "ai-rescheduler")


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure at the top, and what it counts; ``state`` is good, bad or plain, and ``note`` says it in words."""

    label: str
    value: str
    note: str
    meaning: str
    state: str = "plain"


@dataclass(frozen=True, slots=True)
class Row:
    """One metric: this hour, its last day, its target, and its curve."""

    metric: Metric
    now: str
    day: str
    target: str
    missed: bool
    curve: Picture


def html(report: Report) -> str:
    """Return the page: no script, no outside resource, dark if the reader's device is."""
    return _template().render(
        utc=format_utc,
        report=report,
        tiles=tiles(report),
        sections=sections(report),
        parts=[(function_name(part, report.environment), rows(report, part)) for part in PARTS],
        style=STYLE,
    )


def markdown(report: Report) -> str:
    """Return the report as Markdown for the Dagster UI."""
    blocks = [
        f"## Operations, {format_utc(report.hour_utc)}",
        _markdown_table(Table(("", "", "", ""), [(t.label, t.value, t.note, t.meaning) for t in tiles(report)])),
    ]
    for part in PARTS:
        named = [(row.metric.title, row.now, row.day, row.target) for row in rows(report, part)]
        headings = ("metric", "this hour", "last 24 hours", "target")
        blocks += [f"### {function_name(part, report.environment)}", _markdown_table(Table(headings, named))]
    for section in sections(report):
        drawn = section.picture.markdown() if section.picture else section.nothing
        blocks += [f"### {section.title}", section.lead, drawn, _markdown_table(section.table)]
    return "\n\n".join(blocks)


def tiles(report: Report) -> list[Tile]:
    """Return the key figures for operators."""
    newest = report.verdicts[-1] if report.verdicts else None
    open_alerts = [alert for alert in report.alerts if alert.resolved_at_utc is None]
    letters = [_newest(report, key) for key in GIVEN_UP]
    counted = [count for count in letters if count is not None]
    given_up = sum(counted) if counted else None
    spent = report.cost_by_day_usd[-1][1] if report.cost_by_day_usd else 0.0
    over = report.budget_usd is not None and spent >= report.budget_usd
    ahead = ", ".join(filter(None, (f"of {plural(report.lessons, 'lesson')} ahead", _assessed_before(report))))
    no_hour = f"no hour was assessed within {SHOWN_HOURS} hours"
    return [
        Tile("Open alerts", f"{len(open_alerts)}", ", ".join(alert.key for alert in open_alerts) or "none",
             "Checks that fail now; the runbook has a section for each.", "bad" if open_alerts else "good"),
        Tile("Lessons below minimums", f"{newest.at_risk}" if newest else "?", ahead if newest else no_hour,
             "Their forecast is below the school's minimums."),
        Tile("Lessons unknown", f"{newest.unknown}" if newest else "?", ahead if newest else no_hour,
             "A forecast that should be there is missing, or cannot be read."),
        Tile("Lessons beyond the forecast", f"{newest.beyond_reach}" if newest else "?", ahead if newest else no_hour,
             "Their forecast ends before them; a later hour will assess them."),
        Tile("Open cases", _count(_newest(report, "cases_open")),
             f"{report.funnel.moved} moved in {report.funnel.days} days",
             "Lessons for which a new time is being looked for."),
        Tile("Messages waiting", _count(_newest(report, "messages_waiting")),
             f"{_count(_newest(report, 'messages_sent'))} sent in this hour",
             "Queued and not sent yet, those that wait for the end of quiet hours included."),
        Tile("Dead letters", _count(given_up), "waiting for a redrive" if given_up else "none" if counted else "",
             "Messages given up after repeated failures; `flightsched redrive` retries them.",
             "plain" if given_up is None else "bad" if given_up else "good"),
        Tile("LLM today", money(spent),
             "the planner ranks" if report.budget_usd is None else f"of {money(report.budget_usd)}",
             "Cost of the LLM's calls since 00:00 UTC.", "bad" if over else "plain"),
    ]  # fmt: skip


def _assessed_before(report: Report) -> str:
    """Return the hour that lessons were assessed in, if it is one before the reported one; else nothing."""
    if not report.verdicts or report.verdicts[-1].hour_utc == report.hour_utc:
        return ""
    return f"as assessed {format_utc(report.verdicts[-1].hour_utc)}"


def rows(report: Report, part: Part) -> list[Row]:
    """Return the metrics of a part of the platform."""
    return [_row(metric, report) for metric in METRICS.values() if metric.part == part]


def _row(metric: Metric, report: Report) -> Row:
    points = report.series.get(metric.key, ())
    of_day = [value for hour, value in points if hour > report.hour_utc - DAY_HOURS * HOUR]
    now = [value for hour, value in points if hour == report.hour_utc]
    adds_up = metric.kind == "flow" and (metric.unit == "Count" or metric.key == "llm_cost_usd")
    day = sum(of_day) if adds_up else sum(of_day) / len(of_day) if of_day else None
    return Row(
        metric,
        _figure(now[0], metric) if now else NOT_MEASURED,
        f"{_figure(day, metric)} {'in all' if adds_up else 'on average'}"
        if day is not None and of_day
        else NOT_MEASURED,
        f"at most {_figure(metric.target, metric)}" if metric.target is not None else "",
        missed=bool(now and metric.target is not None and now[0] > metric.target),
        curve=charts.sparkline(metric.title, points),
    )


def _figure(value: float, metric: Metric) -> str:
    if metric.key == "llm_cost_usd":
        return money(value)
    return f"{value:,.3g}" + {"Percent": " %", "Seconds": " s"}.get(metric.unit, "")


def sections(report: Report) -> list[Section]:
    """Return the charts, each with its words and its table."""
    return [
        _risk(report), _verdicts(report), _funnel(report), _losses(report), _latencies(report), _cost(report),
        performance(report.forecasts), reliability(report.forecasts),
        suggestions(report.forecasts), _alerts(report),
    ]  # fmt: skip


def _risk(report: Report) -> Section:
    runs: list[Sequence[str]] = []
    for airport in report.risk.airports:
        verdicts = [(hour, report.risk.worst.get((airport, hour), "")) for hour in report.risk.hours_utc]
        for verdict, run in groupby(verdicts, key=lambda told: told[1]):
            if verdict:
                hours = [hour for hour, _ in run]
                runs.append((airport, format_utc(hours[0]), format_utc(hours[-1] + HOUR), charts.WORDS[verdict]))
    return Section(
        "risk",
        "Risk by airport and hour",
        "The worst verdict of a booked lesson at each airport and hour ahead. Unknown: no forecast is readable or "
        f"reaches that hour. {_since_which_hour(report)}Times are UTC.",
        charts.risk_by_airport_and_hour(report.risk) if report.risk.worst else None,
        f"No lesson ahead is below the minimums, unknown or to watch. {_since_which_hour(report)}".strip()
        if report.verdicts
        else f"No hour was assessed within {SHOWN_HOURS} hours.",
        Table(("airport", "from", "to", "verdict"), runs),
    )


def _since_which_hour(report: Report) -> str:
    before = _assessed_before(report)
    return f"{format_utc(report.hour_utc)} is not assessed yet: this is {before}. " if before else ""


def _verdicts(report: Report) -> Section:
    hours = hours_until(report.hour_utc, SHOWN_HOURS)
    told = [
        (format_utc(v.hour_utc), f"{v.at_risk}", f"{v.unknown}", f"{v.watch}", f"{v.beyond_reach}")
        for v in reversed(report.verdicts)
    ]
    return Section(
        "verdicts",
        "Lessons at risk, by forecast hour",
        "Lessons of the look-ahead, as each hour assessed them: below the minimums; unknown, for a forecast that is "
        "missing or cannot be read; to watch; and beyond the forecast's reach.",
        charts.verdicts_by_hour(report.verdicts, hours) if report.verdicts else None,
        "No hour was run in the last two days.",
        Table(("hour", *charts.COUNTED.values()), told),
    )


def _funnel(report: Report) -> Section:
    f = report.funnel
    steps = [
        ("detected", f.detected), ("alternatives proposed", f.proposed), ("accepted", f.accepted),
        ("confirmed", f.confirmed), ("moved", f.moved), ("weather cleared", f.cleared), ("kept as booked", f.kept),
        ("still open", f.still_open), ("expired", f.expired), ("declined", f.declined), ("cancelled", f.cancelled),
    ]  # fmt: skip
    told = [(name, f"{cases}", f"{100 * cases / f.detected:.0f} %") for name, cases in steps if f.detected]
    return Section(
        "funnel",
        "Rescheduling funnel",
        f"Conflicts detected in the last {f.days} days, the steps they have reached, and how the others ended.",
        charts.funnel(f) if f.detected else None,
        "No conflict was detected.",
        Table(("step", "cases", "of those detected"), told),
    )


def _losses(report: Report) -> Section:
    told = [
        (
            loss.cause.replace("_", " "),
            f"{loss.lessons_threatened}",
            f"{loss.hours_lost:,.1f}",
            f"{loss.hours_moved:,.1f}",
        )
        for loss in report.losses
    ]
    return Section(
        "losses",
        "Lesson hours lost and moved, by cause",
        f"Lessons threatened in the last {report.funnel.days} days. A lesson is lost when its case ended without a "
        "move and it is not back in the schedule.",
        charts.losses(report.losses) if report.losses else None,
        "No lesson was threatened.",
        Table(("cause", "lessons threatened", "hours lost", "hours moved"), told),
    )


def _latencies(report: Report) -> Section:
    hours = hours_until(report.hour_utc, SHOWN_HOURS)
    keys = ("weather_monitor_duration_seconds", "ai_rescheduler_duration_seconds", "llm_answer_seconds")
    names = ("weather monitor", "rescheduler", "LLM")
    series: list[tuple[str, Points]] = [
        (name, report.series.get(key, ())) for name, key in zip(names, keys, strict=True)
    ]
    told = [
        (latency.name, f"{latency.times}", _minutes(latency.median_minutes), _minutes(latency.p90_minutes))
        for latency in report.latencies
    ]
    return Section(
        "latencies",
        "Duration",
        "The two parts of the hourly run and the LLM's response, in seconds; the table shows people's waits.",
        charts.lines("Duration", "s", series, METRICS[keys[0]].target, hours)
        if any(points for _, points in series)
        else None,
        "Nothing was measured in the last two days.",
        Table(("from … to …", "count", "median", "90th percentile"), told),
    )


def _cost(report: Report) -> Section:
    return Section(
        "cost",
        "Cost of the LLM",
        "US dollars a UTC day."
        + ("" if report.budget_usd is None else " The dashed line is the daily budget, past which the planner ranks."),
        charts.cost(report.cost_by_day_usd, report.budget_usd) if report.cost_by_day_usd else None,
        "The LLM was not called.",
        Table(("day", "cost"), [(format_day(day), money(usd)) for day, usd in report.cost_by_day_usd]),
    )


def _alerts(report: Report) -> Section:
    since = report.made_at_utc - timedelta(days=ALERT_DAYS)
    told = [
        (
            alert.key,
            alert.severity,
            format_utc(alert.opened_at_utc),
            format_utc(alert.resolved_at_utc) if alert.resolved_at_utc else "still open",
            alert.sentence,
        )
        for alert in reversed(report.alerts)
    ]
    return Section(
        "alerts",
        "Alerts",
        f"Alerts of the last {ALERT_DAYS} days.",
        charts.alert_history(report.alerts, since, report.made_at_utc) if report.alerts else None,
        "No alerts.",
        Table(("cause", "severity", "opened", "resolved", "finding"), told),
    )


def _newest(report: Report, key: str) -> float | None:
    points = report.series.get(key, ())
    return points[-1][1] if points else None


def _count(value: float | None) -> str:
    return "?" if value is None else f"{value:,.0f}"


def _minutes(value: float | None) -> str:
    if value is None:
        return "none"
    return f"{value:,.1f} min" if value < 90 else f"{value / 60:,.1f} h"


def _markdown_table(table: Table) -> str:
    if not table.rows:
        return ""
    lines = [table.headings, ["---"] * len(table.headings), *table.rows[:MAX_ROWS_IN_MARKDOWN]]
    told = ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines]
    if len(table.rows) > MAX_ROWS_IN_MARKDOWN:
        told.append(f"\n… and {plural(len(table.rows) - MAX_ROWS_IN_MARKDOWN, 'more row')} on the page.")
    return "\n".join(told)


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    return environment.get_template("report.html.j2")
