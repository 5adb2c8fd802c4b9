"""Write the simulated weather as bulletins of the National Blend of Models, in the layout of its v5.0 text card.

The blend sees the weather that comes, with a ridge of thunder around each front: thunder is likely where the storm
passes, and possible for hours before and after.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Literal

from flightsched_pipelines.clients.weather.simulation.atmosphere import SimulatedConditions, conditions_at
from flightsched_pipelines.clients.weather.simulation.reports import Station
from flightsched_pipelines.durations import HOUR

NBH_HOURS, NBS_COLUMNS = 25, 23

_STORM, _SQUALL, _RIDGE = 70, 45, 20
_RIDGE_HOURS = 2
_COVER_PERCENT = {"FEW": 20, "SCT": 40, "BKN": 75, "OVC": 100}


def bulletin(source: Literal["NBH", "NBS"], stations: Sequence[Station], cycle_utc: datetime) -> str:
    """Return a cycle's bulletin with a block for each station."""
    return "".join(f"{line}\n" for station in stations for line in _block(source, station, cycle_utc))


def _block(source: Literal["NBH", "NBS"], station: Station, cycle_utc: datetime) -> list[str]:
    if source == "NBH":
        hours = [cycle_utc + lead * HOUR for lead in range(1, NBH_HOURS + 1)]
    else:
        first = next(lead for lead in (4, 5, 6) if (cycle_utc.hour + lead) % 3 == 0)
        hours = [cycle_utc + lead * HOUR for lead in range(first, first + 3 * NBS_COLUMNS, 3)]
    skies = [conditions_at(station.ident, station.longitude_deg, hour) for hour in hours]
    step = hours[1] - hours[0]
    thunder = [max(_thunder_percent(station, hour - n * HOUR) for n in range(1, step // HOUR + 1)) for hour in hours]
    date = f"{cycle_utc.month:>5}/{cycle_utc:%d/%Y}"
    heading = f" {station.ident:<4}  {' ' * (source == 'NBS')} NBM V5.0 {source} GUIDANCE {date}  {cycle_utc:%H}00 UTC"
    times = [_row("UTC", [f"{hour:%H}" for hour in hours])]
    if source == "NBS":
        leads = [f"{(hour - cycle_utc) // HOUR:02d}" for hour in hours]
        times = [_dates(hours), *times, _row("FHR", leads)]
    return [heading, *times, *_elements(source, hours, skies, thunder), ""]


def _elements(
    source: Literal["NBH", "NBS"],
    hours: Sequence[datetime],
    skies: Sequence[SimulatedConditions],
    thunder: Sequence[int],
) -> list[str]:
    wet = [_rain_percent(sky) for sky in skies]
    rows: Mapping[str, Sequence[int | str]] = {
        "TMP": [_fahrenheit(sky.temperature_c) for sky in skies],
        "DPT": [_fahrenheit(sky.dewpoint_c) for sky in skies],
        "SKY": [_cover_percent(sky) for sky in skies],
        "WDR": [f"{round(sky.air.wind_direction_deg / 10) % 37:02d}" for sky in skies],
        "WSP": [sky.air.wind_speed_kt for sky in skies],
        "GST": [sky.air.wind_gust_kt or round(1.4 * sky.air.wind_speed_kt) for sky in skies],
        **({"P01": wet} if source == "NBH" else {"P06": _six_hourly(hours, wet)}),
        "T01" if source == "NBH" else "T03": thunder,
        **{kind: [0] * len(hours) for kind in ("PZR", "PSN", "PPL")},
        "PRA": [100 if percent > 1 else 0 for percent in wet],
        "CIG": [_hundreds_ft(_ceiling_ft(sky)) for sky in skies],
        "LCB": [_hundreds_ft(_lowest_base_ft(sky)) for sky in skies],
        "VIS": [_tenths(sky.air.visibility_sm) for sky in skies],
    }
    return [_row(label, values) for label, values in rows.items()]


def _rain_percent(sky: SimulatedConditions) -> int:
    if "RA" in sky.air.weather:
        return 90
    return 30 if sky.passing and "RA" in sky.passing.air.weather else 1


def _row(label: str, values: Sequence[int | str]) -> str:
    return f" {label} " + "".join(f"{value:>3}" for value in values)


def _dates(hours: Sequence[datetime]) -> str:
    """The row of dates: each stands over the first of its columns, if they have room for it."""
    row = ""
    for day in dict.fromkeys(hour.date() for hour in hours):
        columns = [hour for hour in hours if hour.date() == day]
        name = f"/{day:%b}".upper() + f"{day.day:>4}"
        row += (name if len(columns) * 3 >= len(name) else "").ljust(3 * len(columns))
    return f" DT {row}"


def _six_hourly(hours: Sequence[datetime], percents: Sequence[int]) -> list[int | str]:
    """The probability of each six hours, under the column that ends them."""
    ends = [number for number, hour in enumerate(hours) if hour.hour % 6 == 0]
    return [max(percents[max(0, number - 2) : number + 1]) if number in ends else "" for number in range(len(hours))]


def _thunder_percent(station: Station, hour_utc: datetime) -> int:
    near = chain(range(-_RIDGE_HOURS, 0), range(1, _RIDGE_HOURS + 1))
    here = _thunders(station, hour_utc)
    return here or (_RIDGE if any(_thunders(station, hour_utc + n * HOUR) for n in near) else 1)


def _thunders(station: Station, hour_utc: datetime) -> int:
    sky = conditions_at(station.ident, station.longitude_deg, hour_utc)
    if "TS" in sky.air.weather:
        return _STORM
    return _SQUALL if sky.passing and "TS" in sky.passing.air.weather else 0


def _fahrenheit(celsius: float) -> int:
    return round(celsius * 1.8 + 32)


def _cover_percent(sky: SimulatedConditions) -> int:
    if sky.air.vertical_visibility_ft is not None:
        return 100
    return max((_COVER_PERCENT[layer.cover] for layer in sky.air.layers), default=5)


def _ceiling_ft(sky: SimulatedConditions) -> int | None:
    return _base_ft(sky, lambda cover: cover in {"BKN", "OVC"})


def _lowest_base_ft(sky: SimulatedConditions) -> int | None:
    return _base_ft(sky, lambda _: True)


def _base_ft(sky: SimulatedConditions, counts: Callable[[str], bool]) -> int | None:
    if sky.air.vertical_visibility_ft is not None:
        return sky.air.vertical_visibility_ft
    return min((layer.base_ft for layer in sky.air.layers if counts(layer.cover)), default=None)


def _hundreds_ft(feet: int | None) -> int:
    if feet is None:
        return -88
    return feet // 100 if feet <= 5_000 else round(feet / 1_000) * 10


def _tenths(visibility_sm: float | None) -> int:
    return 100 if visibility_sm is None else int(visibility_sm * 10)
