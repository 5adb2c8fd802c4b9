"""A year of hours against three days of them: ``python -m benchmarks.year.run [--rows 50000000] [--plans FILE]``.

Two schools run an hour on simulated weather. Its rows are copied to every hour of the three days before, then of the
year; forecasts as for so many airports that the year has ``--rows`` of them; and cases for each hour. Before and after
the copy to the year, the hour is run again and the questions of docs/reference/analytics.md are asked.
"""

import argparse
import re
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import psycopg
from pydantic import SecretStr
from sqlalchemy import Connection, Engine, text

from benchmarks.measure import machine, markdown
from flightsched_pipelines.database import embedded, migrations
from flightsched_pipelines.database.engine import connect
from flightsched_pipelines.database.schema import PIPELINE_TABLES, partitions, school_availability
from flightsched_pipelines.database.seed import seed
from flightsched_pipelines.definitions import build_definitions
from flightsched_pipelines.defs.partitions import key_of
from flightsched_pipelines.settings import Settings

HOUR = datetime(2026, 11, 10, 14, tzinfo=UTC)
DAYS, YEAR = 3, 365
STORED = [school_availability if name == "availability_snapshot" else table for name, table in PIPELINE_TABLES.items()]
"""The tables of which an hour has rows: of availability it only names them."""
REPEATS = 5
CASES_AN_HOUR = 2
CASES = Path(__file__).with_name("cases.sql").read_text()
GUIDE = Path(__file__).parents[2] / "docs" / "reference" / "analytics.md"
QUESTION = re.compile(r"^### (\d\. .+?)$.*?^```sql\n(.+?)^```$", re.MULTILINE | re.DOTALL)

OF_THE_HOUR: Mapping[str, str] = {
    "an hour's forecasts": "SELECT * FROM pipeline.forecasts WHERE partition_hour = :hour",
    "the forecasts of one hour, known two days before": (
        "SELECT * FROM pipeline.forecasts WHERE partition_hour = CAST(:hour AS timestamptz) - interval '48 hours' "
        "AND hour_utc = :hour"
    ),
    "the verdicts of the last 63 hours": (
        "SELECT * FROM pipeline.lesson_verdicts WHERE partition_hour > CAST(:hour AS timestamptz) - interval '63 hours'"
    ),
    "the newest hour of a table": "SELECT max(partition_hour) FROM pipeline.partitions WHERE name = 'forecasts'",
    "the open cases": "SELECT * FROM school.reschedule_cases WHERE state IN ('open', 'proposed', 'student_accepted')",
}
"""Statements of an hour's run, one for each way in which it reads what is stored."""


