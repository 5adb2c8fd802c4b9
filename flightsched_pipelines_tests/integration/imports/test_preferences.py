"""Import of students' preferences: the rules of every import, and a question before what a student set is replaced."""

from datetime import date

import pytest
from sqlalchemy import Engine

from flightsched_pipelines.database.queries.schedule import bookings as schedule
from flightsched_pipelines.domain.rescheduling.preferences import PREFERENCE_COLUMNS
from flightsched_pipelines.services.imports.reports import NeedsYesError
from flightsched_pipelines_tests.integration.imports.helpers import NOW, bring, everything, refused, rows

HEADER = "student,days,parts_of_day,instructor,latest_date,notice_hours,note\n"
STORED = (
    "SELECT s.external_id, p.days, p.parts_of_day, p.instructor_id IS NOT NULL, p.latest_date, p.notice_hours, p.note "
    "FROM school.student_preferences p JOIN school.students s ON s.id = p.student_id ORDER BY s.external_id"
)


def test_a_row_is_added_reaches_the_bookings_and_leaves_other_students_theirs(school: Engine) -> None:
    before = rows(school, STORED)
    body = 'cleo.moreau@redwood.example,Sat sun,MORNING,I-1,2026-12-24,24,"Not before nine, please"\n'

    report = bring(school, "preferences", HEADER + body)

    assert [(change.action, change.id) for change in report.changes] == [("added", "cleo.moreau@redwood.example")]
    new = ("S-2", ["sat", "sun"], ["morning"], True, date(2026, 12, 24), 24, "Not before nine, please")
    assert rows(school, STORED) == sorted([*before, new])
    lessons = schedule.bookings(school, NOW, NOW.replace(year=2028), NOW)
    (student,) = {key for key, name in rows(school, "SELECT id, external_id FROM school.students") if name == "S-2"}
    wishes = lessons[lessons["student_id"] == student].iloc[0][list(PREFERENCE_COLUMNS)].to_dict()
    assert wishes["preferred_days"] == ["sat", "sun"]
    assert wishes["notice_hours"] == 24


def test_what_a_student_has_set_is_replaced_only_with_a_yes(school: Engine) -> None:
    before = everything(school)
    other = "student,days,notice_hours\nS-1,mon,\nS-3,,12\n"
    with pytest.raises(
        NeedsYesError, match=r"2 rows of preferences that people entered would be changed \(line 2, 3\)"
    ):
        bring(school, "preferences", other)
    assert everything(school) == before
    assert bring(school, "preferences", other, dry_run=True).changed == 2
    assert everything(school) == before

    report = bring(school, "preferences", other, yes=True)
    changed = [(change.id, list(change.columns)) for change in report.changes]
    assert changed == [("S-1", ["days", "notice_hours"]), ("S-3", ["notice_hours"])]
    assert bring(school, "preferences", other).unchanged == 2, "the same again replaces nothing"
    one, other_one = rows(school, STORED)
    assert one[:3] == ("S-1", ["mon"], ["morning"]), "a column that the file does not have stays"
    assert other_one[5:] == (12, "Checkride in April")


BAD_ROWS = {
    "nobody": ("S-99,,,,,,", "student is 'S-99'; no student of the school has this id or e-mail address"),
    "no student": (",sat,,,,,", "student; it is empty"),
    "no day": ("S-2,someday,,,,,", "days is 'someday'; give one or more of mon tue"),
    "no part of the day": ("S-2,,night,,,,", "parts_of_day is 'night'; give one or more of morning"),
    "no instructor": ("S-2,,,I-9,,,", "instructor is 'I-9'; no instructor of the school"),
    "another calendar": ("S-2,,,,24.12.2026,,", "latest_date is '24.12.2026'; give a day between"),
    "notice below 0": ("S-2,,,,,-1,", "notice_hours is '-1'; give whole hours from 0 to 336"),
    "notice of half an hour": ("S-2,,,,,0.5,", "notice_hours is '0.5'; give whole hours"),
    "a long note": (f"S-2,,,,,,{'x' * 501}", "note is 'xxx"),
    "twice": ("S-2,,,,,,\nS-2,sat,,,,,", "line 2 has the same student; give each student's preferences one line"),
}


@pytest.mark.parametrize(("body", "said"), BAD_ROWS.values(), ids=BAD_ROWS)
def test_bad_rows_are_named_and_change_nothing(untouched_school: Engine, body: str, said: str) -> None:
    before = everything(untouched_school)
    (found,) = refused(untouched_school, "preferences", f"{HEADER}{body}\n")
    assert said in found
    assert found.startswith(f"line {body.count(chr(10)) + 2}: ")
    assert everything(untouched_school) == before
