"""Small bulletins of the National Blend of Models, in the layout of the real ones."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from flightsched_pipelines.domain.weather.guidance.bulletin import GuidanceSource
from flightsched_pipelines.durations import HOUR

NBH_COLUMNS, NBS_COLUMNS = 25, 23
FAIR = {
    "TMP": 68, "DPT": 46, "SKY": 20, "WDR": 24, "WSP": 6, "GST": 9, "PZR": 0, "PSN": 0, "PPL": 0, "PRA": 0, "CIG": -88,
    "LCB": 60, "VIS": 100,
}  # fmt: skip

Changes = Mapping[str, Mapping[int, int | str]]
"""Values of elements other than fair ones, by column."""


def hours_of(source: GuidanceSource, cycle_utc: datetime) -> list[datetime]:
    """The hours of a bulletin's columns."""
    if source == "NBH":
        return [cycle_utc + lead * HOUR for lead in range(1, NBH_COLUMNS + 1)]
    first = next(lead for lead in (4, 5, 6) if (cycle_utc.hour + lead) % 3 == 0)
    return [cycle_utc + lead * HOUR for lead in range(first, first + 3 * NBS_COLUMNS, 3)]


def block(source: GuidanceSource, cycle_utc: datetime, station: str = "KXYZ", changes: Changes | None = None) -> str:
    """One station's block: fair weather, but for what a test names."""
    hours = hours_of(source, cycle_utc)
    space = "   " if source == "NBH" else "    "
    heading = (
        f" {station}{space}NBM V5.0 {source} GUIDANCE   {cycle_utc.month:2d}/{cycle_utc:%d/%Y}  {cycle_utc:%H}00 UTC"
    )
    rows: dict[str, Sequence[int | str]] = {"UTC": [f"{hour:%H}" for hour in hours]}
    if source == "NBS":
        rows["FHR"] = [f"{(hour - cycle_utc) // HOUR:02d}" for hour in hours]
    fair = FAIR | ({"P01": 1, "T01": 1} if source == "NBH" else {"T03": 1})
    rows |= {label: [value] * len(hours) for label, value in fair.items()}
    if source == "NBS":
        rows["P06"] = [1 if hour.hour % 6 == 0 else "" for hour in hours]
    for label, values in (changes or {}).items():
        rows[label] = [values.get(column, value) for column, value in enumerate(rows[label])]
    lines = [f" {label} " + "".join(f"{value:>3}" for value in values) for label, values in rows.items()]
    if source == "NBS":
        lines.insert(0, dates(hours))
    return "\n".join([heading, *lines, "", ""])


def dates(hours: Sequence[datetime]) -> str:
    """The row of dates, each over its first column."""
    row = ""
    for day in dict.fromkeys(hour.date() for hour in hours):
        width = 3 * sum(hour.date() == day for hour in hours)
        name = f"/{day:%b}".upper() + f"{day.day:>4}"
        row += (name if len(name) <= width else "").ljust(width)
    return f" DT {row}"
