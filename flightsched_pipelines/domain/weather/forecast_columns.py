"""The columns of a forecast, declared once for the frame, the tables and their comments, and docs/concepts/weather.md.

A forecast frame has one row for each airport, hour and group that overlaps the hour. Observations have the same
columns.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Dtype = Literal["str", "datetime64[us, UTC]", "Int64", "float64", "bool", "object"]


@dataclass(frozen=True, slots=True)
class ForecastColumn:
    """One column: its type in the frame (``object`` is a sorted list of texts), and its meaning with the unit.

    ``nullable``: a row may have no value. ``few``: few values occur, however many rows there are.
    """

    dtype: Dtype
    meaning: str
    nullable: bool = False
    few: bool = False


FORECAST: Mapping[str, ForecastColumn] = MappingProxyType(
    {
        "airport": ForecastColumn("str", "Airport, ICAO ident.", few=True),
        "hour_utc": ForecastColumn("datetime64[us, UTC]", "Hour of the forecast or report, UTC."),
        "layer": ForecastColumn("str", "prevailing, or temporary (TEMPO, PROB).", few=True),
        "change": ForecastColumn(
            "str",
            "Kind of group: BASE, FM, BECMG, TEMPO, PROB, METAR, HOURLY; UNREAD where it cannot be read, UNLIKELY "
            "where its probability does not count and is kept to verify forecasts.",
        ),
        "probability": ForecastColumn("Int64", "Percent, of PROB groups.", nullable=True),
        "group_from_utc": ForecastColumn("datetime64[us, UTC]", "Start of the group, UTC."),
        "group_to_utc": ForecastColumn("datetime64[us, UTC]", "End of the group, UTC."),
        "wind_direction_deg": ForecastColumn(
            "float64", "True direction the wind comes from, degrees; null when variable.", nullable=True
        ),
        "wind_varies_from_deg": ForecastColumn(
            "float64", "Where the wind varies between two directions, the first, degrees.", nullable=True
        ),
        "wind_varies_to_deg": ForecastColumn("float64", "The second, clockwise from the first.", nullable=True),
        "wind_speed_kt": ForecastColumn("float64", "Sustained wind, knots; null when missing.", nullable=True),
        "wind_gust_kt": ForecastColumn("float64", "Gusts, knots; null without.", nullable=True),
        "visibility_sm": ForecastColumn("float64", "Visibility, statute miles; null when missing.", nullable=True),
        "visibility_at_least": ForecastColumn("bool", "Whether the report gives only a lower bound (6+, 10+)."),
        "ceiling_ft": ForecastColumn(
            "float64", "Ceiling above ground, feet; null is unlimited unless missing says otherwise.", nullable=True
        ),
        "ceiling_estimated": ForecastColumn(
            "bool", "Whether the ceiling was estimated from temperature and dew point."
        ),
        "temperature_c": ForecastColumn("float64", "Temperature at the surface, degrees Celsius.", nullable=True),
        "dewpoint_c": ForecastColumn("float64", "Dew point, degrees Celsius.", nullable=True),
        "outside_air_temperature_c": ForecastColumn(
            "float64", "Temperature of the hour, by the source that is due for it, degrees Celsius.", nullable=True
        ),
        "outside_air_dewpoint_c": ForecastColumn(
            "float64", "Dew point of the hour, by the same source, degrees Celsius.", nullable=True
        ),
        "altimeter_hpa": ForecastColumn("float64", "Last altimeter setting reported, hectopascals.", nullable=True),
        "weather": ForecastColumn("str", "Weather codes as reported.", nullable=True, few=True),
        "hazards": ForecastColumn("object", "Hazard codes: TS, FZRA, LLWS, CB, ..."),
        "missing": ForecastColumn("object", "Elements that are missing from the report or cannot be read."),
        "unread": ForecastColumn(
            "object", "Words of the report that could not be decoded, and the elements that are missing for them."
        ),
        "flight_category": ForecastColumn(
            "str", "VFR, MVFR, IFR or LIFR; null when it cannot be known.", nullable=True
        ),
        "source": ForecastColumn("str", "TAF, METAR, NBH, NBS (National Blend of Models) or OpenWeatherMap."),
        "station": ForecastColumn("str", "Reporting station."),
        "station_distance_nm": ForecastColumn("float64", "Distance from station to airport, nautical miles."),
        "issued_at_utc": ForecastColumn("datetime64[us, UTC]", "When the report was issued or taken, UTC."),
        "age_minutes": ForecastColumn("float64", "Age of the report at the partition's hour, minutes.", nullable=True),
        "lead_minutes": ForecastColumn("float64", "From the report's issue to the row's hour, minutes.", nullable=True),
        "governs": ForecastColumn("bool", "Whether the row is used in the assessment."),
    }
)
"""Every column in its order. ``governs`` is true for the rows used in the assessment, ``unread`` holds `UnreadWord`."""

FORECAST_COLUMNS: Mapping[str, Dtype] = MappingProxyType({name: column.dtype for name, column in FORECAST.items()})
"""The type of each column in a frame."""
