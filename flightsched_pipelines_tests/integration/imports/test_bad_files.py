"""Bad files of each kind: a table of rows and what is said of them. Nothing of such a file is imported."""

import pytest
from sqlalchemy import Engine

from flightsched_pipelines_tests.integration.imports.helpers import everything, refused

BOOKINGS = "id,student,instructor,aircraft,lesson_kind,solo,departure,route,starts_at,ends_at,status\n"


def booking(**cells: str) -> str:
    """A line of a booking that is right but for these cells."""
    right = {
        "id": "B-2001", "student": "S-2", "instructor": "I-2", "aircraft": "N102RW", "lesson_kind": "local",
        "solo": "no", "departure": "KPAO", "route": "", "starts_at": "2027-02-01T09:00-08:00",
        "ends_at": "2027-02-01T11:00-08:00", "status": "scheduled",
    }  # fmt: skip
    return ",".join((right | cells).values()) + "\n"


BAD_BOOKINGS: dict[str, tuple[str, list[str]]] = {
    "no id": (booking(id=""), ["line 2: id; it is empty; give the id that your own system has for it"]),
    "a long id": (booking(id="x" * 201), [f"line 2: id is '{'x' * 59}…'; it has 201 characters; give at most 200"]),
    "a control character": (booking(id="B\x1b[31m"), ["line 2: id is 'B\x1b[31m'; it has the control character"]),
    "an unknown student": (
        booking(student="S-9"), ["line 2: student is 'S-9'; no student of the school has this id or e-mail address"]
    ),
    "no student": (booking(student=""), ["line 2: student; it is empty; give the id or the e-mail address"]),
    "an unknown instructor": (
        booking(instructor="who@redwood.example"),
        ["line 2: instructor is 'who@redwood.example'; no instructor of the school has this id or e-mail address"],
    ),
    "an unknown aircraft": (
        booking(aircraft="N999"), ["line 2: aircraft is 'N999'; no aircraft of the school has this id or tail number"]
    ),
    "an unknown ident": (
        booking(departure="ZZZZZ"), ["line 2: departure is 'ZZZZZ'; no airport has the ident 'ZZZZZ' (ICAO, FAA"]
    ),
    "an ident of two airports": (
        booking(route="AAA"),
        ["line 2: route is 'AAA'; 'AAA' names KAAA (FAA: Logan County Airport) and NTGA (IATA: Anaa Airport)"],
    ),
    "a lesson of another kind": (
        booking(lesson_kind="aerobatics"),
        ["line 2: lesson_kind is 'aerobatics'; give one of pattern, local, cross_country"],
    ),
    "solo perhaps": (booking(solo="perhaps"), ["line 2: solo is 'perhaps'; give yes or no"]),
    "dual without instructor": (
        booking(instructor=""),
        ["line 2: instructor; it is empty, and the lesson is not solo; name who teaches, or say solo"],
    ),
    "no offset": (
        booking(starts_at="2027-02-01 09:00"),
        ["line 2: starts_at is '2027-02-01 09:00'; it has no offset; write 2026-11-24T15:00-08:00, or say --times"],
    ),
    "an American date": (
        booking(starts_at="02/01/2027 9:00 AM"),
        ["line 2: starts_at is '02/01/2027 9:00 AM'; give a date and a time, such as 2026-11-24T15:00-08:00"],
    ),
    "the 30th of February": (
        booking(starts_at="2027-02-30T09:00-08:00"),
        ["line 2: starts_at is '2027-02-30T09:00-08:00'; give a date and a time, such as 2026-11-24T15:00-08:00"],
    ),
    "a day without a time": (
        booking(starts_at="2027-02-01"),
        ["line 2: starts_at is '2027-02-01'; give a date and a time, such as 2026-11-24T15:00-08:00"],
    ),
    "an end before its start": (
        booking(ends_at="2027-02-01T08:00-08:00"),
        ["line 2: ends_at is '2027-02-01T08:00-08:00'; it must lie after starts_at"],
    ),
    "30 days": (
        booking(ends_at="2027-03-03T09:00-08:00"),
        ["line 2: ends_at is '2027-03-03T09:00-08:00'; it lies 720.0 h after starts_at; at most 24 h are possible"],
    ),
    "the year 1970": (
        booking(starts_at="1970-01-01T09:00Z", ends_at="1970-01-01T10:00Z"),
        ["line 2: ends_at is '1970-01-01T10:00Z'; it does not lie between 2000 and 2200",
         "line 2: starts_at is '1970-01-01T09:00Z'; it does not lie between 2000 and 2200"],
    ),
    "a status of another system": (
        booking(status="no show"), ["line 2: status is 'no show'; give one of scheduled, completed, cancelled"]
    ),
    "the same id twice": (
        booking() + booking(starts_at="2027-02-02T09:00-08:00", ends_at="2027-02-02T11:00-08:00"),
        ["line 3: id is 'B-2001'; line 2 has the same id; give each booking one line"],
    ),
    "an overlap within the file": (
        booking() + booking(id="B-2002", student="S-1", instructor="I-1", starts_at="2027-02-01T10:59-08:00",
                            ends_at="2027-02-01T12:00-08:00"),
        ["line 3: aircraft is 'N102RW'; booked from 2027-02-01 17:00 to 2027-02-01 19:00 UTC by line 2 (B-2001)"],
    ),
    "an overlap with what is there": (
        booking(aircraft="N201RW", instructor="I-1", starts_at="2027-01-11T10:00-08:00",
                ends_at="2027-01-11T12:00-08:00"),
        ["line 2: instructor is 'I-1'; booked from 2027-01-11 17:00 to 2027-01-11 19:00 UTC by B-1001, which the file",
         "line 2: student is 'S-2'; booked from 2027-01-11 17:00 to 2027-01-11 19:00 UTC by B-1002, which the file"],
    ),
    "a value too many": (
        booking().replace("\n", ",more\n"),
        ["line 2: id; the line has 12 values for the 11 columns of line 1"],
    ),
    "a value too few": ("B-2001,S-2\n", ["line 2: id; the line has 2 values for the 11 columns of line 1"]),
    "everything at once": (
        booking(id="", student="S-9", solo="x") + booking(aircraft="N9", ends_at="soon"),
        ["line 2: id; it is empty; give the id that your own system has for it",
         "line 2: solo is 'x'; give yes or no",
         "line 2: student is 'S-9'; no student of the school has this id or e-mail address",
         "line 3: aircraft is 'N9'; no aircraft of the school has this id or tail number",
         "line 3: ends_at is 'soon'; give a date and a time, such as 2026-11-24T15:00-08:00"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("body", "said"), BAD_BOOKINGS.values(), ids=BAD_BOOKINGS)
def test_bad_bookings_are_named_by_line_column_value_and_reason(
    untouched_school: Engine, body: str, said: list[str]
) -> None:
    before = everything(untouched_school)

    found = refused(untouched_school, "bookings", BOOKINGS + body)

    assert [words[: len(expected)] for words, expected in zip(found, said, strict=True)] == said
    assert everything(untouched_school) == before
