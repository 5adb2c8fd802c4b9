"""Read the values of a bulletin's block as conditions: temperatures in °F, heights in hundreds of feet, winds in knots.

A row holds from its hour to the next; between two hours of NBS both of the neighbours count, and the last row ends at
its hour. A probability of thunderstorms is that of the period which ends at its hour, so it counts before it. The
values are those of the NBM v5.0 text card (https://vlab.noaa.gov/web/mdl/nbm-textcard-v5.0).
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from flightsched_pipelines.domain.weather.conditions import Element, ForecastGroup, Layer, UnreadWord
from flightsched_pipelines.domain.weather.guidance.bulletin import STEP, Block
from flightsched_pipelines.domain.weather.reports.report_elements import (
    CloudLayerSummary,
    ReportElements,
    Visibility,
    Wind,
    conditions_of,
)
from flightsched_pipelines.durations import HOUR

UNLIMITED = -88
"""The code of a ceiling that is unlimited."""

GREATEST_VISIBILITY = 100
"""Tenths of a statute mile; it stands for any greater visibility, too."""

WARMEST_FREEZING_C = 5.0
"""Above it precipitation does not freeze, so its kind is not needed (FMH-1 12.7.2)."""

LIKELY_PERCENT = 50
"""Precipitation of this probability is among the weather of the hour."""

ELEMENTS_OF_ROWS: dict[str, tuple[Element, ...]] = {
    "WDR": ("wind",), "WSP": ("wind",), "GST": ("wind",), "VIS": ("visibility",), "CIG": ("ceiling",),
    "TMP": ("temperature",), "T01": ("thunderstorm",), "T03": ("thunderstorm",),
    "PZR": ("weather",), "PPL": ("weather",), "PSN": ("weather",), "PRA": ("weather",),
}  # fmt: skip
"""Elements that are missing if a row cannot be read; no minimum needs another row."""

_FREEZING = {"FZRA": "PZR", "PL": "PPL"}
_THUNDER = {"NBH": "T01", "NBS": "T03"}
_PRECIPITATION = {"NBH": "P01", "NBS": "P06"}
_HOURS_OF_P06 = 6


def groups_of(block: Block) -> Iterator[ForecastGroup]:
    """Yield the forecast groups of a block: prevailing ones, and a temporary one for each probability.

    The probability of a temporary group (``change`` PROB) is that of thunder, or of freezing rain or ice pellets.
    """
    step, hours = STEP[block.heading.source], block.hours_utc
    for column, hour in enumerate(hours):
        elements = _elements(block, column)
        holds = hour if column == 0 else hour - step + HOUR, hours[min(column + 1, len(hours) - 1)]
        if holds[0] < holds[1]:
            yield _group(block, "prevailing", None, holds, elements)
            for code, percent in _freezing(block, column, elements.temperature_c):
                yield _group(block, "temporary", percent, holds, _with_weather(elements, code))
        thunder = _percent(block, _THUNDER[block.heading.source], column)
        if thunder:
            yield _group(block, "temporary", thunder, (hour - step, hour), _with_weather(elements, "TS"))


def _group(
    block: Block, layer: Layer, percent: int | None, span: tuple[datetime, datetime], elements: ReportElements
) -> ForecastGroup:
    heading, change = block.heading, "HOURLY" if layer == "prevailing" else "PROB"
    conditions = conditions_of(elements, has_temperature=True)
    return ForecastGroup(heading.source, heading.station, layer, change, percent, *span, heading.cycle_utc, conditions)


def _with_weather(elements: ReportElements, code: str) -> ReportElements:
    return replace(elements, weather=code, thunderstorm_sensor_out=False)


def _elements(block: Block, column: int) -> ReportElements:
    temperature_c = _celsius(_value(block, "TMP", column))
    illegible: frozenset[Element] = frozenset()
    if _may_freeze(temperature_c) and None in (_value(block, row, column) for row in ("PZR", "PPL", "PSN", "PRA")):
        illegible = frozenset({"weather"})
    return ReportElements(
        wind=_wind(block, column),
        visibility=_visibility(_value(block, "VIS", column)),
        sky=_clouds(_value(block, "CIG", column)),
        weather=_likely_precipitation(block, column, temperature_c),
        temperature_c=temperature_c,
        dewpoint_c=_celsius(_value(block, "DPT", column)),
        thunderstorm_sensor_out=_lacks_thunder(block, column),
        illegible=illegible,
        unread=tuple(
            UnreadWord(label, missing) for label, missing in ELEMENTS_OF_ROWS.items() if label in block.shifted
        ),
    )


def _lacks_thunder(block: Block, column: int) -> bool:
    """Return whether the probability of a period in which a row holds is missing: the one it ends, or the next."""
    label, last = _THUNDER[block.heading.source], len(block.hours_utc) - 1
    return None in {_percent(block, label, at) for at in (column, min(column + 1, last))}


def _value(block: Block, label: str, column: int) -> int | None:
    row = block.rows.get(label)
    return None if row is None else row[column]


def _percent(block: Block, label: str, column: int) -> int | None:
    value = _value(block, label, column)
    return value if value is not None and 0 <= value <= 100 else None


def _celsius(fahrenheit: int | None) -> float | None:
    return None if fahrenheit is None else round((fahrenheit - 32) / 1.8, 1)


def _wind(block: Block, column: int) -> Wind | None:
    """The wind; none without gusts, as a bulletin without them does not say that there are none."""
    direction, speed, gust = (_value(block, label, column) for label in ("WDR", "WSP", "GST"))
    if speed is None or gust is None or speed < 0 or gust < 0:
        return None
    known = direction is not None and 0 <= direction <= 36
    return Wind(direction * 10.0 if direction is not None and known else None, speed, max(speed, gust))


def _visibility(tenths: int | None) -> Visibility | None:
    if tenths is None or not 0 <= tenths <= GREATEST_VISIBILITY:
        return None
    return Visibility(tenths / 10, at_least=tenths == GREATEST_VISIBILITY)


def _clouds(hundreds_ft: int | None) -> CloudLayerSummary | None:
    if hundreds_ft == UNLIMITED:
        return CloudLayerSummary(None)
    return None if hundreds_ft is None or hundreds_ft < 0 else CloudLayerSummary(hundreds_ft * 100.0)


def _may_freeze(temperature_c: float | None) -> bool:
    return temperature_c is None or temperature_c <= WARMEST_FREEZING_C


def _likely_precipitation(block: Block, column: int, temperature_c: float | None) -> str | None:
    """Rain or snow, if it is likely; the kinds are given for the case that there is precipitation."""
    if _precipitation_percent(block, column) < LIKELY_PERCENT:
        return None
    rain, snow = (_percent(block, label, column) or 0 for label in ("PRA", "PSN"))
    if max(rain, snow) == 0:
        return None
    return "SN" if snow >= rain and _may_freeze(temperature_c) else "RA"


def _precipitation_percent(block: Block, column: int) -> int:
    """The probability of precipitation; 100 where it is not known."""
    label = _PRECIPITATION[block.heading.source]
    periods = block.rows.get(label)
    if periods is None:
        return 100
    reach = _HOURS_OF_P06 * HOUR if label == "P06" else HOUR
    within = _columns_before(block.hours_utc, column, reach)
    known = [value for value in (periods[other] for other in within) if value is not None and 0 <= value <= 100]
    return known[0] if known else 100


def _columns_before(hours_utc: Sequence[datetime], column: int, reach: timedelta) -> list[int]:
    """The columns from one on that end a period of some length in which it lies."""
    return [other for other in range(column, len(hours_utc)) if hours_utc[other] - hours_utc[column] < reach]


def _freezing(block: Block, column: int, temperature_c: float | None) -> Iterator[tuple[str, int]]:
    """Yield each kind of freezing precipitation that is possible, with its probability in percent."""
    if not _may_freeze(temperature_c):
        return
    for code, label in _FREEZING.items():
        given_precipitation = _percent(block, label, column) or 0
        percent = round(given_precipitation * _precipitation_percent(block, column) / 100)
        if percent:
            yield code, percent
