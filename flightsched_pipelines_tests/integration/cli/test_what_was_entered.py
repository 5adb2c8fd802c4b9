"""Entered data stay, unless a question is answered with yes or ``--yes`` is given: a table of commands."""

import json
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, text

from flightsched_pipelines.cli.reference import JSON_FIELDS
from flightsched_pipelines.database import embedded, schema, table_counts
from flightsched_pipelines.services.notifications.samples import SAMPLES
from flightsched_pipelines_tests.conftest import SEED_HOUR, connected
from flightsched_pipelines_tests.integration.cli.conftest import Type

ENTERED = """
INSERT INTO school.schools (id, name, base_airport, dispatch_email) VALUES (77, 'Entered', 'KPAO', 'by@hand.example');
UPDATE school.student_preferences SET days = '{mon}' WHERE student_id = 1;
UPDATE school.bookings SET status = 'weather_hold' WHERE id = 1;
UPDATE school.airports SET elevation_ft = 9, time_zone = 'America/Denver' WHERE ident = 'KPAO';
INSERT INTO school.weather_minimums (school_id, authority, rule, comparison, limit_value, unit, effect, effective_from,
reference, external_id) VALUES (1, 'school', 'wind', '<', 9, 'kt', 'block', '2026-01-01', 'by hand', NULL),
(1, 'school', 'wind', '<', 9, 'kt', 'block', '2026-01-01', 'at a terminal', 'cli-0123456789ab'),
(1, 'school', 'wind', '<', 9, 'kt', 'block', '2026-01-01', 'of the file', 'M-1');
"""
HOUR = f"{SEED_HOUR:%Y-%m-%dT%H}"
FILES = {
    "airports.csv": "ident,elevation_ft,time_zone\nKPAO,4,America/Los_Angeles\n",
    "minimums.csv": "id,school,training_level,rule,comparison,limit_value,unit,effect,effective_from,reference\n"
    "M-1,Palo Alto Flight School,,wind,<,9,kt,block,2026-01-01,of the file\n",
    "preferences.csv": "school,student,days\nPalo Alto Flight School,student1@example.com,sat sun\n",
}
NOBODY_ANSWERED = "there was no answer, and nothing was changed; give --yes"

COMMANDS = {
    "db seed": (["db", "seed", "--hour", HOUR], "the database is not empty, and was left as it is: it has"),
    "db reset": (["db", "reset"], NOBODY_ANSWERED),
    "db downgrade": (["db", "downgrade", "base"], NOBODY_ANSWERED),
    "db upgrade": (["db", "upgrade"], ""),
    "import preferences": (["import", "preferences", "preferences.csv"], NOBODY_ANSWERED),
    "import airports": (["import", "airports", "airports.csv"], NOBODY_ANSWERED),
    "import --complete": (["import", "minimums", "minimums.csv", "--complete"], ""),
    "preview": (["preview", "--html", "previews"], NOBODY_ANSWERED),
}


def everything_entered(engine: Engine) -> dict[str, list[tuple[object, ...]]]:
    """All rows of the school's tables, but for what hours stored of what they depend on, and the list of imports."""
    records = {schema.reference_contents.name, schema.imports.name}
    tables = [
        table for table in schema.metadata.sorted_tables if table.schema == "school" and table.name not in records
    ]
    with engine.connect() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr) for table in tables
        }


@pytest.mark.parametrize(("words", "said"), COMMANDS.values(), ids=COMMANDS)
def test_no_command_takes_what_was_entered_unasked(
    flightsched: Type, seeded: Engine, tmp_path: Path, words: list[str], said: str
) -> None:
    with seeded.begin() as connection:
        for statement in filter(str.strip, ENTERED.split(";")):
            connection.execute(text(statement))
    for name, content in FILES.items():
        (tmp_path / name).write_text(content)
    own = tmp_path / "previews" / f"{next(iter(SAMPLES))}.html"
    own.parent.mkdir()
    own.write_text("my own page")
    before = everything_entered(seeded)

    told = flightsched(*words)

    assert everything_entered(seeded) == before
    assert own.read_text() == "my own page"
    assert said in told.err
    assert (told.code == 0) == (said == "")


def test_a_restore_drops_no_mute(
    flightsched: Type, engine: Engine, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("DAGSTER_POSTGRES_URL", database_url)
    assert flightsched("alerts", "silence", "weather", "--why", "provider at work").code == 0
    (tmp_path / "backup").mkdir()
    (tmp_path / "backup" / "manifest.json").write_text(
        json.dumps({"made_at_utc": "2026-11-26T10:00:00Z", "schema": "0001", "rows": {}, "sha256": {}})
    )
    before = everything_entered(engine)
    assert before["alert_silences"]

    told = flightsched("db", "restore", "backup")

    assert told.code == 2
    assert "the databases hold alert_silences (1); restore into empty ones" in told.err
    assert everything_entered(engine) == before


def test_reset_names_what_is_lost_and_where_and_does_it_when_told_so(flightsched: Type, seeded: Engine) -> None:
    asked = flightsched("db", "reset", "--hour", HOUR)
    assert f"The database '{seeded.url.database}' at 127.0.0.1:{seeded.url.port} will lose its data" in asked.out
    assert "school.students (60)" in asked.out
    with seeded.begin() as connection:
        connection.execute(text("UPDATE school.students SET name = 'By Hand' WHERE id = 1"))

    assert flightsched("db", "reset", "--yes", "--hour", HOUR).code == 0

    assert "By Hand" not in str(everything_entered(seeded)["students"])


@contextmanager
def _demos(home: Path) -> Generator[Engine]:
    yield from connected(embedded.url(home, "flightsched"))


@pytest.fixture
def demo_home(tmp_path: Path) -> Iterator[Path]:
    """Return the demo's home in the folder of the command."""
    home = tmp_path / "home" / "demo"
    try:
        yield home
    finally:
        embedded.stop(home)


def test_the_demo_has_a_database_of_its_own_and_asks_before_it_is_made_anew(
    flightsched: Type, seeded: Engine, demo_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    monkeypatch.setattr("flightsched_pipelines.cli.hourly.hour.parse_hour", lambda _: hour)
    (tmp_path / ".env").write_text(
        f"REPORT_FOLDER={tmp_path}/reports\nMAIL_VIA=smtp\nSMTP_URL=smtp://nowhere.invalid\n"
    )
    before = everything_entered(seeded)

    told = flightsched("demo")
    assert told.code == 0, told.err
    assert "messages written to" in told.out
    with _demos(demo_home) as engine:
        first = table_counts.rows_of(engine)
    again = flightsched("demo", "--json")
    assert again.code == 0, again.err
    assert tuple(json.loads(again.out)) == JSON_FIELDS["demo"][1]
    with _demos(demo_home) as engine:
        rows = table_counts.rows_of(engine)
    assert rows == first
    assert rows["school.students"] == 60

    assert "email" in flightsched("--demo", "outbox").out
    monkeypatch.setattr("flightsched_pipelines.cli.hourly.hour.is_seeded_for", lambda *_: False)
    asked = flightsched("demo")
    assert "The demo's lessons are over. Recreate it? It will lose all its data: " in asked.out
    assert NOBODY_ANSWERED in asked.err
    with _demos(demo_home) as engine:
        assert table_counts.rows_of(engine) == rows

    assert everything_entered(seeded) == before, "DATABASE_URL is left alone"
    assert not (tmp_path / "reports").exists()
