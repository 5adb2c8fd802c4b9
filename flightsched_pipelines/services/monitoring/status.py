"""Read the platform's status: how fresh its data are, what waits, and how its providers do. No personal data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Engine

from flightsched_pipelines.database.queries.cases.cases import PROVEN
from flightsched_pipelines.database.queries.monitoring import status_figures
from flightsched_pipelines.database.queries.monitoring.status_figures import Backlog, ProviderFigures
from flightsched_pipelines.durations import DAY, HOUR, MINUTE, hour_of
from flightsched_pipelines.settings import Settings

SHOWN_DAYS = 90
REACH = timedelta(hours=3)
"""Providers are asked each hour: of an older answer nothing follows for now."""


@dataclass(frozen=True, slots=True)
class DayHours:
    """A UTC day: how many of its hours that have ended were run to their end."""

    day: date
    good: int
    due: int


@dataclass(frozen=True, slots=True)
class PlatformStatus:
    """The platform at a moment; hours and ages are ``None`` if no hour was run yet."""

    at_utc: datetime
    last_good_hour_utc: datetime | None
    forecasts_age_minutes: float | None
    schedule_age_minutes: float | None
    open_cases: Mapping[str, int]
    backlog: Backlog
    providers: Sequence[ProviderFigures]
    open_alerts: Mapping[str, int]
    days: Sequence[DayHours]


def platform_status(engine: Engine, now_utc: datetime, settings: Settings) -> PlatformStatus:
    """Return the platform's status now."""
    first_day = (now_utc - (SHOWN_DAYS - 1) * DAY).replace(hour=0, minute=0, second=0, microsecond=0)
    with engine.connect() as connection:
        newest = status_figures.newest_hours(connection)
        providers = list(status_figures.weather_providers(connection, now_utc - REACH))
        if settings.openai_api_key is not None:
            providers.append(status_figures.llm(connection, now_utc - DAY))
        return PlatformStatus(
            at_utc=now_utc,
            last_good_hour_utc=newest.get(PROVEN),
            forecasts_age_minutes=_age(newest.get("forecasts"), now_utc),
            schedule_age_minutes=_age(newest.get("booking_snapshot"), now_utc),
            open_cases=status_figures.open_cases(connection),
            backlog=status_figures.backlog(connection, now_utc),
            providers=providers,
            open_alerts=status_figures.open_alerts(connection),
            days=_days(status_figures.good_hours_by_day(connection, first_day), first_day, now_utc),
        )


def _age(hour: datetime | None, now_utc: datetime) -> float | None:
    return None if hour is None else round((now_utc - hour) / MINUTE, 1)


def _days(good: Mapping[date, int], first_day: datetime, now_utc: datetime) -> list[DayHours]:
    days = [first_day + number * DAY for number in range(SHOWN_DAYS)]
    began = min(good, default=None)
    return [
        DayHours(day.date(), good.get(day.date(), 0), min(24, int((hour_of(now_utc) - day) / HOUR)))
        for day in days
        if began is not None and day.date() >= began
    ]
