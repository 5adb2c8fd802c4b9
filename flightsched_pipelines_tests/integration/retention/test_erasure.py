"""A person who is erased is found nowhere: in no column of any table of either database, and in no mail."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from sqlalchemy import Engine, create_engine, text

from flightsched_pipelines.cli.reference import JSON_FIELDS
from flightsched_pipelines.clients.delivery.mail import read_maildir
from flightsched_pipelines.database.engine import dagster_url
from flightsched_pipelines.database.queries.retention import people
from flightsched_pipelines.database.queries.retention.references import FATES, Fate, references_to
from flightsched_pipelines.database.schema import metadata
from flightsched_pipelines.defs.instance import open_instance
from flightsched_pipelines.domain.retention.identifiers import ERASED
from flightsched_pipelines.services.delivery import channel_senders, outbox_worker
from flightsched_pipelines.services.retention import erasure
from flightsched_pipelines.services.retention.erasure import ErasureRefusedError
from flightsched_pipelines.settings import Settings
from flightsched_pipelines_tests.conftest import SEED_HOUR, administer, settings_for
from flightsched_pipelines_tests.integration.cli.conftest import Type, flightsched

__all__ = ["flightsched"]  # a fixture

NAMES = {"student": 'Zoë "Zed" Quinezed', "instructor": "Åsa\\Björk d'Quazzet"}
MAIL = {"student": "zoe.zed@quinezed.example", "instructor": "asa@quazzet.example"}
PHONE = {"student": "+1 650 555 0173", "instructor": "+1 650 555 0174"}
NOW = SEED_HOUR + timedelta(days=30)


def do(engine: Engine, *statements: str, **given: object) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement), given)


def mentions(engine: Engine, role: str) -> set[str]:
    """Return every table with a row, as text, that has any of the person's words."""
    words = [NAMES[role].split()[-1].removeprefix("d'"), MAIL[role], PHONE[role], "".join(PHONE[role].split())]
    found: set[str] = set()
    with engine.connect() as connection:
        tables = connection.execute(
            text("SELECT table_schema || '.' || table_name FROM information_schema.tables "
                 "WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('information_schema', 'pg_catalog')")
        ).scalars()  # fmt: skip
        for table in tables.all():
            query = text(f"SELECT count(*) FROM {table} AS t WHERE t::text ILIKE ANY (:words)")  # noqa: S608, the database's own names
            if connection.execute(query, {"words": [f"%{word}%" for word in words]}).scalar_one():
                found.add(table)
    return found


@pytest.fixture
def settings(told_engine: Engine, tmp_path: Path, server_home: Path) -> Iterator[Settings]:
    """Settings of a platform whose two databases, texts and mails name a student and an instructor."""
    url = told_engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    settings = settings_for(database_url=url, flightsched_home=tmp_path / "home")
    for role in ("student", "instructor"):
        do(
            told_engine,
            f"UPDATE school.{role}s SET name = :name, email = :mail, phone = :phone, external_id = 'X-7' "  # noqa: S608, ours
            f"WHERE id = (SELECT b.{role}_id FROM school.bookings b JOIN school.reschedule_cases c "
            f"ON c.booking_id = b.id WHERE b.{role}_id IS NOT NULL ORDER BY c.id LIMIT 1)",
            "INSERT INTO school.responses (key, action, role, reason, door, received_at, outcome, sentence) VALUES "
            "(:mail, 'note', 'dispatcher', 'as ' || :name || ' said', 'board', now(), 'applied', 'Noted.'), "
            "(:phone, 'note', 'dispatcher', NULL, 'board', now(), 'applied', 'Noted.')",
            "INSERT INTO school.dead_letters (kind, key, partition_hour, problem, request, answer) VALUES "
            "('llm_answer', :mail, now(), 'p', jsonb_build_object('who', CAST(:name AS text)), :ascii)",
            "INSERT INTO school.feed_files (name, size_bytes, modified_at, seen_at) VALUES "
            "('bookings ' || :name || '.csv', 1, now(), now())",
            "CREATE TABLE IF NOT EXISTS pipeline.later (a text, b jsonb, c text[], d varchar, e json, "
            "f text GENERATED ALWAYS AS ('x') STORED)",
            "INSERT INTO pipeline.later VALUES (:phone, jsonb_build_array(CAST(:mail AS text)), "
            "ARRAY['x', :name, NULL], upper(:mail), json_build_object('n', CAST(:name AS text)))",
            name=NAMES[role], mail=MAIL[role], phone=PHONE[role], ascii=json.dumps({"who": NAMES[role]}),
        )  # fmt: skip
    with channel_senders.open_channels(told_engine, settings) as channels:
        outbox_worker.drain(told_engine, channels, settings, now=lambda: SEED_HOUR + timedelta(minutes=9))
    with open_instance(settings) as instance:
        for role, name in NAMES.items():
            do(
                told_engine, "UPDATE school.outbox SET payload = jsonb_set(payload, '{told}', "
                "to_jsonb(CAST(:name AS text))) WHERE id % 3 = :rest", name=name, rest=int(role == "student"),
            )  # fmt: skip
            config = {"ops": {"x": {"config": {"who": name, "mail": MAIL[role]}}}}
            instance.add_run(dg.DagsterRun("x", run_config=config, tags={"who": name}))
    yield settings
    administer(server_home, f"DROP DATABASE IF EXISTS {told_engine.url.database}_dagster WITH (FORCE)")


