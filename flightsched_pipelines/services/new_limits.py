"""Add one minimum of a school, or one limit of a student, as an import of a file with this row would."""

import csv
import io
import re
from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import sha256

from sqlalchemy import Engine

from flightsched_pipelines.database.queries.imports.targets import TERMINALS_ID
from flightsched_pipelines.domain.risk.rules import RULE_BOOK
from flightsched_pipelines.services.imports.importing import ImportOptions, import_file
from flightsched_pipelines.services.imports.reports import ImportRefusedError, ImportReport
from flightsched_pipelines.services.minimums import MinimumError
from flightsched_pipelines.settings import Settings

_LIMIT = re.compile(
    r"(?P<rule>[a-z_]+)\s*(?P<comparison><=|>=|<|>|\bnone\b|\bany\b)\s*(?P<limit_value>-?[\d.]*)\s*(?P<unit>\S*)"
)

_LINE = "line 2: "
"""The place of the limit in the file that is made of it."""


@dataclass(frozen=True, slots=True)
class NewLimit:
    """One limit to add, in the words of the import's columns; ``limit`` is such as ``wind < 12 kt``, ``icing none``."""

    limit: str
    school: str
    student: str
    training_level: str
    solo: bool | None
    lesson_kind: str
    night: bool | None
    aircraft_type: str
    effect: str
    effective_from: date
    effective_to: date | None
    reference: str


def add_limit(engine: Engine, new: NewLimit, now_utc: datetime, settings: Settings) -> ImportReport:
    """Add one limit by the rules of an import; the same limit again changes nothing.

    Raises:
        MinimumError: it cannot be read, is looser than it may be, or is for a type of which the school has no aircraft.
    """
    found = _LIMIT.fullmatch(new.limit.strip())
    if found is None or found["rule"] not in RULE_BOOK:
        raise MinimumError(
            f"the limit is '{new.limit}'; give one such as 'wind < 12 kt', 'visibility >= 7 SM' or 'icing none', of "
            f"{', '.join(RULE_BOOK)}"
        )
    cells = {
        **found.groupdict(),
        "school": new.school,
        **({"student": new.student} if new.student else _of_school(new)),
        "solo": _yes_no(new.solo),
        "lesson_kind": new.lesson_kind,
        "night": _yes_no(new.night),
        "effect": new.effect,
        "effective_from": new.effective_from.isoformat(),
        "effective_to": "" if new.effective_to is None else new.effective_to.isoformat(),
        "reference": new.reference,
    }
    told = {name: cell for name, cell in cells.items() if name != "school" or cell}
    told["id"] = f"{TERMINALS_ID}{sha256(repr(sorted(cells.items())).encode()).hexdigest()[:12]}"
    text = io.StringIO()
    csv.writer(text).writerows([told.keys(), told.values()])
    try:
        kind = "limits" if new.student else "minimums"
        report = import_file(engine, kind, text.getvalue().encode(), ImportOptions(), now_utc, settings)
    except ImportRefusedError as error:
        faults = "; and ".join(str(replace(fault, line=0)) for fault in error.report.faults)
        raise MinimumError(f"the limit was not added: {faults}") from None
    return replace(report, notes=[note.removeprefix(_LINE) for note in report.notes])


def _of_school(new: NewLimit) -> dict[str, str]:
    """The cells that only a school's minimum has; without a type its id is that of before there were types."""
    return {"training_level": new.training_level} | ({"aircraft_type": new.aircraft_type} if new.aircraft_type else {})


def _yes_no(value: bool | None) -> str:
    return "" if value is None else "yes" if value else "no"