def main() -> None:
    """Measure, and print the tables; write the plans to a file."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=50_000_000, help="forecasts of a year")
    options.add_argument("--plans", type=Path, help="write the plans of all statements to this file")
    options.add_argument("--folder", type=Path, help="folder for the database: some 20 GB")
    chosen = options.parse_args()
    embedded.SERVER_OPTIONS += " -c fsync=off -c max_wal_size=4GB -c shared_buffers=512MB"
    with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
        home = Path(folder) / "home"
        settings = Settings(flightsched_home=home, weather_source="simulated", database_statement_timeout_seconds=3600)
        embedded.start(home)
        try:
            _measure(connect(settings), settings, chosen.rows, chosen.plans)
        finally:
            embedded.stop(home)


def _measure(engine: Engine, settings: Settings, rows: int, plans: Path | None) -> None:
    migrations.upgrade(engine)
    seed(engine, HOUR)
    _run_hour(engine, settings)
    with engine.connect() as connection:
        per_hour = connection.execute(text("SELECT count(*) FROM pipeline.forecasts")).scalar_one()
    times = max(round(rows / (YEAR * 24) / per_hour), 1)
    began = time.perf_counter()
    _fill(engine, 1, DAYS * 24, times)
    young = _copied(engine, settings)
    _fill(engine, DAYS * 24 + 1, YEAR * 24 - 1, times)
    print(f"filled in {(time.perf_counter() - began) / 60:.0f} minutes", flush=True)
    print(machine("dagster", "sqlalchemy", "psycopg"), "\n")
    print(markdown(["table", "rows", "MB"], _sizes(engine)), "\n")
    # In turns: whatever else the machine does meanwhile slows both.
    hours = [(_run_hour(young, settings), _run_hour(engine, settings)) for _ in range(REPEATS + 1)][1:]
    few, many = _answers(young), _answers(engine)
    print(markdown(["", "three days stored", "a year stored"], [
        ["an hour's run, s", *(f"{statistics.median(one):.2f}" for one in zip(*hours, strict=True))],
        *[[name, f"{seconds:.3f}", f"{many[name]:.3f}"] for name, seconds in few.items()],
    ]))  # fmt: skip
    if plans is not None:
        plans.write_text(_plans(engine))


def _copied(engine: Engine, settings: Settings) -> Engine:
    """Return a copy of the database, which keeps its three days."""
    engine.dispose()
    with psycopg.connect(embedded.url(settings.flightsched_home, "postgres"), autocommit=True) as connection:
        connection.execute("CREATE DATABASE young TEMPLATE flightsched")
    young = embedded.url(settings.flightsched_home, "young")
    return connect(settings.model_copy(update={"database_url": SecretStr(young)}))


def _run_hour(engine: Engine, settings: Settings) -> float:
    job = build_definitions(engine=engine, settings=settings).resolve_job_def("hourly_tick")
    with dg.DagsterInstance.ephemeral() as instance:
        began = time.perf_counter()
        if not job.execute_in_process(instance=instance, partition_key=key_of(HOUR)).success:
            raise SystemExit("the hour failed")
        return time.perf_counter() - began


def _fill(engine: Engine, first: int, last: int, times: int) -> None:
    """Copy the hour's rows to each hour from so many hours before it to so many, day by day, and open cases."""
    for day in range(last, first - 1, -24):
        with engine.begin() as connection:
            for table in (*STORED, partitions):
                names = ", ".join(f'"{column.name}"' for column in table.columns if column.name != "partition_hour")
                copies = times if table.name == "forecasts" else 1
                values = (
                    names.replace('"airport"', "CASE k WHEN 1 THEN airport ELSE airport || k END")
                    if copies > 1
                    else names
                )
                connection.execute(
                    text(
                        f"INSERT INTO {table.fullname} (partition_hour, {names}) "  # noqa: S608, our own names
                        f"SELECT CAST(:hour AS timestamptz) - n * interval '1 hour', {values} FROM {table.fullname}, "
                        "generate_series(:last, :first, -1) AS n, generate_series(1, :copies) AS k "
                        "WHERE partition_hour = :hour"
                    ),
                    {"hour": HOUR, "last": day, "first": max(day - 23, first), "copies": copies},
                )
            for ago in range(day, max(day - 23, first) - 1, -1):
                _open_cases(connection, HOUR - timedelta(hours=ago), ago)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))


def _open_cases(connection: Connection, hour: datetime, ago: int) -> None:
    """Store cases of an hour that ended, each of a lesson of its own, with its breach and its steps."""
    given = {"hour": hour, "count": CASES_AN_HOUR, "ago": ago}
    for statement in CASES.split(";\n"):
        connection.execute(text(statement), given)


def _answers(engine: Engine) -> dict[str, float]:
    """Return the median seconds of each question."""
    found: dict[str, float] = {}
    for title, question in _questions():
        taken: list[float] = []
        for _ in range(REPEATS):
            with engine.connect() as connection:
                began = time.perf_counter()
                connection.execute(text(question)).all()
                taken.append(time.perf_counter() - began)
        found[title] = statistics.median(taken)
    return found


def _questions() -> Sequence[tuple[str, str]]:
    return QUESTION.findall(GUIDE.read_text())


def _sizes(engine: Engine) -> list[list[str]]:
    query = text(
        "SELECT s.relname, s.n_live_tup, pg_total_relation_size(s.relid) / 1e6 AS mb FROM pg_stat_user_tables AS s "
        "WHERE s.n_live_tup > 100000 OR s.relname = 'reschedule_cases' ORDER BY mb DESC"
    )
    with engine.connect() as connection:
        return [[row.relname, f"{row.n_live_tup:,}", f"{row.mb:,.0f}"] for row in connection.execute(query)]


def _plans(engine: Engine) -> str:
    """Return every statement's plan as Markdown, as it ran."""
    lines = ["# Plans of a year of hours", "", f"`python -m benchmarks.year.run`, {datetime.now(UTC):%Y-%m-%d}.", ""]
    with engine.connect() as connection:
        for title, statement in (*_questions(), *OF_THE_HOUR.items()):
            given = {"hour": HOUR} if ":hour" in statement else {}
            plan = connection.execute(text(f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) {statement}"), given).scalars()
            lines += [f"## {title}", "", "```", *plan, "```", ""]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
