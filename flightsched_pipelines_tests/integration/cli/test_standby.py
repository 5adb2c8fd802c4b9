"""The standby list at the terminal."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from flightsched_pipelines_tests.integration.cli.conftest import Type


@pytest.fixture
def reference(seeded: Engine) -> str:
    """The reference of a lesson that is still to be flown."""
    soon = datetime.now(UTC) + timedelta(days=3)
    with seeded.begin() as connection:
        connection.execute(text("DELETE FROM school.bookings WHERE id > 1"))
        change = "UPDATE school.bookings SET period = tstzrange(:at, :at + interval '1 hour') RETURNING reference"
        return str(connection.execute(text(change), {"at": soon}).scalar_one())


def test_a_lesson_is_put_on_the_list_shown_and_taken_off(flightsched: Type, reference: str) -> None:
    assert "No lessons on standby" in flightsched("standby").out
    assert (
        f"{reference} is on the standby list" in flightsched("standby", "add", reference, "--until", "2099-12-31").out
    )
    shown = flightsched("standby")
    assert shown.code == 0, shown.err
    for word in (reference, "2099-12-31", "threatened_first"):
        assert word in shown.out
    assert f"{reference} is off the standby list" in flightsched("standby", "remove", reference).out
    assert "No lessons on standby" in flightsched("standby").out


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (("add", "nobody"), "there is no booking 'nobody'; give its reference"),
        (("add", "{}", "--until", "2020-01-01"), "2020-01-01 is over"),
        (("remove", "{}"), "is not on the standby list"),
        (("--aircraft-type", "DC-3"), "no aircraft is a DC-3; there are C152"),
    ],
)
def test_a_mistake_is_said_in_one_sentence(
    flightsched: Type, reference: str, typed: tuple[str, ...], told: str
) -> None:
    answer = flightsched("standby", *(word.format(reference) for word in typed))
    assert answer.code == 2
    assert told in answer.err
    assert answer.err.count("\n") == 1


def test_a_day_that_is_none_is_said_so(flightsched: Type, reference: str) -> None:
    answer = flightsched("standby", "add", reference, "--until", "tomorrow")
    assert answer.code == 2
    assert "tomorrow" in answer.err
