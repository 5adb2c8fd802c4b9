"""Pictures for people in the Dagster UI: small SVGs, embedded in markdown metadata."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any

CELL_PX = 14
LABEL_PX = 64
HEADER_PX = 34

COLOURS: Mapping[str, str] = {
    "at_risk": "#c0392b",
    "unknown": "#8e8e9c",
    "watch": "#e0a526",
    "none": "#e6ebe8",
}
"""Verdicts by colour; ``none`` is an hour at which nothing is below the minimums of a booked lesson."""


def risk_by_airport_and_hour(
    airports: Sequence[str], hours_utc: Sequence[datetime], verdicts: Mapping[tuple[str, Any], str]
) -> str:
    """Markdown with a picture: a row an airport, a column an hour, coloured by the worst verdict found there."""
    width = LABEL_PX + CELL_PX * len(hours_utc) + 10
    height = HEADER_PX + CELL_PX * len(airports) + 26
    size = f'width="{width}" height="{height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="10">',
        f'<rect {size} fill="#ffffff"/>',
    ]
    for column, hour in enumerate(hours_utc):
        x = LABEL_PX + CELL_PX * column
        if hour.hour == 0 or column == 0:
            parts.append(f'<text x="{x}" y="12" fill="#333">{hour:%a %d %b}</text>')
        if hour.hour % 6 == 0:
            parts.append(f'<text x="{x}" y="27" fill="#666">{hour:%H}Z</text>')
    for row, airport in enumerate(airports):
        y = HEADER_PX + CELL_PX * row
        parts.append(f'<text x="4" y="{y + 11}" fill="#333">{escape(airport)}</text>')
        for column, hour in enumerate(hours_utc):
            verdict = verdicts.get((airport, hour), "none")
            parts.append(
                f'<rect x="{LABEL_PX + CELL_PX * column}" y="{y}" width="{CELL_PX - 1}" height="{CELL_PX - 1}" '
                f'fill="{COLOURS[verdict]}"/>'
            )
    parts.extend(_legend(height - 8))
    parts.append("</svg>")
    picture = b64encode("".join(parts).encode()).decode()
    return f"![Risk by airport and hour](data:image/svg+xml;base64,{picture})"


def _legend(y: int) -> list[str]:
    words = {
        "at_risk": "below minimums",
        "unknown": "unknown",
        "watch": "watch",
        "none": "nothing below the minimums of a booked lesson",
    }
    parts: list[str] = []
    x = LABEL_PX
    for verdict, label in words.items():
        parts.append(f'<rect x="{x}" y="{y - 9}" width="10" height="10" fill="{COLOURS[verdict]}"/>')
        parts.append(f'<text x="{x + 14}" y="{y}" fill="#333">{label}</text>')
        x += 30 + 6 * len(label)
    return parts
