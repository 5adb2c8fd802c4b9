"""A school made from a few answers: the same as importing a file with one school."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from flightsched_pipelines.domain.imports.faults import FileError
from flightsched_pipelines.services.imports import airports
from flightsched_pipelines.services.imports.importing import ImportOptions, import_file
from flightsched_pipelines.services.imports.reports import NeedsYesError
from flightsched_pipelines.settings import Settings


@dataclass(frozen=True, slots=True)
class NewSchool:
    """A new school: its name, base and opening hours, and the reports that its base issues."""

    school_id: str
    name: str
    base: str
    hours: str
    dispatch_email: str
    issues_metar: bool
    issues_taf: bool


def make_school(engine: Engine, school: NewSchool, now_utc: datetime, settings: Settings) -> Sequence[str]:
    """Make a school, with its base; returns what is worth a word.

    Raises:
        AirportError: the base names no airport, or two.
        FileError: there is such a school already.
        ImportRefusedError: something cannot be stored.
    """
    written = io.StringIO()
    row = {
        "id": school.school_id, "name": school.name, "base_airport": school.base, "hours": school.hours,
        "dispatch_email": school.dispatch_email,
    }  # fmt: skip
    table = csv.DictWriter(written, list(row))
    table.writeheader()
    table.writerow(row)
    data = written.getvalue().encode()
    exists = FileError(f"there is a school '{school.school_id}' or '{school.name}' already; nothing was changed")
    try:
        planned = import_file(engine, "schools", data, ImportOptions(dry_run=True), now_utc, settings)
    except NeedsYesError:
        raise exists from None
    if not planned.added:
        raise exists
    airports.add_airports(
        engine, [school.base], issues_metar=school.issues_metar, issues_taf=school.issues_taf
    )  # fmt: skip
    return import_file(engine, "schools", data, ImportOptions(), now_utc, settings).notes
