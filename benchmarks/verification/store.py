"""Store a day of verified hours, and beside it one row an airport: ``python -m benchmarks.verification.store``."""

import argparse
import time
from datetime import timedelta

import pandas as pd
from sqlalchemy import Column, Engine, MetaData, Table, Text, text

from benchmarks.databases import migrated_database
from benchmarks.measure import machine, markdown
from benchmarks.verification.run import HOUR, world
from flightsched_pipelines.database.frames import write_partition
from flightsched_pipelines.database.schema import PIPELINE_TABLES
from flightsched_pipelines.domain.risk.limits.minimums import default_minimums, in_force
from flightsched_pipelines.domain.verification.events import events
from flightsched_pipelines.domain.verification.pairing import verify_hour

TABLE = PIPELINE_TABLES["forecast_verification"]
VIEW = "SELECT count(*), sum(hits) FROM analytics.forecast_scores"


def main() -> None:
    """Measure, and print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--airports", type=int, default=500)
    airports, runways, forecasts, observed = world(options.parse_args().airports)
    verified = verify_hour(
        HOUR, forecasts, observed, airports, runways, events(in_force(default_minimums(), HOUR.date()))
    )
    an_airport = verified.explode("airports")
    with migrated_database() as (engine, _):
        rows = [_stored("airports that share an outcome", engine, TABLE, verified)]
        began = time.perf_counter()
        with engine.connect() as connection:
            connection.execute(text(VIEW)).one()
        seconds = time.perf_counter() - began
        rows.append(_stored("a row an airport", engine, _plain_table(engine), an_airport))
    print(machine("sqlalchemy", "psycopg"), "\n")
    print(markdown(["stored", "rows a day", "MB a day", "s an hour"], rows))
    print(f"\nThe analysts' view reads a day of it in {seconds:.2f} s.")


def _plain_table(engine: Engine) -> Table:
    """Make a table of the same columns, with one airport a row."""
    columns = [Column(one.name, Text() if one.name == "airports" else one.type, nullable=one.nullable)
               for one in TABLE.columns]  # fmt: skip
    plain = Table("one_row_an_airport", MetaData(), *columns, schema="pipeline")
    plain.create(engine)
    with engine.begin() as connection:
        connection.execute(text(f"CREATE INDEX ON {plain.fullname} (partition_hour, airports)"))
    return plain


def _stored(what: str, engine: Engine, table: Table, verified: pd.DataFrame) -> list[str]:
    """Store the hour 24 times, and return a row of the report."""
    seconds: list[float] = []
    for number in range(24):
        hour = HOUR + timedelta(hours=number + 1)
        began = time.perf_counter()
        write_partition(engine, table, verified.assign(partition_hour=pd.Timestamp(hour)), [hour])
        seconds.append(time.perf_counter() - began)
    with engine.connect() as connection:
        size = connection.execute(text(f"SELECT pg_total_relation_size('{table.fullname}')")).scalar_one()
    return [what, f"{24 * len(verified):,}", f"{size / 1e6:.1f}", f"{sorted(seconds)[12]:.2f}"]


if __name__ == "__main__":
    main()
