"""Bookings read from a file: good lines survive whatever the others hold."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightsched_pipelines.domain.risk.bookings import (
    BOOKING_COLUMNS,
    CSV_COLUMNS,
    BookingsError,
    read_bookings_csv,
    severity,
)
from flightsched_pipelines_tests.examples import examples

HEADER = ",".join(CSV_COLUMNS)
GOOD = "BK-1,2026-11-24T10:00-08:00,2026-11-24T11:00-08:00,student_pilot,true,local,KPAO,KSQL KPAO"
ZONES = {"KPAO": "America/Los_Angeles", "KSQL": "America/Los_Angeles"}


def line(**cells: str) -> str:
    """The good line with other cells."""
    return ",".join((dict(zip(CSV_COLUMNS, GOOD.split(","), strict=True)) | {"reference": "BK-2"} | cells).values())


def test_a_good_line_becomes_a_booking() -> None:
    bookings, problems = read_bookings_csv(f"{HEADER}\n{GOOD}\n", ZONES)
    assert problems == []
    assert bookings.dtypes.astype(str).to_dict() == dict(BOOKING_COLUMNS)
    row = bookings.iloc[0]
    assert row["reference"] == "BK-1"
    assert row["starts_at_utc"] == datetime(2026, 11, 24, 18, tzinfo=UTC)
    assert row["ends_at_utc"] == datetime(2026, 11, 24, 19, tzinfo=UTC)
    assert (row["training_level"], row["solo"], row["lesson_kind"]) == ("student_pilot", True, "local")
    assert (row["departure"], row["route"], row["time_zone"]) == ("KPAO", ["KSQL", "KPAO"], "America/Los_Angeles")


@pytest.mark.parametrize(
    "text",
    [
        f"\ufeff{HEADER}\r\n{GOOD}\r\n",
        f"{HEADER}\n\n{GOOD}\n,,,,,,,\n\n",
        f"{HEADER},notes\n{GOOD},windy\n",
        f"{HEADER}\n{GOOD.replace('KPAO', 'kpao').replace('true', 'TRUE')}",
        "\n".join(",".join(reversed(row.split(","))) for row in (HEADER, GOOD)),
        f"{HEADER}\n{GOOD.replace('-08:00', ':00-08:00')}\n",
        f"{HEADER}\n{GOOD.replace('2026-11-24', '2026-W48-2')}\n",
        f"{HEADER.upper()}\r{GOOD}\r",
    ],
)
def test_marks_endings_blank_lines_more_columns_their_order_and_small_letters_are_tolerated(text: str) -> None:
    bookings, problems = read_bookings_csv(text, ZONES)
    assert problems == []
    assert bookings["departure"].tolist() == ["KPAO"]
    assert bookings["solo"].tolist() == [True]


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"reference": ""}, "reference is empty"),
        ({"reference": "BK-1"}, "reference 'BK-1' is on an earlier line"),
        ({"starts_at": "2026-11-01T01:30"}, "starts_at is '2026-11-01T01:30'; the clocks change then in America/Los_"),
        ({"starts_at": "2026-03-08T02:30"}, "this time does not exist; give it with its offset"),
        ({"starts_at": "2026-11-24T10:00", "departure": "KXXX"}, "the time zone of 'KXXX' is not known"),
        ({"starts_at": "tomorrow"}, "starts_at is 'tomorrow'"),
        ({"ends_at": ""}, "ends_at is ''"),
        ({"ends_at": "2026-11-24T09:00-08:00"}, "it must be after starts_at"),
        ({"ends_at": "2026-11-24T10:00-08:00"}, "it must be after starts_at"),
        ({"ends_at": "2026-11-25T10:01-08:00"}, "within 24 hours"),
        ({"training_level": "astronaut"}, "training_level is 'astronaut'; give one of student_pilot"),
        ({"solo": "maybe"}, "solo is 'maybe'; give true or false"),
        ({"lesson_kind": "moon"}, "lesson_kind is 'moon'; give one of pattern"),
        ({"departure": ""}, "departure is empty"),
        ({"solo": "no", "lesson_kind": "moon"}, "give true or false, and lesson_kind is 'moon'"),
    ],
)
def test_a_bad_line_is_one_sentence_and_costs_no_other(cells: dict[str, str], said: str) -> None:
    last = line(reference="BK-3")
    bookings, problems = read_bookings_csv(f"{HEADER}\n{GOOD}\n{line(**cells)}\n{last}\n", ZONES)
    assert len(problems) == 1
    assert problems[0].startswith("line 3: ")
    assert said in problems[0]
    assert bookings["reference"].tolist() == ["BK-1", "BK-3"]


@pytest.mark.parametrize("cells", [{"departure": "KXXX", "route": "KXXX"}, {"route": "KPAO KXXX"}])
def test_a_stranger_among_the_airports_is_named_and_the_booking_kept(cells: dict[str, str]) -> None:
    bookings, problems = read_bookings_csv(f"{HEADER}\n{line(**cells)}\n", ZONES)
    assert len(bookings) == len(problems) == 1
    assert "'KXXX' is not a known airport" in problems[0]


def test_a_time_without_offset_is_on_the_clock_of_the_departure() -> None:
    text = f"{HEADER}\n{GOOD.replace('-08:00', '')}\n{GOOD.replace('BK-1', 'BK-2')}\n"
    bookings, problems = read_bookings_csv(text, ZONES)
    assert problems == []
    assert bookings["starts_at_utc"].nunique() == bookings["ends_at_utc"].nunique() == 1


def test_the_longest_lesson_is_a_day() -> None:
    bookings, problems = read_bookings_csv(f"{HEADER}\n{line(ends_at='2026-11-25T10:00-08:00')}\n", ZONES)
    assert (len(bookings), problems) == (1, [])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("\ufeff", "is empty"),
        ("a,b\n1,2\n", "no column reference"),
        ('"' + "x" * 200_000, "is not CSV"),
    ],
)
def test_a_file_that_names_no_bookings_is_an_error_that_says_so(text: str, said: str) -> None:
    with pytest.raises(BookingsError, match=said):
        read_bookings_csv(text, ZONES)


@examples(100, "each example damages one place of a short file")
@given(st.lists(st.tuples(st.sampled_from(CSV_COLUMNS), st.text(max_size=12)), max_size=3), st.text(max_size=20))
def test_no_line_whatever_it_holds_costs_the_good_ones(cells: list[tuple[str, str]], rest: str) -> None:
    garbled = line(**{column: value.replace('"', "") for column, value in cells})
    bookings, _ = read_bookings_csv(f"{HEADER}\n{GOOD}\n{garbled}\n{rest.replace(chr(34), '')}\n", ZONES)
    assert "BK-1" in bookings["reference"].tolist()


def test_verdicts_have_an_order() -> None:
    assert sorted(["at_risk", "ok", "unknown", "watch"], key=severity) == ["ok", "watch", "unknown", "at_risk"]
