"""Bad files of each kind: a table of rows and what is said of them. Nothing of such a file is imported."""

import pytest
from sqlalchemy import Engine

from flightsched_pipelines.domain.imports.faults import FileError
from flightsched_pipelines.domain.imports.kinds.catalogue import KINDS
from flightsched_pipelines_tests.integration.imports.helpers import bring, everything, refused

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
    "no id": (booking(id=""), ["line 2: id; it is empty; give the id from your own system"]),
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
        ["line 2: id; it is empty; give the id from your own system",
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


PEOPLE = "id,name,email,training_level,instructor"
TEACHERS = "id,name,email,may_teach,auto_confirm"
CRAFT = "id,tail_number,type,demonstrated_crosswind_kt"
WEEKS = "student,instructor,weekday,starts,ends"
DOWN = "id,aircraft,starts_at,ends_at,reason"
SINCE = "block,2026-01-01,,x"
BELOW_3 = "the regulation requires at least 3 SM (student_pilot, dual, by day; 14 CFR 91.155), and no minimum may"
LOOSER_THAN_5 = (
    "the school's minimum is more than 5 SM (student_pilot, solo, by day; school's minimums for student pilots), and a "
    "student's own limit can only be stricter"
)
LOOSER_THAN_10 = "the school's minimum is at most 10 kt (student_pilot, solo, by day; school's minimums for student"
OWN = "id,student,solo,rule,comparison,limit_value,unit,effect,effective_from,effective_to,reference"
LIMITS = "id,rule,comparison,limit_value,unit,effect,effective_from,effective_to,reference"
SCHOOLS = "id,name,base_airport,hours,dispatch_email"
FIELDS = "ident,name,latitude_deg,longitude_deg,elevation_ft,time_zone,issues_metar"
OTHERS: list[tuple[str, str, str, str]] = [
    ("students", PEOPLE, ",Ben,ben@x.example,student_pilot,", "line 2: id; it is empty"),
    ("students", PEOPLE, "S-9,,ben@x.example,student_pilot,", "line 2: name; it is empty"),
    ("students", PEOPLE, "S-9,Ben,ben at home,student_pilot,", "line 2: email is 'ben at home'; give an e-mail addres"),
    ("students", PEOPLE, "S-9,Ben,,student_pilot,", "line 2: email; it is empty"),
    ("students", PEOPLE, "S-9,Ben,ben@x.example,astronaut,", "line 2: training_level is 'astronaut'; give one of stud"),
    ("students", PEOPLE, "S-9,Ben,ben@x.example,student_pilot,I-9", "line 2: instructor is 'I-9'; no instructor of th"),
    ("students", PEOPLE, "S-9,B,b@x.example,student_pilot,\nS-9,C,c@x.example,student_pilot,", "line 3: id is 'S-9';"),
    ("instructors", TEACHERS, "I-9,Ada,ada@x.example,acrobats,no", "line 2: may_teach is 'acrobats'; give one or more"),
    ("instructors", TEACHERS, "I-9,Ada,ada@x.example,,no", "line 2: may_teach; it is empty; give one or more"),
    ("instructors", TEACHERS, "I-9,Ada,ada@x.example,student_pilot,often", "line 2: auto_confirm is 'often'; give yes"),
    ("aircraft", CRAFT, "A-9,,C172S,15", "line 2: tail_number; it is empty"),
    ("aircraft", CRAFT, "A-9,N9,,15", "line 2: type; it is empty"),
    ("aircraft", CRAFT, "A-9,N9,C172S,150", "line 2: demonstrated_crosswind_kt is '150'; give a number from 1 to 60 k"),
    ("aircraft", CRAFT, "A-9,N9,C172S,nan", "line 2: demonstrated_crosswind_kt is 'nan'; give a number from 1 to 60 k"),
    ("aircraft", CRAFT, "A-9,N101RW,C172S,15", "line 2: tail_number is 'N101RW'; another aircraft has it"),
    ("aircraft", CRAFT, "A-8,N9,C152,\nA-9,N9,C152,", "line 3: tail_number is 'N9'; line 2 has the same tail_number"),
    ("availability", WEEKS, ",,mon,08:00,12:00", "line 2: student; name a student or an instructor, and not both"),
    ("availability", WEEKS, "S-1,I-1,mon,08:00,12:00", "line 2: student is 'S-1'; name a student or an instructor"),
    ("availability", WEEKS, "S-9,,mon,08:00,12:00", "line 2: student is 'S-9'; no student of the school has this id"),
    ("availability", WEEKS, "S-1,,someday,08:00,12:00", "line 2: weekday is 'someday'; give one of mon, tue"),
    ("availability", WEEKS, "S-1,,mon,25:00,12:00", "line 2: starts is '25:00'; give a time of day, such as 07:30"),
    ("availability", WEEKS, "S-1,,mon,12:00,08:00", "line 2: ends is '08:00'; it must lie after starts"),
    ("availability", WEEKS, "S-1,,sun,08:00,12:00\nben.okafor@redwood.example,,sun,08:00,13:00", "line 3: student is"),
    ("downtime", DOWN, "W-9,N9,2027-01-01T08:00Z,2027-01-02T08:00Z,100-hour", "line 2: aircraft is 'N9'; no aircraft"),
    ("downtime", DOWN, "W-9,N101RW,2027-01-02T08:00Z,2027-01-01T08:00Z,100-hour", "line 2: ends_at is '2027-01-01T08:"),
    ("downtime", DOWN, "W-9,N101RW,,2027-01-01T08:00Z,100-hour", "line 2: starts_at; it is empty"),
    ("downtime", DOWN, "W-9,N101RW,2027-01-02T08:00Z,,", "line 2: reason; it is empty"),
    ("minimums", LIMITS, "M-9,mood,<,12,kt,block,2026-01-01,,x", "line 2: rule is 'mood'; give one of visibility, cei"),
    ("minimums", LIMITS, "M-9,wind,>,12,kt,block,2026-01-01,,x", "line 2: comparison is '>'; wind takes < or <="),
    ("minimums", LIMITS, "M-9,wind,<,12,SM,block,2026-01-01,,x", "line 2: unit is 'SM'; wind takes kt, m/s, km/h, mph"),
    ("minimums", LIMITS, "M-9,wind,<,,kt,block,2026-01-01,,x", "line 2: limit_value; it has no limit; give a number"),
    ("minimums", LIMITS, "M-9,wind,<,700,kt,block,2026-01-01,,x", "line 2: limit_value is '700'; wind lies between 1"),
    ("minimums", LIMITS, "M-9,icing,none,5,,block,2026-01-01,,x", "line 2: limit_value is '5'; icing takes no limit"),
    ("minimums", LIMITS, "M-9,wind,<,12,kt,forbid,2026-01-01,,x", "line 2: effect is 'forbid'; give one of block, war"),
    ("minimums", LIMITS, "M-9,wind,<,12,kt,block,1.1.2026,,x", "line 2: effective_from is '1.1.2026'; give a day betw"),
    ("minimums", LIMITS, "M-9,wind,<,12,kt,block,2026-02-01,2026-01-01,x", "line 2: effective_to is '2026-01-01'; it"),
    ("minimums", LIMITS, "M-9,wind,<,12,kt,block,2026-01-01,,", "line 2: reference; it is empty"),
    ("minimums", LIMITS, f"M-9,visibility,>=,2,SM,{SINCE}", f"line 2: limit_value is '2'; {BELOW_3}"),
    ("minimums", LIMITS, f"M-9,visibility,>=,4000,m,{SINCE}", f"line 2: limit_value is '4000'; {BELOW_3}"),
    ("minimums", LIMITS, f"M-9,ceiling,>,800,ft,{SINCE}", "line 2: limit_value is '800'; the regulation requires at "),
    ("limits", OWN, f"L-9,S-1,yes,visibility,>=,2,SM,{SINCE}", "line 2: limit_value is '2'; the regulation requires"),
    ("limits", OWN, f"L-9,S-1,yes,visibility,>=,5,SM,{SINCE}", f"line 2: limit_value is '5'; {LOOSER_THAN_5}"),
    ("limits", OWN, f"L-9,S-1,,crosswind,<=,11,kt,{SINCE}", f"line 2: limit_value is '11'; {LOOSER_THAN_10}"),
    ("limits", OWN, f"L-9,S-1,yes,wind,<,13,kt,{SINCE}", "line 2: limit_value is '13'; the school's minimum is less"),
    ("limits", OWN, f"L-9,S-4,,visibility,>=,0.5,SM,{SINCE}", "line 2: limit_value is '0.5'; the school's minimum is"),
    ("limits", OWN, f"L-9,,yes,wind,<,5,kt,{SINCE}", "line 2: student; it is empty; give the id or the e-mail"),
    ("limits", OWN, f"L-9,S-99,yes,wind,<,5,kt,{SINCE}", "line 2: student is 'S-99'; no student of the school has"),
    ("schools", SCHOOLS, "x,,PAO,,", "line 2: name; it is empty"),
    ("schools", SCHOOLS, "x,X,NOWHERE,,", "line 2: base_airport is 'NOWHERE'; no airport has the ident"),
    ("schools", SCHOOLS, "x,X,PAO,always,", "line 2: hours is 'always'; give days and hours, such as"),
    ("schools", SCHOOLS, "x,X,PAO,,nobody", "line 2: dispatch_email is 'nobody'; give an e-mail address"),
    ("airports", FIELDS, "OWN1,,,,,,", "line 2: ident is 'OWN1'; no airport has the ident 'OWN1' (ICAO, FAA or IATA);"),
    ("airports", FIELDS, "OWN1,Own,91,0,0,UTC,no", "line 2: latitude_deg is '91'; give a number from -90 to 90 degree"),
    ("airports", FIELDS, "OWN1,Own,45,0,0,Mars/Olympus,no", "line 2: time_zone is 'Mars/Olympus'; it is not a time"),
    ("airports", FIELDS, "KPAO,,,,,,perhaps", "line 2: issues_metar is 'perhaps'; give yes or no"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "header", "body", "said"), OTHERS)
def test_bad_rows_of_other_kinds_are_named(
    untouched_school: Engine, kind: str, header: str, body: str, said: str
) -> None:
    before = everything(untouched_school)

    found = refused(untouched_school, kind, f"{header}\n{body}\n")

    assert any(words.startswith(said) for words in found), found
    assert everything(untouched_school) == before


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_of_another_kind_is_refused_whole(untouched_school: Engine, kind: str) -> None:
    for content, said in (("shoe_size\n42\n", "does not know the column 'shoe_size'"), ("", "the file is empty")):
        with pytest.raises(FileError) as error:
            bring(untouched_school, kind, content)
        assert said in str(error.value)
    header = ",".join(KINDS[kind].by_name)
    with pytest.raises(FileError, match="no line below"):
        bring(untouched_school, kind, f"{header}\n")
