"""Imports over what is stored: the same file twice is once, nothing is lost, and the platform's moves stay."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from flightsched_pipelines.database.queries.schedule.availability import availability
from flightsched_pipelines.domain.imports.faults import FileError
from flightsched_pipelines.services.imports.reports import NeedsYesError
from flightsched_pipelines_tests.examples import examples
from flightsched_pipelines_tests.integration.imports.helpers import (
    EXAMPLE,
    bring,
    bring_example,
    everything,
    refused,
    rows,
)
from flightsched_pipelines_tests.integration.services.helpers import refuse_changes_of

HEADER = "id,student,instructor,aircraft,lesson_kind,starts_at,ends_at,status\n"
BOOKINGS = (EXAMPLE / "bookings.csv").read_text(encoding="utf-8")
DAY = datetime(2027, 3, 1, 16, tzinfo=UTC)
PLACES = (("S-1", "I-1", "N101RW"), ("S-2", "I-2", "N102RW"), ("S-4", "I-1", "N201RW"))
LESSON = st.tuples(
    st.integers(1, 6), st.sampled_from(PLACES), st.integers(0, 6), st.integers(1, 3),
    st.sampled_from(["scheduled", "scheduled", "cancelled", "completed"]),
)  # fmt: skip


def run(engine: Engine, statement: str) -> None:
    with engine.begin() as connection:
        connection.execute(text(statement))


def where(engine: Engine, key: str) -> tuple[object, ...]:
    """Return status and local start of a booking."""
    query = (
        "SELECT status, to_char(lower(period) AT TIME ZONE 'America/Los_Angeles', 'MM-DD HH24:MI') "
        "FROM school.bookings WHERE external_id = :key"
    )
    return rows(engine, query, key=key)[0]


@examples(
    25,
    "an example imports a file into PostgreSQL; each file has many rows",
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(LESSON, min_size=1, max_size=5, unique_by=lambda lesson: lesson[0]), st.booleans())
def test_a_dry_run_tells_what_the_import_does_and_the_file_twice_is_the_file_once(
    untouched_school: Engine, lessons: list[tuple[int, tuple[str, str, str], int, int, str]], complete: bool
) -> None:
    lines = [HEADER]
    for number, who, begins, lasts, status in lessons:
        starts = DAY + timedelta(hours=begins)
        lines.append(
            f"H-{number},{','.join(who)},local,{starts:%Y-%m-%dT%H:%MZ},"
            f"{starts + timedelta(hours=lasts):%Y-%m-%dT%H:%MZ},{status}\n"
        )
    content, before = "".join(lines), everything(untouched_school)
    how = {"complete": complete, "yes": True}
    try:
        planned = bring(untouched_school, "bookings", content, dry_run=True, **how)
    except ValueError:
        assert refused(untouched_school, "bookings", content, **how)
        assert everything(untouched_school) == before
        return
    assert everything(untouched_school) == before

    done = bring(untouched_school, "bookings", content, **how)

    assert {**planned.as_record(), "dry_run": False} == done.as_record()
    after = everything(untouched_school)
    again = bring(untouched_school, "bookings", content, **how)
    assert (again.added, again.changed, again.gone, again.changes) == (0, 0, 0, [])
    assert everything(untouched_school) == after
    assert len(after["bookings"]) == len(before["bookings"]) + done.added, "nothing is deleted"


def test_what_the_platform_moved_stays_until_the_file_has_it_or_a_third_time(school: Engine) -> None:
    run(
        school,
        "UPDATE school.bookings SET period = tstzrange(lower(period) + interval '1 day', upper(period) + interval "
        "'1 day'), times_moved = 1, updated_at = now() WHERE external_id = 'B-1002'",
    )
    still_old = bring(school, "bookings", BOOKINGS)
    assert (still_old.unchanged, list(still_old.not_entered)) == (5, ["B-1002"])
    assert where(school, "B-1002") == ("scheduled", "01-12 09:00")

    entered = BOOKINGS.replace("2027-01-11T09:00-08:00,2027-01-11T11:00-08:00\nB-1003",
                               "2027-01-12T09:00-08:00,2027-01-12T11:00-08:00\nB-1003")  # fmt: skip
    settled = bring(school, "bookings", entered)
    assert (settled.unchanged, list(settled.not_entered)) == (5, [])

    third = bring(school, "bookings", BOOKINGS)
    assert [(change.id, change.columns) for change in third.changes] == [("B-1002", ["time"])], "now it is the school's"
    assert where(school, "B-1002") == ("scheduled", "01-11 09:00")


def test_a_weather_hold_stays_and_a_cancellation_lifts_it(school: Engine) -> None:
    run(
        school,
        "UPDATE school.bookings SET status = 'weather_hold', weather_hold_by = 'platform' WHERE external_id = 'B-1001'",
    )
    assert bring(school, "bookings", BOOKINGS).unchanged == 5
    assert where(school, "B-1001")[0] == "weather_hold"
    assert where(school, "B-1003") == ("scheduled", "01-12 13:00")

    line = "B-1001,S-1,I-1,N101RW,pattern,2027-01-11T09:00-08:00,2027-01-11T11:00-08:00,cancelled\n"
    assert bring(school, "bookings", HEADER + line).changed == 1
    assert rows(school, "SELECT status, weather_hold_by FROM school.bookings WHERE external_id = 'B-1001'") == [
        ("cancelled", None)
    ]
    assert bring(school, "bookings", BOOKINGS).changed == 1, "the file has it again"
    assert where(school, "B-1001")[0] == "scheduled"


def test_two_lessons_take_each_others_places(school: Engine) -> None:
    two = HEADER + (
        "B-1001,S-1,I-1,N102RW,pattern,2027-01-11T09:00-08:00,2027-01-11T11:00-08:00,\n"
        "B-1002,S-2,I-2,N101RW,local,2027-01-11T09:00-08:00,2027-01-11T11:00-08:00,\n"
    )

    report = bring(school, "bookings", two)

    assert [(change.id, change.columns) for change in report.changes] == [
        ("B-1001", ["aircraft"]), ("B-1002", ["aircraft"])
    ]  # fmt: skip


def test_what_is_gone_ends_with_a_trace_counts_nowhere_and_comes_back(school: Engine) -> None:
    two = "id,tail_number,type\nN101RW,N101RW,C172S\nN102RW,N102RW,C172S\n"
    needed = "id,tail_number,type\nN102RW,N102RW,C172S\nN201RW,N201RW,PA-28-181\n"
    assert refused(school, "aircraft", needed, complete=True) == [
        "aircraft is 'N101RW'; the file no longer has it, and it has 3 lessons ahead; import the bookings first"
    ]

    with pytest.raises(NeedsYesError, match="the file lacks 1 of 3 aircraft, more than a fifth: they would be ended"):
        bring(school, "aircraft", two, complete=True)
    assert bring(school, "aircraft", two, complete=True, yes=True).gone == 1

    assert rows(school, "SELECT ended_at IS NOT NULL FROM school.aircraft ORDER BY tail_number") == [
        (False,), (False,), (True,)
    ]  # fmt: skip
    ended = rows(school, "SELECT id FROM school.aircraft WHERE ended_at IS NOT NULL")[0][0]
    open_times = availability(school, DAY, DAY + timedelta(days=1))
    crafts = set(open_times[open_times["resource"] == "aircraft"]["resource_id"])
    assert ended not in crafts
    assert len(crafts) == 2
    lesson = "B-9,S-2,I-2,N201RW,local,2027-02-01T10:00-08:00,2027-02-01T12:00-08:00,\n"
    assert "no aircraft of the school has this id" in refused(school, "bookings", HEADER + lesson)[0]
    back = bring_example(school, ["aircraft"])["aircraft"]
    assert [(change.id, change.columns) for change in back.changes] == [("N201RW", ["ended"])]


def test_each_kind_ends_and_comes_back(school: Engine) -> None:
    ended = {"instructors": "I-2", "students": "S-3", "downtime": None, "minimums": "M-2", "availability": ",I-2,sat"}
    run(school, "UPDATE school.bookings SET status = 'completed'")
    run(school, "UPDATE school.students SET primary_instructor_id = NULL")
    before = everything(school)
    for kind, named in ended.items():
        lines = (EXAMPLE / f"{kind}.csv").read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [line for line in lines if named is None or not line.startswith(named)]
        if named is None:
            kept = [*lines[:1], lines[1].replace("W-7", "W-8")]
        report = bring(school, kind, "".join(kept), complete=True, yes=True)
        assert report.gone == 1, kind
        assert rows(school, f"SELECT count(*) FROM school.{table_of(kind)} WHERE ended_at IS NOT NULL") == [(1,)]  # noqa: S608
        again = bring(school, kind, "".join(lines))
        assert [change.columns[-1] for change in again.changes if change.action == "changed"][-1] == "ended"
    run(school, "DELETE FROM school.downtime WHERE external_id = 'W-8'")
    run(school, "UPDATE school.students SET primary_instructor_id = NULL")
    assert everything(school) == before


def table_of(kind: str) -> str:
    return {"minimums": "weather_minimums"}.get(kind, kind)


def test_what_was_entered_by_hand_is_taken_over_and_changed_only_with_a_yes(school: Engine) -> None:
    run(school, "UPDATE school.students SET external_id = NULL, phone = '+1-000' WHERE external_id = 'S-1'")

    with pytest.raises(NeedsYesError, match=r"1 row of students that people entered would be changed \(line 2\)"):
        bring_example(school, ["students"])
    run(school, "UPDATE school.students SET phone = '+1-650-555-0111' WHERE phone = '+1-000'")
    taken_over = bring_example(school, ["students"])["students"]

    assert [change.columns for change in taken_over.changes] == [["id"]]
    assert len(rows(school, "SELECT FROM school.students")) == 4


def test_a_row_that_takes_no_change_is_one_sentence_and_nothing_is_imported(school: Engine) -> None:
    before = everything(school)
    (booking_id,) = rows(school, "SELECT id FROM school.bookings WHERE external_id = 'B-1002'")[0]
    refuse_changes_of(school, "bookings", "id", booking_id, "23514")

    with pytest.raises(
        FileError, match=r"the database refuses a row of the bookings or their change .*rows_can_be_read"
    ):
        bring(school, "bookings", BOOKINGS.replace("S-2,I-2,N102RW,local", "S-2,I-2,N102RW,pattern"))

    assert everything(school) == before


def test_every_dialect_gives_the_same(school: Engine) -> None:
    content = (EXAMPLE / "students.csv").read_text(encoding="utf-8")
    assert not content.isascii(), "a name has an accent"
    dialects = (
        content.encode("latin-1"), content.encode("utf-8-sig"), content.replace(",", ";").encode("utf-16"),
        content.replace("\n", "\r\n\r\n").encode(),
    )  # fmt: skip
    for data in dialects:
        assert bring(school, "students", data).unchanged == 4
