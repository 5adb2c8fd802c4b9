"""Complete files end what they lack, if an import had made it: what people entered themselves stays, and is named."""

from collections.abc import Sequence

import pytest
from sqlalchemy import Engine, text

from flightsched_pipelines.database.queries.imports.targets import TARGETS
from flightsched_pipelines.domain.imports.kinds.catalogue import KINDS
from flightsched_pipelines.formatting import plural
from flightsched_pipelines.services.imports.reports import NeedsYesError
from flightsched_pipelines_tests.integration.imports.helpers import EXAMPLE, bring, rows

COMPLETE = [name for name, kind in KINDS.items() if kind.may_be_complete]


def lines_of(kind: str) -> list[str]:
    """Return the lines of a file of the example school, its columns first."""
    return (EXAMPLE / f"{kind}.csv").read_text(encoding="utf-8").splitlines(keepends=True)


def enter_by_hand(school: Engine, kind: str) -> None:
    """Have all rows of a kind be such as no import has made."""
    target = TARGETS[kind]
    origin = "imported = false" if "imported" in target.table.c else "external_id = NULL"
    only = " AND ".join(f"{name} = '{value}'" for name, value in target.fixed.items()) or "true"
    with school.begin() as connection:
        connection.execute(text(f"UPDATE {target.table.fullname} SET {origin} WHERE {only}"))  # noqa: S608, our names


def ended(school: Engine, kind: str) -> Sequence[tuple[int, ...]]:
    """Return the rows of a kind that do not count."""
    lost = "status = 'cancelled'" if kind == "bookings" else "ended_at IS NOT NULL"
    return rows(school, f"SELECT id FROM {TARGETS[kind].table.fullname} WHERE {lost} ORDER BY id")  # noqa: S608, our names


@pytest.mark.parametrize("kind", COMPLETE)
def test_what_no_import_has_made_is_never_ended_and_is_named(school: Engine, kind: str) -> None:
    before = ended(school, kind)
    enter_by_hand(school, kind)
    columns, first, *others = lines_of(kind)
    known = TARGETS[kind].natural is not None or "imported" in TARGETS[kind].table.c  # without the school's id
    lacking = 1 if kind == "bookings" else len(others) + (not known)  # no file says anything of lessons after its last

    report = bring(school, kind, columns + first, complete=True, yes=True)

    assert report.gone == 0
    assert ended(school, kind) == before
    named = f"what no import has made is not ended: {plural(lacking, 'row')} of {kind} that the file lacks ("
    assert [note for note in report.notes if note.startswith(named)], report.notes


@pytest.mark.parametrize("kind", ["availability", "inspections"])
def test_a_row_without_an_id_is_the_files_once_a_file_has_had_it(school: Engine, kind: str) -> None:
    enter_by_hand(school, kind)
    columns, *lines = lines_of(kind)

    assert bring(school, kind, columns + lines[0], complete=True, yes=True).gone == 0
    taken_over = bring(school, kind, columns + "".join(lines))
    assert (taken_over.added, taken_over.changed) == (0, 0)

    assert bring(school, kind, columns + lines[0], complete=True, yes=True).gone == len(lines) - 1


def test_availability_that_was_entered_by_hand_is_changed_only_with_a_yes(school: Engine) -> None:
    enter_by_hand(school, "availability")
    columns, first, *_ = lines_of("availability")
    *kept, ends = first.strip().split(",")
    shorter = columns + ",".join([*kept, "11:59"]) + "\n"
    assert ends != "11:59"

    with pytest.raises(NeedsYesError, match=r"1 row of availability that people entered would be changed \(line 2\)"):
        bring(school, "availability", shorter)

    assert bring(school, "availability", shorter, yes=True).changed == 1


@pytest.mark.parametrize(
    ("kind", "called"), [("availability", "Goran Weiss mon 08:00"), ("inspections", "N101RW hundred_hour")]
)
def test_a_row_without_an_id_has_the_name_that_people_know_it_by(school: Engine, kind: str, called: str) -> None:
    columns, first, *others = lines_of(kind)

    gone = bring(school, kind, columns + first, complete=True, dry_run=True).changes

    assert len(gone) == len(others)
    assert gone[0].id == called
