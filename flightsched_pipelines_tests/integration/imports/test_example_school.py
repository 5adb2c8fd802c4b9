"""The example school that the documentation walks through."""

from sqlalchemy import Engine

from flightsched_pipelines.domain.imports.kinds.catalogue import KINDS
from flightsched_pipelines_tests.integration.imports.helpers import EXAMPLE, bring_example, everything, rows


def test_the_example_school_is_imported_and_the_same_again_changes_nothing(engine: Engine) -> None:
    first = bring_example(engine)

    assert {kind: (report.added, report.changed, report.gone) for kind, report in first.items()} == {
        kind: (report.rows - (kind == "airports"), int(kind == "airports"), 0) for kind, report in first.items()
    }, "the base was added with the school"
    assert rows(engine, "SELECT count(*), count(DISTINCT external_id) FROM school.bookings") == [(5, 5)]
    before = everything(engine)

    again = bring_example(engine)

    assert all((report.added, report.changed, report.gone) == (0, 0, 0) for report in again.values()), again
    assert everything(engine) == before


def test_there_is_a_file_of_each_kind() -> None:
    assert {path.stem for path in EXAMPLE.glob("*.csv")} == set(KINDS)
