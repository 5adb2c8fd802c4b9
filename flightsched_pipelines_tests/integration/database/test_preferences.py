"""Import of students' preferences from a CSV file; a faulty file changes nothing."""

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, text

from flightsched_pipelines.database.queries.schedule import bookings as schedule
from flightsched_pipelines.database.schema import student_preferences
from flightsched_pipelines.domain.rescheduling.preferences import PREFERENCE_COLUMNS
from flightsched_pipelines.services.imports.preferences_csv import (
    PreferencesError,
    ReplacesError,
    import_preferences,
)
from flightsched_pipelines_tests.conftest import SEED_HOUR

HEADER = "student_email,days,parts_of_day,instructor_email,latest_date,notice_hours,note\n"


@pytest.fixture
def school(seeded_engine: Engine) -> Engine:
    """A seeded database in which nobody has preferences yet."""
    with seeded_engine.begin() as connection:
        connection.execute(text("DELETE FROM school.student_preferences"))
    return seeded_engine


def write(folder: Path, body: str, header: str = HEADER) -> Path:
    path = folder / "preferences.csv"
    path.write_text(header + body, encoding="utf-8")
    return path


def stored(engine: Engine) -> list[dict[str, object]]:
    columns = [column for column in student_preferences.columns if column.name != "updated_at"]
    with engine.connect() as connection:
        query = select(*columns).order_by(student_preferences.c.student_id)
        return [dict(row) for row in connection.execute(query).mappings()]


def test_a_file_is_stored_and_reaches_the_bookings(school: Engine, tmp_path: Path) -> None:
    body = 'Student2@example.com,Sat sun,MORNING,cfi1@example.com,2026-12-24,24,"Not before nine, please"\n'

    assert import_preferences(school, write(tmp_path, body)) == 1

    assert stored(school) == [
        {
            "student_id": 2, "days": ["sat", "sun"], "parts_of_day": ["morning"], "instructor_id": 1,
            "latest_date": date(2026, 12, 24), "notice_hours": 24, "note": "Not before nine, please",
        }
    ]  # fmt: skip
    lessons = schedule.bookings(school, SEED_HOUR, SEED_HOUR.replace(day=24), SEED_HOUR)
    mine = lessons[lessons["student_id"] == 2]
    assert not mine.empty
    wishes = mine.iloc[0][list(PREFERENCE_COLUMNS)].to_dict()
    assert wishes["preferred_days"] == ["sat", "sun"]
    assert wishes["preferred_instructor_id"] == 1
    assert wishes["notice_hours"] == 24


def test_a_row_replaces_what_was_known_and_an_empty_one_takes_it_back(school: Engine, tmp_path: Path) -> None:
    import_preferences(school, write(tmp_path, "student2@example.com,sat,,,,,\nstudent3@example.com,,,,,12,\n"))
    taken_back = write(tmp_path, "student2@example.com\n", header="student_email\n")
    before = stored(school)
    with pytest.raises(
        ReplacesError, match=r"different preferences from those stored for student2@example.com; nothing was"
    ):
        import_preferences(school, taken_back)
    assert stored(school) == before

    import_preferences(school, taken_back, replace=True)
    assert import_preferences(school, taken_back) == 1, "the same again replaces nothing"

    one, other = stored(school)
    assert (one["student_id"], one["days"], one["notice_hours"]) == (2, [], None)
    assert (other["student_id"], other["notice_hours"]) == (3, 12)


def test_what_a_spreadsheet_writes_is_read(school: Engine, tmp_path: Path) -> None:
    path = tmp_path / "from a spreadsheet.csv"
    path.write_bytes(b"\xef\xbb\xbfstudent_email,days\r\nstudent2@example.com,tue\r\n,\r\n")

    assert import_preferences(school, path) == 1


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("", "no line below the names"),
        ("nobody@example.com,,,,,,\n", "line 2: student_email is 'nobody@example.com'; no student has this address"),
        (",sat,,,,,\n", "line 2: student_email is empty"),
        ("student2@example.com,someday,,,,,\n", "line 2: days is 'someday'; give some of mon tue"),
        ("student2@example.com,,night,,,,\n", "parts_of_day is 'night'; give some of morning"),
        ("student2@example.com,,,cfi7@example.com,,,\n", "no instructor of the student's school has this address"),
        ("student2@example.com,,,,24.12.2026,,\n", "latest_date is '24.12.2026'; give a day such as 2026-12-24"),
        ("student2@example.com,,,,,-1,\n", "notice_hours is '-1'; give whole hours from 0 to 336"),
        ("student2@example.com,,,,,soon,\n", "notice_hours is 'soon'"),
        (f"student2@example.com,,,,,,{'x' * 501}\n", "give at most 500 characters"),
        ("student2@example.com,sat\n", "line 2: 2 values for the 7 columns of line 1"),
        ("student2@example.com,,,,,,\nSTUDENT2@example.com,,,,,,\n", "line 3: this student has an earlier line"),
        ('student2@example.com,,,,,,"never closed\n', "this is not CSV"),
    ],
)
def test_a_faulty_file_changes_nothing_and_says_where(school: Engine, tmp_path: Path, body: str, words: str) -> None:
    path = write(tmp_path, "student1@example.com,sat,,,,,\n" * bool(body) + body)
    if body:
        words = words.replace("line 2", "line 3").replace("line 3: this", "line 4: this")

    with pytest.raises(PreferencesError) as error:
        import_preferences(school, path)

    assert words in str(error.value)
    assert str(path) in str(error.value)
    assert stored(school) == []


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"student_email,shoe_size\n", "does not know 'shoe_size'"),
        (b"days,note\nsat,\n", "needs student_email"),
        (b"\xff\xfe\x00", "is not UTF-8 text"),
        (b"student_email\nstudent2\x00\n", "NUL characters"),
        (b"", "needs student_email"),
    ],
)
def test_a_file_of_another_kind_is_said_so(school: Engine, tmp_path: Path, raw: bytes, words: str) -> None:
    path = tmp_path / "other.csv"
    path.write_bytes(raw)

    with pytest.raises(PreferencesError, match=words):
        import_preferences(school, path)


def test_all_faults_are_told_at_once_but_not_endlessly(school: Engine, tmp_path: Path) -> None:
    path = write(tmp_path, "".join(f"nobody{n}@example.com,,,,,,\n" for n in range(30)))

    with pytest.raises(PreferencesError) as error:
        import_preferences(school, path)

    assert str(error.value).count("\nline ") == 10
    assert str(error.value).endswith("... and 20 more")


def test_a_file_that_is_not_there_is_said_so(school: Engine, tmp_path: Path) -> None:
    with pytest.raises(PreferencesError, match="cannot be read: No such file"):
        import_preferences(school, tmp_path / "missing.csv")
