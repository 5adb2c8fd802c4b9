"""Minimums and students' limits at the terminal."""

import json
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from flightsched_pipelines.cli.reference import JSON_FIELDS
from flightsched_pipelines_tests.conftest import SEED_HOUR
from flightsched_pipelines_tests.integration.cli.conftest import Type

SCHOOL = ("--school", "Palo Alto Flight School")
COLUMNS = "id,school,training_level,rule,comparison,limit_value,unit,effect,effective_from,reference\n"
DAY = f"{SEED_HOUR:%Y-%m-%d}"
ROWS = "SELECT count(*) FROM school.weather_minimums"


def count(engine: Engine, where: str = "true") -> int:
    with engine.connect() as connection:
        return int(connection.execute(text(f"{ROWS} WHERE {where}")).scalar_one())


def test_a_minimum_is_added_once_listed_and_ended_and_stays_on_record(flightsched: Type, seeded: Engine) -> None:
    words = ("minimums", "add", "wind < 8 kt", *SCHOOL, "--level", "student_pilot", "--solo", "--reference", "4.2")
    added = flightsched(*words, "--json")
    assert json.loads(added.out) == {"added": 1, "unchanged": 0, "notes": []}, added.err
    assert "it was there already" in flightsched(*words).out
    (row,) = [one for one in json.loads(flightsched("minimums", "list", *SCHOOL, "--json").out) if one["own_id"]]
    assert set(row) == set(JSON_FIELDS["minimums list"][1])
    assert (row["rule"], row["limit_value"], row["solo"], row["authority"]) == ("wind", 8.0, True, "school")
    assert "less than 8 kt" in flightsched("minimums", "list", *SCHOOL).out

    before = count(seeded)
    ended = json.loads(flightsched("minimums", "end", str(row["id"]), "--until", "2199-12-31", "--json").out)
    assert ended == {"id": row["id"], "effective_to": "2199-12-31", "changed": True}
    assert "already" in flightsched("minimums", "end", str(row["id"]), "--until", "2199-12-31").out
    assert count(seeded) == before


LOOSER = {
    "at the regulation": ("visibility >= 3 SM", "private_pilot", "visibility: >= 3 SM, default > 3 SM"),
    "hazards": ("icing_area any", "student_pilot", "icing_area: no limit, default none allowed"),
    "later": ("wind < 30 kt", "private_pilot", "wind: < 30 kt, default < 25 kt"),
}


@pytest.mark.usefixtures("seeded")
@pytest.mark.parametrize("case", LOOSER)
def test_a_minimum_that_is_looser_than_the_default_says_so_when_added_imported_and_listed(
    flightsched: Type, tmp_path: Path, case: str
) -> None:
    limit, level, told = LOOSER[case]
    since = "2150-01-01" if case == "later" else DAY
    sentence = f"this is looser than the default: school 1, {level}"
    words = ("minimums", "add", limit, *SCHOOL, "--level", level, "--reference", "4.2", "--from", since)

    added = flightsched(*words)

    assert added.code == 0, added.err
    assert added.out.startswith(f"added; it counts from the next hour\n{sentence}")
    assert told in added.out
    assert told in str(json.loads(flightsched(*words, "--json").out)["notes"]), "also where it was there already"
    marked = [one for one in json.loads(flightsched("minimums", "list", "--json").out) if one["looser_than_default"]]
    assert [(one["school"], one["rule"]) for one in marked] == [(SCHOOL[1], limit.split()[0])]
    assert told in marked[0]["looser_than_default"]
    assert flightsched("minimums", "list", *SCHOOL).out.count(", looser") == 1

    rule, comparison, value, unit = [*limit.split(), "", ""][:4]
    (tmp_path / "more.csv").write_text(
        f"{COLUMNS}T-1,{SCHOOL[1]},{level},{rule},{comparison},{value},{unit},block,{since},a test\n"
        f"T-2,{SCHOOL[1]},private_pilot,gust,<=,9,kt,block,{since},a test\n"
    )
    for options in (["--dry-run"], []):
        imported = flightsched("import", "minimums", "more.csv", *options)
        assert f"line 2: {sentence}" in imported.out, imported.err
        assert "line 3: looser" not in imported.out


