"""Names of the feed's files, and the order in which they are taken."""

from datetime import UTC, datetime, timedelta

import pytest

from flightsched_pipelines.domain.imports.feed import FeedFile, aside_name, in_order, is_of_feed, kind_of, stored_name

NOW = datetime(2027, 1, 11, 9, tzinfo=UTC)
NAMES = {
    "bookings.csv": "bookings", "Bookings-2027-01-11T0900.CSV": "bookings", "students_new.xlsx": "students",
    "aircraft.v2.csv": "aircraft", "booking-1.csv": None, "bookingsnew.csv": None, "2027-bookings.csv": None,
}  # fmt: skip


@pytest.mark.parametrize(("name", "kind"), NAMES.items())
def test_a_name_begins_with_the_kind(name: str, kind: str | None) -> None:
    found = kind_of(name)
    assert (found and found.name) == kind


@pytest.mark.parametrize("name", [".bookings.csv", "bookings.csv.part", "bookings.csv~", "readme.txt", "~bookings.csv"])
def test_halves_of_transfers_and_other_files_are_passed_over(name: str) -> None:
    assert not is_of_feed(name)


def test_people_come_before_the_lessons_that_name_them_and_older_files_before_newer() -> None:
    files = [
        FeedFile("bookings-2.csv", 1, NOW), FeedFile("bookings-1.csv", 1, NOW + timedelta(hours=1)),
        FeedFile("odd.csv", 1, NOW), FeedFile("students.csv", 1, NOW + timedelta(hours=2)),
    ]  # fmt: skip
    assert [file.name for file in in_order(files)] == ["students.csv", "bookings-2.csv", "bookings-1.csv", "odd.csv"]


ODD = {
    "not UTF-8": "bookings-M\udcfcller.csv", "a NUL": "bookings-\x00.csv", "a line break": "bookings-1\n2.csv",
    "a mark that turns the writing": "bookings-\u202e.csv", "long": f"bookings-{'x' * 242}.csv",
    "long, of letters of two bytes": "bookings-" + "\u00fc" * 120 + ".csv", "many dots": f"bookings-{'.' * 242}.csv",
}  # fmt: skip


@pytest.mark.parametrize("name", ODD.values(), ids=list(ODD))
def test_an_odd_name_can_be_stored_and_set_aside(name: str) -> None:
    assert is_of_feed(name)
    assert stored_name(name).encode()
    assert "\x00" not in stored_name(name)

    aside = aside_name(name)
    assert aside.isprintable()
    assert len(f"20270111T090000000000-{aside}.report.txt".encode()) <= 255
    assert aside.startswith("bookings-")
    assert aside.endswith(".csv")


def test_names_that_are_alike_when_shortened_stay_apart_and_a_usual_name_stays_as_it_is() -> None:
    assert len({aside_name(f"bookings-{'x' * 240}{end}.csv") for end in ("1", "2", "\n", "\udcfc")}) == 4
    assert aside_name("bookings-M\u00fcller 1.csv") == "bookings-M\u00fcller 1.csv"