def count(engine: Engine) -> list[int]:
    """Return how many lessons, cases and people there are."""
    names = ("bookings", "reschedule_cases", "case_events", "students", "instructors", "responses")
    with engine.connect() as connection:
        return [connection.execute(text(f"SELECT count(*) FROM school.{name}")).scalar_one() for name in names]  # noqa: S608, ours


def end_cases(engine: Engine) -> None:
    """Close every case, and let all lessons be over."""
    do(
        engine,
        "UPDATE school.reschedule_cases SET state = 'expired', closed_at = now()",
        "UPDATE school.bookings SET status = 'completed' WHERE status IN ('scheduled', 'weather_hold')",
    )


def test_a_person_who_is_erased_is_found_nowhere(told_engine: Engine, settings: Settings) -> None:
    dagsters = create_engine(dagster_url(settings))
    counted = count(told_engine)
    person = erasure.find_person(told_engine, MAIL["student"])
    with pytest.raises(ErasureRefusedError, match=r"has lessons ahead or open cases \(\S+.*cancel them"):
        erasure.erase(told_engine, settings, person, SEED_HOUR, dry_run=False)
    end_cases(told_engine)
    for role in ("student", "instructor"):
        before, mails = mentions(told_engine, role), len(read_maildir(settings.flightsched_home / "mail"))
        assert {f"school.{role}s", "school.outbox", "school.responses", "pipeline.later", "school.feed_files"} <= before
        assert mentions(dagsters, role) >= {"public.runs", "public.run_tags"}
        person = erasure.find_person(told_engine, MAIL[role].upper())
        planned = erasure.erase(told_engine, settings, person, NOW, dry_run=True)
        assert mentions(told_engine, role) == before
        assert mentions(dagsters, role)
        assert len(read_maildir(settings.flightsched_home / "mail")) == mails

        done = erasure.erase(told_engine, settings, person, NOW, dry_run=False)
        assert done == planned
        assert mentions(told_engine, role) == mentions(dagsters, role) == set()
        assert role == "instructor" or "school.instructors" in mentions(told_engine, "instructor"), "nobody else is"
        kept = [str(mail) for mail in read_maildir(settings.flightsched_home / "mail")]
        assert 0 < len(kept) < mails
        assert not [mail for mail in kept if MAIL[role] in mail]
        with pytest.raises(ErasureRefusedError, match="was erased at 2026-12-10"):
            erasure.find_person(told_engine, f"{role}-{person.id}")
    dagsters.dispose()
    assert count(told_engine) == counted
    with told_engine.connect() as connection:
        record = connection.execute(text("SELECT role, changed FROM school.erasures ORDER BY id")).all()
    assert [row.role for row in record] == ["student", "instructor"]
    assert all(isinstance(rows, int) for row in record for rows in row.changed.values())


OWN = {
    "instructor": ("api_tokens", "availability", "availability_exceptions", "calendar_feeds", "contact_preferences",
                   "credentials", "settings_changes"),
    "student": ("api_tokens", "availability", "availability_exceptions", "calendar_feeds", "contact_preferences",
                "credentials", "settings_changes", "student_preferences", "weather_minimums"),
}  # fmt: skip
"""The tables of rows that are one person's alone."""


def rows_of(engine: Engine, role: str, person_id: int) -> dict[str, tuple[int, int]]:
    """Return of every table of the school's how many rows it has, and how many of those are the person's."""
    found: dict[str, tuple[int, int]] = {}
    with engine.connect() as connection:
        for table in (table for table in metadata.sorted_tables if table.schema == "school"):
            own = {"outbox": f"role = '{role}' AND person_id = {person_id}"}.get(
                table.name, f"{role}_id = {person_id}" if table.name in OWN[role] else "false"
            )
            query = text(f"SELECT count(*), count(*) FILTER (WHERE {own}) FROM {table.fullname}")  # noqa: S608, ours
            found[table.name] = tuple(connection.execute(query).one())  # type: ignore[assignment]
    return found


