"""``flightsched import`` at a terminal."""

import json
from pathlib import Path

import pytest
from sqlalchemy import Engine

from flightsched_pipelines.cli.reference import JSON_FIELDS
from flightsched_pipelines.domain.imports.kinds.catalogue import KINDS
from flightsched_pipelines_tests.integration.cli.conftest import Type, flightsched
from flightsched_pipelines_tests.integration.imports.helpers import EXAMPLE, everything, rows

__all__ = ["flightsched"]

HEADER = "id,student,instructor,aircraft,lesson_kind,starts_at,ends_at\n"
LESSON = "B-2001,S-2,I-2,N102RW,local,2027-02-01T09:00-08:00,2027-02-01T11:00-08:00\n"


@pytest.fixture(autouse=True)
def _on_the_school(monkeypatch: pytest.MonkeyPatch, school_url: str, tmp_path: Path) -> None:
    monkeypatch.setenv("DATABASE_URL", school_url)
    monkeypatch.setenv("FLIGHTSCHED_HOME", str(tmp_path / "home"))


def test_a_dry_run_shows_what_the_import_then_does(flightsched: Type, school: Engine) -> None:
    before = everything(school)

    shown = flightsched("import", "bookings", "-", "--dry-run", "--json", stdin=(HEADER + LESSON).encode())

    assert everything(school) == before
    done = flightsched("import", "bookings", "-", "--json", stdin=(HEADER + LESSON).encode())
    told = json.loads(done.out)
    assert tuple(told) == JSON_FIELDS["import bookings"][1]
    assert told == json.loads(shown.out) | {"dry_run": False}
    assert told == {
        "kind": "bookings", "dry_run": False, "complete": False, "rows": 1, "added": 1, "changed": 0, "unchanged": 0,
        "gone": 0, "not_entered": [], "entered": [], "overruled": [], "released": [],
        "changes": [{"line": 2, "id": "B-2001", "action": "added", "columns": []}],
        "faults": [], "notes": ["no open runway of KPAO is known: the full wind counts as crosswind there"],
        "refused": None,
    }  # fmt: skip
    assert rows(school, "SELECT reference, status FROM school.bookings WHERE external_id = 'B-2001'") == [
        ("B-2001", "scheduled")
    ]


def test_a_refusal_is_told_in_words_or_as_json(flightsched: Type) -> None:
    body = (HEADER + LESSON.replace("S-2", "S-9")).encode()

    said = flightsched("import", "bookings", "-", stdin=body)
    told = flightsched("import", "bookings", "-", "--json", stdin=body)

    assert (said.code, told.code) == (2, 2)
    assert (
        "the file of bookings was not imported, nothing was changed; 1 fault:\nline 2: student is 'S-9'; no" in said.err
    )
    assert json.loads(told.out)["faults"] == [
        {"line": 2, "column": "student", "value": "S-9",
         "reason": "no student of the school has this id or e-mail address"}
    ]  # fmt: skip


def test_a_complete_file_without_more_than_a_fifth_wants_a_yes(flightsched: Type, school: Engine) -> None:
    lines = (EXAMPLE / "bookings.csv").read_text().splitlines(keepends=True)
    body = "".join([*lines[:3], lines[-1]]).encode()
    before = everything(school)

    asked = flightsched("import", "bookings", "-", "--complete", stdin=body)

    assert asked.code == 2
    assert "the file lacks 2 of 5 bookings, more than a fifth: they would be cancelled" in asked.out
    assert everything(school) == before
    done = flightsched("import", "bookings", "-", "--complete", "--yes", stdin=body)
    assert "3 bookings: 0 added, 0 changed, 3 unchanged, 2 gone" in done.out
    assert rows(school, "SELECT external_id FROM school.bookings WHERE status = 'cancelled' ORDER BY 1") == [
        ("B-1003",), ("B-1004",)
    ]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_template_of_each_kind_has_its_columns(flightsched: Type, kind: str) -> None:
    written = flightsched("import", "--template", kind)

    assert written.out.splitlines()[0].split(",") == list(KINDS[kind].by_name)
    assert len(written.out.splitlines()) > 1


def test_an_unknown_template_is_said_so(flightsched: Type) -> None:
    assert "--template is 'shoes'; give one of schools, airports" in flightsched("import", "--template", "shoes").err
