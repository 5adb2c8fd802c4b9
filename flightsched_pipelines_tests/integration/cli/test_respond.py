"""Responses at the terminal: a case shown, answered and moved; and refusals in one sentence."""

from datetime import UTC, datetime, timedelta
from math import ceil
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from flightsched_pipelines_tests.conftest import SEED_HOUR
from flightsched_pipelines_tests.integration.cli.conftest import Type
from flightsched_pipelines_tests.integration.services.helpers import cases

WEEK = timedelta(days=7)
MOMENTS = {
    "reschedule_cases": ("opened_at", "deadline_utc", "starts_at_utc", "ends_at_utc"),
    "case_offers": ("offered_hour", "starts_at_utc", "ends_at_utc"),
}
AT_ANY_HOUR = (
    "UPDATE school.opening_hours SET opens = '00:00', closes = '23:59'",
    "UPDATE school.availability SET starts = '00:00', ends = '23:59'",
    "DELETE FROM school.availability_exceptions",
    "DELETE FROM school.weather_minimums WHERE rule = 'daylight'",
    "DELETE FROM pipeline.forecasts",
    "UPDATE pipeline.partitions SET partition_hour = date_trunc('hour', now()) WHERE name ~ 'forecasts|hazard_areas'",
    "DELETE FROM school.contact_preferences",
)
"""The test runs on any day of the year, across changes of the clocks too."""


@pytest.fixture
def numbers(monkeypatch: pytest.MonkeyPatch, told_engine: Engine, tmp_path: Path) -> list[int]:
    """Return cases of the commands' database that wait for an answer, of lessons still to be flown."""
    by = WEEK * ceil((datetime.now(UTC) - SEED_HOUR) / WEEK)
    with told_engine.begin() as connection:
        connection.execute(text("SET CONSTRAINTS ALL DEFERRED"))
        shift = "UPDATE school.bookings SET period = tstzrange(lower(period) + :by, upper(period) + :by)"
        connection.execute(text(shift), {"by": by})
        for table, columns in MOMENTS.items():
            changes = ", ".join(f"{column} = {column} + :by" for column in columns)
            connection.execute(text(f"UPDATE school.{table} SET {changes}"), {"by": by})  # noqa: S608, names above
        connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
        for statement in AT_ANY_HOUR:
            connection.execute(text(statement))
    monkeypatch.setenv("DATABASE_URL", told_engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("FLIGHTSCHED_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    return [case_id for case_id, _ in cases(told_engine)]


def test_a_case_is_looked_at_answered_taken_back_and_moved(flightsched: Type, numbers: list[int]) -> None:
    case = str(numbers[0])
    assert "proposed" in flightsched("cases", "--open").out
    assert "3. " in flightsched("case", case).out
    held = flightsched("respond", case, "--accept", "2", "--as", "student", "--key", "one")
    assert (held.code, "Alternative 2" in held.out, " is held until " in held.out) == (0, True, True), held.err
    assert "(It was applied before.)" in flightsched("respond", case, "--accept", "2", "--key", "one").out
    assert "(held)" in flightsched("case", case).out
    assert "all alternatives are available again" in flightsched("respond", case, "--withdraw").out
    assert " is held until " in flightsched("respond", case, "--accept", "1").out
    moved = flightsched("respond", case, "--confirm")
    assert (moved.code, "The lesson has moved to" in moved.out) == (0, True), moved.err
    late = flightsched("respond", case, "--accept", "3")
    assert (late.code, late.err.count("\n")) == (1, 1)
    story = flightsched("case", case).out
    for word in ("rescheduled", "opened", "accepted", "withdrawn", "confirmed", "moved", "(accept refused)"):
        assert word in story
    assert "rescheduled" in flightsched("cases").out


def test_the_reason_of_an_override_is_in_the_story(flightsched: Type, numbers: list[int]) -> None:
    case = str(numbers[0])
    kept = flightsched("respond", case, "--keep", "--reason", "the fog lifts by nine [/bold]")
    assert (kept.code, "kept as booked" in kept.out) == (0, True), kept.err
    assert "the fog lifts by nine [/bold]" in flightsched("case", case).out


REFUSALS = {"alternative 9 was not offered", "has not chosen", "reason", "a lesson cannot be swapped with itself"}
"""Typed right, and refused: exit code 1."""


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (("respond", "999999", "--accept", "1"), "there is no case 999999"),
        (("respond", "{}", "--accept", "9"), "alternative 9 was not offered"),
        (("respond", "{}"), "give one action: --accept N, --none-suit"),
        (("respond", "{}", "--accept", "1", "--none-suit"), "give one action: --accept N, --none-suit"),
        (("respond", "{}", "--confirm"), "has not chosen"),
        (("respond", "{}", "--keep"), "reason"),
        (
            ("respond", "{}", "--accept", "1", "--as", "pilot"),
            "--as is 'pilot'; give dispatcher, student or instructor",
        ),
        (("respond", "{}", "--none-suit", "--days", "someday"), "'someday' has words that are not among mon"),
        (
            ("respond", "{}", "--none-suit", "--after", "2026-12-10", "--before", "2026-12-01"),
            "--before 2026-12-01 is before --after 2026-12-10",
        ),
        (("respond", "{}", "--accept", "1", "--key", "x" * 201), "the key has 201 characters"),
        (("case", "999999"), "there is no case 999999; `flightsched cases` lists them"),
        (("swap", "{}", "999999"), "there is no case 999999"),
        (("swap", "{}", "{}"), "a lesson cannot be swapped with itself"),
    ],
)
def test_a_mistake_is_said_in_one_sentence(
    flightsched: Type, numbers: list[int], typed: tuple[str, ...], told: str
) -> None:
    answer = flightsched(*(word.format(numbers[0]) for word in typed))
    assert answer.code == (1 if told in REFUSALS else 2)
    assert told in answer.err
    assert answer.err.count("\n") == 1


@pytest.mark.usefixtures("numbers")
@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (("respond", "one", "--confirm"), "there is no case of one"),
        (("respond", "1", "--accept", "one"), "--accept is 'one'; give a whole number"),
        (("case", "one"), "there is no case of one"),
        (("swap", "1", "one"), "there is no case"),
    ],
)
def test_letters_are_no_number(flightsched: Type, typed: tuple[str, ...], told: str) -> None:
    answer = flightsched(*typed)
    assert answer.code == 2
    assert told in answer.err


def test_a_case_may_be_ended_and_a_booking_held_with_words_of_ones_own(flightsched: Type, numbers: list[int]) -> None:
    ended = flightsched("cancel", str(numbers[0]), "--reason", "Ada called, the car broke down")
    assert (ended.code, "with a dispatcher now" in ended.out) == (0, True), ended.err
    assert "Ada called" in flightsched("case", str(numbers[0])).out
