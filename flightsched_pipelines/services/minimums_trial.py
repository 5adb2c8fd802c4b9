"""Assess stored hours with another set of minimums: nothing is stored or changed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import Engine

from flightsched_pipelines.database.frames import hours_written, read_partition
from flightsched_pipelines.database.queries.imports import stored_references as stored
from flightsched_pipelines.database.schema import PIPELINE_TABLES
from flightsched_pipelines.domain.imports import minimum_rules
from flightsched_pipelines.domain.imports.faults import Fault, in_order
from flightsched_pipelines.domain.imports.kinds.catalogue import KINDS, FileKind
from flightsched_pipelines.domain.imports.known import Known
from flightsched_pipelines.domain.imports.reading import ReadFile, read_rows
from flightsched_pipelines.domain.imports.references import resolve
from flightsched_pipelines.domain.imports.times import Times
from flightsched_pipelines.domain.risk.limits.trial import TrialGroup, compare, instead, tried
from flightsched_pipelines.services.hourly import hourly_steps
from flightsched_pipelines.services.hourly.reference import reference_at
from flightsched_pipelines.services.imports.files import read_file, read_table
from flightsched_pipelines.services.imports.reports import ImportRefusedError, ImportReport
from flightsched_pipelines.services.imports.student_limits import looser_limits
from flightsched_pipelines.settings import Settings

_COLUMNS = ("booking_id", "reference", "training_level", "solo", "lesson_kind")


@dataclass(frozen=True, slots=True)
class Trial:
    """The outcome of another set of minimums for some days: hours replayed, and groups of lessons.

    A lesson counts once, with the verdict of the last stored hour before it starts.
    """

    since: date
    until: date
    hours: int
    groups: Sequence[TrialGroup]

    def as_record(self) -> Mapping[str, Any]:
        """Return it for JSON."""
        return asdict(self)


def try_minimums(engine: Engine, data: bytes, since: date, until: date, settings: Settings) -> Trial:
    """Compare the verdicts of stored hours with those by the minimums, or students' limits, of a file.

    Args:
        engine: the database.
        data: the file's bytes, as `flightsched import minimums` or `limits` takes it; its days do not count.
        since: first day, UTC.
        until: last day, UTC.
        settings: of the installation; each hour's own count where they shaped it.

    Raises:
        FileError: it is not such a file.
        ImportRefusedError: some of it could not be imported.
    """
    other = _read_set(engine, data)
    first, last = (datetime.combine(day, time(), UTC) for day in (since, until + timedelta(days=1)))
    with engine.connect() as connection:
        hours = hours_written(connection, "lesson_verdicts", first, last)
    seen: set[int] = set()
    found = [lessons for hour in reversed(hours) for lessons in _replay(engine, hour, other, seen, settings)]
    lessons = pd.concat(found) if found else pd.DataFrame(columns=[*_COLUMNS, "before", "after"])
    return Trial(since, until, len(hours), compare(lessons))


def _read_set(engine: Engine, data: bytes) -> pd.DataFrame:
    table = read_table(data)
    kind = KINDS["limits" if "student" in table.header else "minimums"]
    file = read_rows(kind, table)
    with engine.connect() as connection:
        schools, bases = stored.schools_known(connection)
        types = stored.aircraft_types_known(connection)
        known = Known(schools, bases, stored.things_known(connection), {}, {}, {}, frozenset(), types)
        faults = [*file.faults, *resolve(kind, file, known, Times.OFFSET)]
        if kind.name == "limits":
            faults += looser_limits(connection, file.rows)
    _refuse(kind, file, faults)
    if kind.name == "limits":
        rows = [{**row.values, "school_id": None, "student_id": row.values["student"]} for row in file.rows]
        return tried(rows, "student")
    return tried([row.values for row in file.rows], "school")


def minimums_of_file(path: Path) -> pd.DataFrame:
    """Return the minimums of a file for everybody, whatever school its rows name (``MINIMUM_COLUMNS``).

    Raises:
        FileError: it is not a file of minimums.
        ImportRefusedError: some of it could not be imported.
    """
    kind = KINDS["minimums"]
    file = read_rows(kind, read_table(read_file(str(path))))
    wrong = [row.fault(column, why) for row in file.rows for column, why in minimum_rules.minimum(row)]
    _refuse(kind, file, [*file.faults, *wrong])
    return tried([{**row.values, "school_id": None} for row in file.rows], "school")


def _refuse(kind: FileKind, file: ReadFile, faults: Sequence[Fault]) -> None:
    if faults:
        raise ImportRefusedError(ImportReport(kind.name, True, False, len(file.rows), faults=in_order(faults)))


def _replay(
    engine: Engine, hour: datetime, other: pd.DataFrame, seen: set[int], settings: Settings
) -> Iterator[pd.DataFrame]:
    """Yield the lessons of an hour that no later hour has assessed, with their verdicts; adds them to ``seen``."""
    then = reference_at(engine, hour, settings)
    snapshot = read_partition(engine, PIPELINE_TABLES["booking_snapshot"], [hour])
    ahead = hourly_steps.lessons_ahead(snapshot, hour, then.settings_of(settings).lookahead_hours)
    lessons = ahead[~ahead["booking_id"].isin(seen) & _concerned(ahead, other)]
    if lessons.empty:
        return
    seen.update(lessons["booking_id"].tolist())
    table = PIPELINE_TABLES["forecasts"]
    here = table.c.airport.in_(sorted(hourly_steps.airports_of(lessons)))
    forecasts = read_partition(engine, table, [hour], table.c.governs, here)
    areas = hourly_steps.hazard_areas_at(engine, hour)
    before, after = (
        hourly_steps.assess_by(
            replace(then, minimums=minimums), lessons, forecasts, areas, hour, settings
        ).verdicts.astype("str")
        for minimums in (then.minimums, instead(then.minimums, other))
    )
    yield lessons[list(_COLUMNS)].assign(before=before, after=after)


def _concerned(lessons: pd.DataFrame, other: pd.DataFrame) -> "pd.Series[bool]":
    whose = "student_id" if (other["authority"] == "student").any() else "school_id"
    return lessons[whose].isin(other[whose].tolist())
