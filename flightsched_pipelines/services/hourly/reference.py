"""Store and read an hour's reference data: airports, runways, minimums, credentials and settings at that time.

They change seldom: each content is stored once, under its digest, and an hour stores the digests of its own.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any

import pandas as pd
from sqlalchemy import Engine

from flightsched_pipelines.database.queries import reference_contents as contents
from flightsched_pipelines.database.queries.schedule import bookings as schedule
from flightsched_pipelines.database.queries.schedule import credentials as credential_rows
from flightsched_pipelines.domain.rescheduling.requirements import (
    CredentialPeriod,
    Credentials,
    SchoolRequirement,
)
from flightsched_pipelines.domain.risk.limits.minimums import DATE_COLUMNS, MINIMUM_COLUMNS, in_force
from flightsched_pipelines.durations import DAY
from flightsched_pipelines.settings import Settings

THAT_SHAPE_ROWS = (
    "lookahead_hours", "booking_buffer_minutes", "taf_max_distance_nm", "taf_max_age_hours",
    "observation_max_age_minutes", "guidance_max_distance_nm", "guidance_max_age_hours", "guidance_least_percent",
    "reschedule_earliest_hours", "reschedule_horizon_days", "solver_effort",
)  # fmt: skip
"""The settings that shape an hour's rows."""


@dataclass(frozen=True, slots=True)
class Reference:
    """Airports, runway ends and minimums in force (``MINIMUM_COLUMNS``) at an hour, and the settings then."""

    airports: pd.DataFrame
    runways: pd.DataFrame
    minimums: pd.DataFrame
    credentials: Credentials
    settings: Mapping[str, Any]

    def settings_of(self, settings: Settings) -> Settings:
        """Return the settings, with those that shape an hour's rows as they were then."""
        return settings.model_copy(update=dict(self.settings))


def take_snapshot(engine: Engine, hour_utc: datetime, settings: Settings) -> pd.DataFrame:
    """Store the present reference data, each content once; returns a row a part: its digest, and its number of rows."""
    texts = _as_it_stands(engine, hour_utc, settings)
    digests = {part: sha256(text.encode()).hexdigest() for part, text in texts.items()}
    contents.store(engine, {digests[part]: text for part, text in texts.items()})
    return pd.DataFrame(
        [{"part": part, "digest": digests[part], "rows": len(json.loads(text))} for part, text in texts.items()]
    )


def present_reference(engine: Engine, hour_utc: datetime, settings: Settings) -> Reference:
    """Return the reference data as they are now, with the minimums of an hour's day, whatever the hour stored."""
    texts = _as_it_stands(engine, hour_utc, settings)
    return _read(*(texts[part] for part in _PARTS))


def reference_at(engine: Engine, hour_utc: datetime, settings: Settings) -> Reference:
    """Return an hour's stored reference data; the present ones for an hour that stored none."""
    texts = contents.of_hour(engine, hour_utc) or _as_it_stands(engine, hour_utc, settings)
    # No school could require anything when the hours before these parts were stored.
    texts = dict.fromkeys(("requirements", "credentials"), "[]") | dict(texts)
    return _read(*(texts[part] for part in _PARTS))


@lru_cache(maxsize=20)  # the steps of a run ask for the same
def _read(airports: str, runways: str, minimums: str, requirements: str, credentials: str, settings: str) -> Reference:
    return Reference(
        _frame(json.loads(airports), schedule.AIRPORT_TYPES),
        _frame(json.loads(runways), schedule.RUNWAY_TYPES),
        _frame([_dated(row) for row in json.loads(minimums)], MINIMUM_COLUMNS),
        Credentials(
            [SchoolRequirement(**row) for row in json.loads(requirements)],
            [_period(row) for row in json.loads(credentials)],
        ),
        json.loads(settings)[0],
    )


_PARTS = ("airports", "runways", "minimums", "requirements", "credentials", "settings")


def _as_it_stands(engine: Engine, hour_utc: datetime, settings: Settings) -> Mapping[str, str]:
    """Each part as text, equal for equal content."""
    horizon = hour_utc + (settings.reschedule_horizon_days + 2) * DAY
    with engine.connect() as connection:
        credentials = credential_rows.credentials(connection, hour_utc, horizon)
    parts = {
        "airports": _records(schedule.airports(engine)),
        "runways": _records(schedule.runways(engine)),
        "minimums": _records(in_force(schedule.minimums(engine), hour_utc.date())),
        "requirements": [asdict(one) for one in credentials.requirements],
        "credentials": [asdict(one) for one in credentials.periods],
        "settings": [settings.model_dump(mode="json", include=set(THAT_SHAPE_ROWS))],
    }
    return {part: json.dumps(records, sort_keys=True, default=str) for part, records in parts.items()}


def _records(frame: pd.DataFrame) -> list[dict[Any, Any]]:
    plain = frame.astype(object)
    return plain.where(plain.notna(), None).to_dict("records")


def _frame(records: Sequence[Mapping[str, Any]], types: Mapping[str, str]) -> pd.DataFrame:
    return pd.DataFrame(records, columns=list(types), dtype=object).astype(dict(types))


def _dated(row: Mapping[str, Any]) -> Mapping[str, Any]:
    days = {name: None if row[name] is None else date.fromisoformat(row[name]) for name in DATE_COLUMNS}
    return {**row, **days}


def _period(row: Mapping[str, Any]) -> CredentialPeriod:
    times = {name: value and datetime.fromisoformat(value) for name, value in row.items() if name.endswith("_utc")}
    values: dict[str, Any] = {**row, **times}
    return CredentialPeriod(**values)
