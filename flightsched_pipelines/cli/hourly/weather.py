"""Decode stored reports, and assess bookings by them without a database: ``flightsched weather`` and ``assess``."""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, cast

import pandas as pd
import typer
from rich import box
from rich.table import Table

from flightsched_pipelines.cli.console import console, print_error, print_json
from flightsched_pipelines.domain.risk.assess import Assessment
from flightsched_pipelines.domain.weather.conditions import UnreadWord
from flightsched_pipelines.domain.weather.source_selection import hourly_rows
from flightsched_pipelines.formatting import format_clock, format_day, format_visibility
from flightsched_pipelines.services import file_assessment
from flightsched_pipelines.settings import Settings

JSON_COLUMNS = (
    "airport", "hour_utc", "layer", "probability", "wind_direction_deg", "wind_speed_kt", "wind_gust_kt",
    "visibility_sm", "at_least", "ceiling_ft", "ceiling_estimated", "hazards", "missing", "unread", "flight_category",
    "source", "station",
)  # fmt: skip

WeatherFile = Annotated[
    Path, typer.Argument(help="A saved response (METARs, TAFs, One Call) in the service's JSON, raw TAFs, or NBH/NBS.")
]
Airport = Annotated[str | None, typer.Option(help="The airport of a One Call response; default: the nearest.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")]


def weather(file: WeatherFile, airport: Airport = None, as_json: Json = False) -> None:
    """Decode a saved METAR, TAF or One Call response, hour by hour."""
    reading = file_assessment.read_reports(file, airport, datetime.now(UTC))
    for problem in reading.problems:
        print_error(f"{file}: {problem}")
    rows = hourly_rows(reading.groups).rename(columns={"visibility_at_least": "at_least"})
    if as_json:
        _print_lines(rows[list(JSON_COLUMNS)].assign(unread=rows["unread"].map(_words)))
    elif not rows.empty:
        console.print(_table_of(rows))
        _print_unread(rows)
    if rows.empty or reading.problems:
        raise typer.Exit(2)


def assess_file(
    weather_files: Annotated[list[Path], typer.Option("--weather", help="A saved response; may be given repeatedly.")],
    bookings: Annotated[Path, typer.Option(help="A CSV: reference, starts_at, ends_at, training_level, ...")],
    minimums: Annotated[
        Path | None, typer.Option(help="A CSV of minimums, as `import minimums` takes it: try them for all lessons.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Assess bookings in a file by weather in a file, with the default minimums and no database."""
    lessons, assessment, problems = file_assessment.assess_files(
        weather_files, bookings, Settings(), datetime.now(UTC), minimums
    )
    for problem in problems:
        print_error(problem)
    _print_verdicts(lessons, assessment, as_json)
    if problems:
        raise typer.Exit(2)


def _print_verdicts(lessons: pd.DataFrame, assessment: Assessment, as_json: bool) -> None:
    broken = dict(iter(assessment.broken.groupby("booking_id")))
    for position, lesson in enumerate(lessons.to_dict("records")):
        verdict = str(assessment.verdicts.iloc[position])
        if not as_json:
            console.print(f"{lesson['reference']}: {verdict}", style="bold", markup=False)
            console.print(f"  {assessment.words(position)}", markup=False)
            continue
        rows = broken.get(int(lesson["booking_id"]), assessment.broken.head(0))
        unknown = rows["rule"] == "forecast"
        print_json(
            {
                "reference": lesson["reference"],
                "verdict": verdict,
                "broken": [_broken(row) for row in rows[~unknown].to_dict("records")],
                "missing": [
                    {"airport": row["airport"], "hour_utc": _plain(row["hour_utc"]), "what": row["hazard"]}
                    for row in rows[unknown].to_dict("records")
                ],
            }
        )


def _broken(row: Mapping[Any, Any]) -> dict[str, object]:
    hazard = row["hazard"] if isinstance(row["hazard"], str) and row["hazard"] else None
    value, limit = (None if pd.isna(row[name]) else float(row[name]) for name in ("value", "limit_value"))
    return {
        "rule": row["rule"],
        "value": hazard if value is None else round(value, 2),
        "limit": "none" if limit is None else round(limit, 2),
        "airport": row["airport"],
        "hour_utc": _plain(row["hour_utc"]),
        "layer": _plain(row["layer"]),
    }


def _print_lines(rows: pd.DataFrame) -> None:
    for row in rows.to_dict("records"):
        print_json({str(name): _plain(value) for name, value in row.items()})


def _words(unread: Sequence[str]) -> list[dict[str, object]]:
    """Words that were not understood, each with the elements that are missing because of it."""
    return [{"word": word.text, "missing": list(word.missing)} for word in map(UnreadWord.parse, unread)]


def _print_unread(rows: pd.DataFrame) -> None:
    """Name each word that was not understood, once a report."""
    words = rows[["station", "source", "unread"]].explode("unread").dropna().drop_duplicates()
    for station, source, word in words.itertuples(index=False, name=None):
        console.print(f"not understood in the {source} of {station}: {word}", markup=False)


def _plain(value: object) -> object:
    """A value in JSON: times in ISO with Z, absent values as null."""
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%dT%H:%M:%SZ}"
    if isinstance(value, list | tuple):
        return list(cast("Sequence[object]", value))
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return None
    return value


def _table_of(rows: pd.DataFrame) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("airport", "hour (UTC)", "group", "wind", "visibility", "ceiling", "weather", "hazards", "category"):
        width = 4 if name == "airport" else None  # idents are never cut, however narrow the terminal
        justify = "right" if name in {"visibility", "ceiling"} else "left"
        table.add_column(name, justify=justify, no_wrap=True, min_width=width)
    for row in rows.to_dict("records"):
        missing: Sequence[str] = row["missing"]
        chance = "" if pd.isna(row["probability"]) else f"{row['probability']:g}"
        table.add_row(
            row["airport"],
            f"{format_day(row['hour_utc'])} {format_clock(row['hour_utc'], 'UTC')}",
            f"{row['change']}{chance}",
            "missing" if "wind" in missing else _wind(row),
            "missing" if "visibility" in missing else format_visibility(row["visibility_sm"], at_least=row["at_least"]),
            "missing" if "ceiling" in missing else _ceiling(row),
            "missing" if "weather" in missing else row["weather"],
            " ".join(row["hazards"]) + (" (TS sensor out)" if "thunderstorm" in missing else ""),
            row["flight_category"] if isinstance(row["flight_category"], str) else "unknown",
        )
    return table


def _wind(row: Mapping[Any, Any]) -> str:
    direction = "VRB" if math.isnan(row["wind_direction_deg"]) else f"{row['wind_direction_deg']:03.0f}°"
    gust = "" if math.isnan(row["wind_gust_kt"]) else f" gusting {row['wind_gust_kt']:g}"
    return f"{direction} {row['wind_speed_kt']:g}{gust} kt"


def _ceiling(row: Mapping[Any, Any]) -> str:
    if math.isnan(row["ceiling_ft"]):
        return "unlimited"
    return f"{row['ceiling_ft']:,.0f} ft{' (estimated)' if row['ceiling_estimated'] else ''}"
