"""Calendars at the terminal."""

import json
from pathlib import Path

import pytest
from icalendar import Calendar
from sqlalchemy import Engine, text

from flightsched_pipelines.cli.reference import JSON_FIELDS
from flightsched_pipelines_tests.integration.cli.conftest import Type

SOON = (
    "UPDATE school.bookings SET status = 'scheduled', "
    "period = tstzrange(now() + interval '1 day', now() + interval '25 hours')"
)
SCHOOL = ("--school", "Palo Alto Flight School")


@pytest.fixture(autouse=True)
def _with_a_portal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BASE_URL", "https://flights.example.com")
    monkeypatch.setenv("SECRET_KEY", "x" * 32)


def test_an_address_is_made_listed_without_its_secret_and_revoked(flightsched: Type, seeded: Engine) -> None:
    made = json.loads(flightsched("ics", "make", "--student", "student1@example.com", *SCHOOL, "--json").out)
    assert set(made) == set(JSON_FIELDS["ics make"][1])
    assert made["url"].startswith("https://flights.example.com/calendar/")
    (row,) = json.loads(flightsched("ics", "list", "--json").out)
    assert set(row) == set(JSON_FIELDS["ics list"][1])
    assert made["url"].rpartition("/")[2].removesuffix(".ics") not in flightsched("ics", "list").out
    revoked = json.loads(flightsched("ics", "revoke", str(row["id"]), "--json").out)
    assert revoked == {"id": row["id"], "revoked": True}
    assert "already" in flightsched("ics", "revoke", str(row["id"])).out
    with seeded.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM school.calendar_feeds")).scalar_one() == 1


def test_a_calendar_is_written_for_its_reader_alone_and_no_other_file_is_replaced_unasked(
    flightsched: Type, seeded: Engine, tmp_path: Path
) -> None:
    with seeded.begin() as connection:
        ours = (
            "SELECT min(b.id) FROM school.bookings b JOIN school.schools k ON k.id = b.school_id WHERE k.name = :name"
        )
        connection.execute(text(f"DELETE FROM school.bookings WHERE id <> ({ours})"), {"name": SCHOOL[1]})  # noqa: S608
        connection.execute(text(SOON))
    file = tmp_path / "lessons.ics"
    for _ in range(2):
        assert flightsched("ics", "write", str(file), *SCHOOL).code == 0
        assert len(Calendar.from_ical(file.read_bytes()).walk("VEVENT")) == 1
    assert file.stat().st_mode & 0o077 == 0
    assert flightsched("ics", "write", "-", *SCHOOL).out.startswith("BEGIN:VCALENDAR")

    mine = tmp_path / "mine.txt"
    mine.write_text("my own")
    refused = flightsched("ics", "write", str(mine), *SCHOOL)
    assert (refused.code, mine.read_text()) == (2, "my own")
    assert "there was no answer, and nothing was changed" in refused.err


@pytest.mark.usefixtures("seeded")
@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("make", "--student", "nobody@example.com"), "--student is 'nobody@example.com'; no student has this id"),
        (("make", "--aircraft", "N0"), "--aircraft is 'N0'; no aircraft has this id or tail number"),
        (("make", "--student", "a", "--aircraft", "b"), "a feed is of one student, one instructor, one aircraft, or"),
        (("make",), "there are 2 schools; name one with --school"),
        (("make", "--school", "nowhere"), "--school is 'nowhere'; no school has this id or name"),
        (("revoke", "99999999999999999999"), "there is no feed 9"),
        (("write", "nowhere/lessons.ics", *SCHOOL), "nowhere/lessons.ics cannot be written: No such file"),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, tuple) else "",
)
def test_bad_input_is_one_sentence(flightsched: Type, words: tuple[str, ...], sentence: str) -> None:
    refused = flightsched("ics", *words)
    assert (refused.code, refused.err.count("\n")) == (2, 1), refused.err
    assert sentence in refused.err


def test_without_a_portal_no_address_is_made(
    flightsched: Type, seeded: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BASE_URL")
    refused = flightsched("ics", "make", *SCHOOL)
    assert (refused.code, "set BASE_URL" in refused.err) == (2, True), refused.err
    with seeded.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM school.calendar_feeds")).scalar_one() == 0
