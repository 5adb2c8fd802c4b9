"""Manage the database's schema, seed and shell: ``flightsched db``."""

import os
from typing import Annotated

import typer
from sqlalchemy import Engine

from flightsched_pipelines.cli.arguments import Hour, parse_hour
from flightsched_pipelines.cli.console import UsageError, Yes, confirm, console, print_progress
from flightsched_pipelines.database import embedded, migrations, table_counts
from flightsched_pipelines.database import seed as seeding
from flightsched_pipelines.database.engine import application_url, connect
from flightsched_pipelines.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Manage the database: schema, seed, shell.")


@app.command()
def upgrade() -> None:
    """Upgrade the schema, and that of Dagster's own database, to the newest revision."""
    # Imported here, since the other commands do not need Dagster, which takes a second to import.
    from flightsched_pipelines.defs.instance import upgrade_instance  # noqa: PLC0415

    settings = Settings()
    engine = connect(settings)
    left_to_do = migrations.upgrade(engine)
    upgrade_instance(settings)
    console.print(f"schema is at {migrations.status(engine).current}")
    if left_to_do:
        print_progress(left_to_do)


@app.command()
def downgrade(
    revision: Annotated[str, typer.Argument(help="A revision, -1 for one back, or base for none.")], yes: Yes = False
) -> None:
    """Downgrade the schema to a revision; data of later revisions are lost."""
    engine = connect(Settings())
    held = table_counts.in_words(table_counts.rows_of(engine))
    confirm(
        f"{_place(engine)} has {held}. Data of revisions after '{revision}' will be lost. Downgrade?",
        yes,
    )
    migrations.downgrade(engine, revision)
    console.print(f"schema is at {migrations.status(engine).current or 'base (empty)'}")


@app.command()
def status() -> None:
    """Show the database's address, and its schema's revision."""
    settings = Settings()
    engine = connect(settings)
    state = migrations.status(engine)
    console.print(f"server    {'embedded, ' if settings.database_url is None else ''}{engine.url.render_as_string()}")
    console.print(f"schema    {state.current or 'none'} (newest: {state.newest})")
    if state.current != state.newest:
        console.print("run `flightsched db upgrade` to upgrade it", markup=False)


@app.command()
def seed(hour: Hour = None) -> None:
    """Fill an empty database with two schools and their bookings, relative to an hour."""
    engine = connect(Settings())
    migrations.require_current(engine)
    seeding.seed(engine, parse_hour(hour))
    console.print("seeded two schools, 60 students, 12 instructors, 15 aircraft and their bookings")


@app.command()
def reset(hour: Hour = None, yes: Yes = False) -> None:
    """Delete everything, and recreate schema and seed."""
    engine = connect(Settings())
    confirm(
        f"{_place(engine)} will lose its data: {table_counts.in_words(table_counts.rows_of(engine))}. Reset it?", yes
    )
    migrations.downgrade(engine, "base")
    migrations.upgrade(engine)
    seeding.seed(engine, parse_hour(hour))
    console.print("schema and seed are recreated")


@app.command()
def shell() -> None:
    """Open psql on the database."""
    url = application_url(Settings())
    os.execv(embedded.psql(), ["psql", url])  # noqa: S606, our own program and address


@app.command()
def stop() -> None:
    """Stop the embedded server; its data stay."""
    settings = Settings()
    if settings.database_url is not None:
        raise UsageError("DATABASE_URL names a server that this command does not manage")
    print_progress("stopped" if embedded.stop(settings.flightsched_home) else "not running")


def _place(engine: Engine) -> str:
    return f"The database '{engine.url.database}' at {engine.url.host}:{engine.url.port}"