def test_a_students_limit_is_listed_only_where_the_student_is_named(flightsched: Type, seeded: Engine) -> None:
    done = flightsched(
        "minimums", "add", "visibility >= 7 SM", *SCHOOL, "--student", "student1@example.com", "--reference", "solo"
    )
    assert done.code == 0, done.err
    assert count(seeded, "authority = 'student'") == 1
    assert "at least 7 SM" not in flightsched("minimums", "list", *SCHOOL).out
    shown = flightsched("minimums", "list", "--student", "student1@example.com")
    assert "at least 7 SM" in shown.out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ("add", "density_altitude <= 7500 ft", *SCHOOL, "--aircraft-type", "c172s"),
            "aircraft_type is 'c172s'; no aircraft of the school is of this type; there are AATD, C152, C172S, PA",
        ),
        (
            ("add", "visibility >= 2 SM"),
            "limit_value is '2'; the regulation requires at least 3 SM (student_pilot, dual",
        ),
        (
            ("add", "visibility >= 4 SM", "--dual", "--student", "student1@example.com"),
            "limit_value is '4'; the school's minimum",
        ),
        (("add", "mood > 3"), "the limit is 'mood > 3'; give one such as 'wind < 12 kt'"),
        (("add", "wind > 3 kt"), "comparison is '>'; wind takes < or <="),
        (("add", "wind < 9 kt", "--level", "ace"), "training_level is 'ace'; give one of student_pilot"),
        (
            ("add", "wind < 9 kt", "--student", "nobody@example.com"),
            "student is 'nobody@example.com'; no student of the",
        ),
        (("end", "99999999999999999999"), "there is no minimum 9"),
        (("end", "1"), "minimum 1 is a default"),
        (("list", "--student", "nobody@example.com"), "--student is 'nobody@example.com'; no student has this"),
        (("list", "--school", "nowhere"), "--school is 'nowhere'; no school has this id or name"),
        (("try", "nothing.csv"), "nothing.csv"),
        (("try", "nothing.csv", "--until", "9999-12-31"), "--until is 9999-12-31; give a day from 2000-01-01 to"),
        (("try", "nothing.csv", "--since", "2020-01-01"), "--since 2020-01-01 must be at most 92 days before"),
    ],
    ids=lambda given: given[0] + given[1] if isinstance(given, tuple) else "",
)
def test_bad_input_is_one_sentence_and_changes_nothing(
    flightsched: Type, seeded: Engine, words: tuple[str, ...], sentence: str
) -> None:
    before = count(seeded)
    options = (*SCHOOL, "--reference", "x") if words[0] == "add" else ()
    refused = flightsched("minimums", *words, *options)
    assert (refused.code, refused.err.count("\n")) == (2, 1), refused.err
    assert sentence in refused.err
    assert count(seeded) == before


def test_another_set_of_minimums_is_tried_on_the_stored_hours_and_changes_nothing(
    flightsched: Type, monkeypatch: pytest.MonkeyPatch, told_engine: Engine, tmp_path: Path
) -> None:
    """A set that asks for the impossible loses every lesson that stood; one like the present one loses none."""
    monkeypatch.setenv("DATABASE_URL", told_engine.url.render_as_string(hide_password=False))
    before = count(told_engine)
    strict = tmp_path / "strict.csv"
    strict.write_text(f"{COLUMNS}T-1,Palo Alto Flight School,,visibility,>=,20,SM,block,2030-01-01,a test\n")
    trial = json.loads(flightsched("minimums", "try", str(strict), "--since", DAY, "--until", DAY, "--json").out)
    assert set(trial) == set(JSON_FIELDS["minimums try"][1])
    assert trial["hours"] == 1
    lessons = sum(group["lessons"] for group in trial["groups"])
    assert 0 < lessons < 300
    assert sum(group["lost"] for group in trial["groups"]) > 0
    for group in trial["groups"]:
        assert group["kept"] == 0
        assert len(group["lost_references"]) == min(group["lost"], 10)
        assert group["lost"] <= group["at_risk_after"] - group["at_risk_before"] <= group["lessons"]

    same = tmp_path / "same.csv"
    same.write_text(f"{COLUMNS}T-1,Palo Alto Flight School,student_pilot,wind,<,10,kt,block,2030-01-01,a test\n")
    shown = flightsched("minimums", "try", str(same), "--since", DAY, "--until", DAY)
    assert shown.out.startswith(f"{lessons} lessons in 1 stored hour, {DAY} to {DAY}:"), shown.out
    again = json.loads(flightsched("minimums", "try", str(same), "--since", DAY, "--until", DAY, "--json").out)
    assert all((group["kept"], group["lost"]) == (0, 0) for group in again["groups"])
    assert count(told_engine) == before

    low = tmp_path / "low.csv"
    low.write_text(f"{COLUMNS}T-1,Palo Alto Flight School,private_pilot,visibility,>=,2,SM,block,2030-01-01,a test\n")
    refused = flightsched("minimums", "try", str(low))
    assert refused.code == 2
    assert "14 CFR 91.155" in refused.err


def test_assess_takes_minimums_from_a_file_whatever_their_school_and_days(flightsched: Type, tmp_path: Path) -> None:
    (tmp_path / "pao.taf").write_text("TAF KPAO 241720Z 2418/2518 31008KT P6SM SKC\n")
    (tmp_path / "lessons.csv").write_text(
        "reference,starts_at,ends_at,training_level,solo,lesson_kind,departure\n"
        "BK-1,2026-11-24T12:00-08:00,2026-11-24T13:00-08:00,private_pilot,false,local,KPAO\n"
    )
    asked = ("assess", "--weather", "pao.taf", "--bookings", "lessons.csv", "--json")
    assert json.loads(flightsched(*asked).out)["verdict"] == "ok"

    (tmp_path / "tried.csv").write_text(f"{COLUMNS}T-1,nowhere,,wind,<,8,kt,block,2031-01-01,a test\n")
    tried = json.loads(flightsched(*asked, "--minimums", "tried.csv").out)
    assert tried["verdict"] == "at_risk"
    assert [(one["rule"], one["limit"]) for one in tried["broken"]] == [("wind", 8.0)]

    (tmp_path / "low.csv").write_text(f"{COLUMNS}T-1,,private_pilot,ceiling,>=,500,ft,block,2031-01-01,a test\n")
    refused = flightsched(*asked, "--minimums", "low.csv")
    assert refused.code == 2
    assert "14 CFR 91.155" in refused.err