def test_an_erasure_takes_no_row_and_no_word_of_anybody_else(told_engine: Engine, settings: Settings) -> None:
    end_cases(told_engine)
    ids = {role: erasure.find_person(told_engine, MAIL[role]).id for role in NAMES}
    said = (
        "INSERT INTO school.responses (key, case_id, booking_id, action, role, person_id, reason, door, "
        "received_at, outcome, sentence) SELECT {who} || c.id, c.id, b.id, 'note', {who}, {person}, {reason}, 'page', "
        "now(), 'applied', 'Noted.' FROM school.reschedule_cases c JOIN school.bookings b ON b.id = c.booking_id "
        "WHERE :instructor IN (b.instructor_id, -1)"
    )
    do(
        told_engine,
        "INSERT INTO school.student_preferences (student_id) SELECT id FROM school.students ON CONFLICT DO NOTHING",
        "UPDATE school.student_preferences SET instructor_id = :instructor",
        "UPDATE school.students SET primary_instructor_id = :instructor",
        said.format(who="'student'", person="b.student_id", reason="'the exam is near'"),
        said.format(who="'instructor'", person="b.instructor_id", reason="'a bad knee'"),
        said.format(who="'dispatcher'", person="NULL", reason="CAST(:name AS text) || ' rang'"),
        "UPDATE school.outbox SET payload = jsonb_set(payload, '{changes}', '[\"Reason: a bad knee\"]') "
        "WHERE role = 'student'",
        instructor=ids["instructor"], name=NAMES["instructor"],
    )  # fmt: skip
    for role in ("instructor", "student"):
        before = rows_of(told_engine, role, ids[role])
        assert 0 < before["outbox"][1] < before["outbox"][0]
        assert before["availability"][1]
        erasure.erase(told_engine, settings, erasure.find_person(told_engine, MAIL[role]), NOW, dry_run=False)
        left = {name: rows for name, (rows, _) in rows_of(told_engine, role, ids[role]).items()}
        assert left == {name: rows - own + (name == "erasures") for name, (rows, own) in before.items()}
        with told_engine.connect() as connection:
            said_by = connection.execute(text("SELECT DISTINCT role, reason FROM school.responses WHERE case_id > 0"))
            changes = connection.execute(
                text("SELECT DISTINCT o.payload ->> 'changes' FROM school.outbox o JOIN school.reschedule_cases c "
                     "ON c.id = o.case_id JOIN school.bookings b ON b.id = c.booking_id "
                     "WHERE o.role = 'student' AND b.instructor_id = :id"), {"id": ids["instructor"]},
            ).scalars().all()  # fmt: skip
            reasons = {row.role: row.reason for row in said_by if row.role == "dispatcher" or role == "instructor"}
        assert reasons["dispatcher"] == f"{ERASED} rang"
        assert role == "student" or set(changes) == {f'["Reason: {ERASED}"]'}
        assert role == "student" or reasons == {
            "student": "the exam is near", "instructor": None, "dispatcher": f"{ERASED} rang",
        }  # fmt: skip
    with told_engine.connect() as connection:
        wishes = connection.execute(text("SELECT instructor_id FROM school.student_preferences")).scalars().all()
        usual = connection.execute(text("SELECT primary_instructor_id FROM school.students")).scalars().all()
    assert len(wishes) > 10
    assert {*wishes, *usual} == {None}


def test_every_reference_to_a_person_has_a_fate_that_somebody_decided() -> None:
    decided = {
        column: fate for people in ("students", "instructors") for column, fate in references_to(f"school.{people}")
    }
    assert {f"{column.table.fullname}.{column.name}" for column in decided} == FATES.keys()
    going = {column.table for column, fate in decided.items() if fate is Fate.ROW_GOES}
    pointing = {key.column.table for table in metadata.sorted_tables for key in table.foreign_keys}
    assert not going & pointing, "a row that goes takes no row of another table with it"
    for column, fate in decided.items():
        assert column.nullable or fate is not Fate.REFERENCE_GOES


