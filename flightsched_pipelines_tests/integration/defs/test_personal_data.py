"""People's text stays in schema ``school``: a whole hour with a marker in every text, and none of them outside."""

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from sqlalchemy import ARRAY, Column, Connection, Engine, Table, Text, text
from sqlalchemy.exc import IntegrityError

from flightsched_pipelines.clients.delivery.mail import read_maildir
from flightsched_pipelines.database import parquet
from flightsched_pipelines.database.schema import metadata
from flightsched_pipelines.definitions import build_definitions
from flightsched_pipelines.defs.partitions import key_of
from flightsched_pipelines.services.retention.archive import TABLES
from flightsched_pipelines_tests.conftest import SEED_HOUR, keep_awake, settings_for
from flightsched_pipelines_tests.integration.services.helpers import cases
from flightsched_pipelines_tests.servers.openai_server import OpenAIServer

MARKER = re.compile(rb"zqx\w+", re.IGNORECASE)
VOCABULARY = frozenset(
    {"airports.time_zone", "runways.airport", "runways.runway", "instructors.may_teach", "weather_minimums.rule",
     "weather_minimums.training_level", "weather_minimums.lesson_kind", "weather_minimums.unit", "bookings.route",
     "weather_minimums.aircraft_type", "contact_preferences.time_zone"}
)  # fmt: skip
"""Columns whose words mean something to the platform, though the database constrains them to no list."""
PERSONAL = tuple(
    f"{table.name}.{column.name}" for table in metadata.sorted_tables for column in table.columns
    if "Personal" in (column.comment or "") or column.name in {"description", "reason", "note"}
)  # fmt: skip
"""Columns whose words are of or about a person."""
REFERENCES = "bookings.reference"
"""The name of a booking for people and operators alike, so it may be in Dagster; never in a prompt."""


class StoppedClock:
    """Eight minutes after the hour."""

    def now(self) -> datetime:
        """Return that moment."""
        return SEED_HOUR + timedelta(minutes=8)


def texts(connection: Connection) -> Iterator[tuple[Table, Column[object]]]:
    """Return every text column that a person may write into, of every table of the school's that has rows."""
    for table in metadata.sorted_tables:
        if table.schema != "school":
            continue
        if connection.execute(text(f"SELECT count(*) FROM {table.fullname}")).scalar_one() == 0:  # noqa: S608, ours
            continue
        for column in table.columns:
            words = column.type.item_type if isinstance(column.type, ARRAY) else column.type
            if isinstance(words, Text) and f"{table.name}.{column.name}" not in VOCABULARY:
                yield table, column


def mark(engine: Engine) -> dict[str, str]:
    """Put a marker of its own into every text, even an empty one; returns column by marker."""
    found: dict[str, str] = {}
    with engine.begin() as connection:
        for number, (table, column) in enumerate(texts(connection)):
            marker = f"zqx{number:02d}"
            key = "id" if "id" in table.c else next(iter(table.primary_key.columns)).name
            value = {
                "email": f"'{marker}' || {key} || '@example.com'",
                "dispatch_email": f"'{marker}' || {key} || '@example.com'",
                "type": f"'{marker}' || type",
            }.get(column.name, f"'{marker} ' || {key}")
            value = f"ARRAY[{value}]" if isinstance(column.type, ARRAY) else value
            statement = f"UPDATE {table.fullname} SET {column.name} = {value}"  # noqa: S608, our own names
            # What a constraint keeps to a list, or to another table's rows, holds no words of anybody's.
            with suppress(IntegrityError), connection.begin_nested():
                connection.execute(text(statement))
                found[marker] = f"{table.name}.{column.name}"
    return found


def archive_of(engine: Engine) -> bytes:
    """Return the rows of all materialised tables as the archive's files would hold them."""
    with engine.connect() as connection:
        rows = [connection.execute(table.select()).all() for table in TABLES.values()]
    held = [
        parquet.decode(parquet.encode(table, of_table)) for table, of_table in zip(TABLES.values(), rows, strict=True)
    ]
    assert sum(len(of_table) for _, of_table in held) > 5000
    return repr(held).encode()


def below(folder: Path) -> bytes:
    """Return the content of all files below a folder."""
    return b"\n".join(file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file())


def test_nothing_that_people_wrote_leaves_the_school(
    seeded_engine: Engine, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    keep_awake(seeded_engine)
    markers = mark(seeded_engine)
    assert {"students.name", "students.phone", "student_preferences.note", "aircraft.tail_number",
            "availability_exceptions.reason", "downtime.reason", REFERENCES} <= set(markers.values())  # fmt: skip
    storage = tmp_path / "dagster"
    storage.mkdir()
    with OpenAIServer() as server, dg.DagsterInstance.local_temp(str(storage)) as instance:
        settings = settings_for(
            openai_api_key="a-key", openai_base_url=server.url, flightsched_home=tmp_path / "home",
        )  # fmt: skip
        parts = build_definitions(engine=seeded_engine, settings=settings, clock=StoppedClock())

        def run(job: str, **options: object) -> bool:
            definition = parts.resolve_job_def(job)
            return definition.execute_in_process(instance=instance, raise_on_error=False, **options).success  # type: ignore[arg-type]

        assert run("hourly_tick", partition_key=key_of(SEED_HOUR))
        assert run("dispatch")
        case_id, booking_id = cases(seeded_engine)[0]
        keep = {"case_id": case_id, "action": "KEEP", "reason": "FORECAST_IMPROVES"}
        assert run("apply_response", run_config={"ops": {"apply_response_op": {"config": keep}}})
        hold = {"booking": str(booking_id), "reason": "PEOPLE"}
        assert run("hold_booking", run_config={"ops": {"hold_booking_op": {"config": hold}}})
        assert run("send_test", run_config={"ops": {"send_test_email_op": {"config": {"school_id": 1}}}})
        assert run("deliver")
        with seeded_engine.begin() as connection:  # an error whose DETAIL is a row with names
            connection.execute(text("ALTER TABLE school.outbox ADD CHECK (payload = '{}') NOT VALID"))
        case_id, _ = cases(seeded_engine)[0]
        refused = {"case_id": case_id, "action": "ACCEPT", "number": 1}
        assert not run("apply_response", run_config={"ops": {"apply_response_op": {"config": refused}}}), "an error"

    sent = b"\n".join(server.raw_requests)
    assert len(server.raw_requests) > 10
    assert leaked(sent, markers) == set(), "in what the LLM is sent"
    captured = capfd.readouterr()
    logged = (captured.out + captured.err).encode()
    assert b"SQLSTATE 23514" in below(storage), "the error is in Dagster's event log"
    assert leaked(below(storage) + logged, markers) - {REFERENCES} == set(), "in Dagster's database, output and logs"
    assert leaked(archive_of(seeded_engine), markers) & set(PERSONAL) == set(), "in the archive of hours"
    mails = "".join(str(mail) for mail in read_maildir(tmp_path / "home" / "mail"))
    assert "students.name" in leaked(mails.encode(), markers), "the markers are where they belong"


def leaked(data: bytes, markers: dict[str, str]) -> set[str]:
    """The columns whose markers are in some bytes."""
    return {column for found in set(MARKER.findall(data)) for marker, column in markers.items()
            if found.lower().startswith(marker.encode())}  # fmt: skip
