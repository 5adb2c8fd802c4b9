"""Look up day and night at an airport, for validation: one interval of daylight at a time, in plain Python.

A solar day has its noon in the middle. Where the sun does not go under at its midnight, the daylight of the days that
meet there is one interval: the light does not end because a day does.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Literal

from flightsched_pipelines.domain.rescheduling.validation.validation_records import Row, is_null

Light = Literal["sun", "twilight"]
_BOUNDS: Mapping[Light, tuple[str, str]] = {"sun": ("sunrise_utc", "sunset_utc"), "twilight": ("dawn_utc", "dusk_utc")}
_A_DAY = timedelta(days=1)


class SunRecords:
    """The sun times of airports by solar day.

    Args:
        suns: rows of sun times.
        airports: airports by ident, with their longitude.
    """

    def __init__(self, suns: Iterable[Row], airports: Mapping[str, Row]) -> None:
        self._airports = airports
        self._suns = {(str(row["airport"]), row["solar_date"]): row for row in suns}

    def is_known(self, airport: str, moment: datetime) -> bool:
        """Return whether the sun's times are known for the solar day of a moment."""
        return (airport, self._day(airport, moment)) in self._suns

    def lit(self, airport: str, moment: datetime, light: Light) -> tuple[datetime, datetime] | None:
        """Return begin and end of the light of a moment's solar day, with the days that it meets at midnight.

        ``None`` where there is none: the sun stays under the horizon, or the day is not known.
        """
        day = self._day(airport, moment)
        lit = self._of_day(airport, day, light)
        if day is None or lit is None:
            return None
        begin, end = lit
        first = last = day
        while (before := self._of_day(airport, first - _A_DAY, light)) is not None and before[1] >= begin:
            begin, first = before[0], first - _A_DAY
        while (after := self._of_day(airport, last + _A_DAY, light)) is not None and end >= after[0]:
            end, last = after[1], last + _A_DAY
        return begin, end

    def _of_day(self, airport: str, day: date | None, light: Light) -> tuple[datetime, datetime] | None:
        row = self._suns.get((airport, day)) if day is not None else None
        bounds = [] if row is None else [row[name] for name in _BOUNDS[light] if not is_null(row[name])]
        return (bounds[0], bounds[1]) if len(bounds) == len(_BOUNDS[light]) else None

    def _day(self, airport: str, moment: datetime) -> date | None:
        known = self._airports.get(airport)
        if known is None or is_null(known["longitude_deg"]):
            return None
        return (moment + timedelta(minutes=round(4 * float(known["longitude_deg"])))).date()