def test_an_erasure_does_not_wait_without_end_for_rows_that_others_hold(
    told_engine: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    end_cases(told_engine)
    person = erasure.find_person(told_engine, MAIL["student"])
    monkeypatch.setattr(erasure, "LONGEST_WAIT", timedelta(seconds=1))
    with told_engine.begin() as other:
        other.execute(text("SELECT FROM school.students WHERE id = :id FOR UPDATE"), {"id": person.id})
        for dry_run in (True, False):
            with pytest.raises(ErasureRefusedError, match="is not erased: another process held rows"):
                erasure.erase(told_engine, settings, person, NOW, dry_run=dry_run)
    assert erasure.find_person(told_engine, MAIL["student"]) == person


def test_an_interruption_leaves_the_person_to_be_found_again(
    told_engine: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    end_cases(told_engine)
    person = erasure.find_person(told_engine, MAIL["student"])
    before = mentions(told_engine, "student")
    for step in ("erase_rows", "note"):
        with monkeypatch.context() as patch:
            patch.setattr(people, step, interrupt)
            with pytest.raises(KeyboardInterrupt):
                erasure.erase(told_engine, settings, person, NOW, dry_run=False)
        assert mentions(told_engine, "student") == before
    erasure.erase(told_engine, settings, erasure.find_person(told_engine, MAIL["student"]), NOW, dry_run=False)
    assert "school.students" not in mentions(told_engine, "student")


def interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def test_what_a_namesake_shares_stays_theirs_and_is_said_so(told_engine: Engine, settings: Settings) -> None:
    end_cases(told_engine)
    person = erasure.find_person(told_engine, MAIL["student"])
    do(
        told_engine, "UPDATE school.students SET name = :name, phone = :phone WHERE id <> :id AND id = "
        "(SELECT max(id) FROM school.students)", name=NAMES["student"].upper(), phone=PHONE["student"], id=person.id,
    )  # fmt: skip
    done = erasure.erase(told_engine, settings, person, NOW, dry_run=False)
    with told_engine.connect() as connection:
        row = connection.execute(text("SELECT name, phone FROM school.students ORDER BY id DESC LIMIT 1")).one()
    assert tuple(row) == (NAMES["student"].upper(), PHONE["student"])
    assert "the person's name and number may be somebody else's, and was not searched for in texts" in done.notes


def test_the_command_asks_and_keeps_apart_what_the_law_wants(
    told_engine: Engine, settings: Settings, flightsched: Type, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert settings.database_url is not None
    monkeypatch.setenv("DATABASE_URL", settings.database_url.get_secret_value())
    monkeypatch.setenv("FLIGHTSCHED_HOME", str(tmp_path / "home"))
    end_cases(told_engine)
    person = erasure.find_person(told_engine, MAIL["student"])
    do(
        told_engine, "DELETE FROM school.credentials WHERE student_id = :id",
        "INSERT INTO school.credentials (school_id, student_id, credential, aircraft_type, valid_from, valid_until) "
        "SELECT school_id, id, 'solo_endorsement', 'C172S', current_date - 400, current_date - 320 "
        "FROM school.students WHERE id = :id", id=person.id,
    )  # fmt: skip
    named = f"student-{person.id}"
    dry = flightsched("erase", named, "--dry-run", "--json")
    assert (dry.code, tuple(json.loads(dry.out))) == (0, JSON_FIELDS["erase"][1])
    assert "give --keep FILE" in flightsched("erase", named, "--yes").err
    assert "nothing was changed" in flightsched("erase", named, "--keep", "kept.json").err
    assert not Path("kept.json").exists()
    assert "school.students" in mentions(told_engine, "student")
    Path("kept.json").write_text("of somebody else")
    assert "exists and holds something else" in flightsched("erase", named, "--keep", "kept.json", "--yes").err
    assert Path("kept.json").read_text() == "of somebody else"
    Path("kept.json").unlink()
    with monkeypatch.context() as patch:
        erase, ends = erasure.erase, iter((False, True))

        def end_after_the_plan(*given: Any, dry_run: bool) -> erasure.Erasure:
            if next(ends):
                raise ErasureRefusedError("another process held rows")
            return erase(*given, dry_run=dry_run)

        patch.setattr(erasure, "erase", end_after_the_plan)
        assert "another process held rows" in flightsched("erase", named, "--keep", "kept.json", "--yes").err
    assert Path("kept.json").exists()
    done = flightsched("erase", named, "--keep", "kept.json", "--yes")
    assert done.code == 0, done.err
    assert "backups that were made before still have the person" in done.out
    kept = json.loads(Path("kept.json").read_text())
    assert [(one["student"], one["aircraft_type"]) for one in kept["endorsements"]] == [(NAMES["student"], "C172S")]
    assert Path("kept.json").stat().st_mode & 0o077 == 0
    assert "school.students" not in mentions(told_engine, "student")
    for who, sentence in (("nobody@example.com", "there is nobody 'nobody@example.com'"), (named, "was erased at")):
        assert sentence in flightsched("erase", who, "--yes").err
