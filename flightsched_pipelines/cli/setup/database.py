"""Manage the database's schema, seed and shell: ``flightsched db``."""

import secrets
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.filesize import decimal
from rich.table import Column, Table
from sqlalchemy import Engine, make_url

from flightsched_pipelines.cli.arguments import Hour, Json, parse_hour
from flightsched_pipelines.cli.console import UsageError, Yes, confirm, console, print_json, print_progress
from flightsched_pipelines.cli.setup import psql
from flightsched_pipelines.database import (
    analyst_role,
    backups,
    data_dictionary,
    embedded,
    migrations,
    sizes,
    table_counts,
)
from flightsched_pipelines.database.engine import application_url, connect, dagster_url
from flightsched_pipelines.formatting import plural
from flightsched_pipelines.settings import Settings

LARGEST = 20

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
def status(as_json: Json = False) -> None:
    """Show the database's address, and its schema's revision."""
    settings = Settings()
    engine = connect(settings)
    state = migrations.status(engine)
    if as_json:
        where = {"server": engine.url.render_as_string(), "embedded": settings.database_url is None}
        print_json({**where, "schema": state.current, "newest": state.newest})
        return
    console.print(f"server    {'embedded, ' if settings.database_url is None else ''}{engine.url.render_as_string()}")
    console.print(f"schema    {state.current or 'none'} (newest: {state.newest})")
    if state.is_later:
        console.print("a later version of the platform made it: run that one, or downgrade with it", markup=False)
    elif state.current != state.newest:
        console.print("run `flightsched db upgrade` to upgrade it", markup=False)


@app.command()
def seed(hour: Hour = None) -> None:
    """Fill an empty database with two schools and their bookings, relative to an hour."""
    from flightsched_pipelines.database import seed as seeding  # noqa: PLC0415, the other commands need no pandas

    engine = connect(Settings())
    migrations.require_current(engine)
    seeding.seed(engine, parse_hour(hour))
    console.print("seeded two schools, 60 students, 12 instructors, 15 aircraft and their bookings")


@app.command()
def reset(hour: Hour = None, yes: Yes = False) -> None:
    """Delete everything, and recreate schema and seed."""
    from flightsched_pipelines.database import seed as seeding  # noqa: PLC0415, the other commands need no pandas

    engine = connect(Settings())
    confirm(
        f"{_place(engine)} will lose its data: {table_counts.in_words(table_counts.rows_of(engine))}. Reset it?", yes
    )
    migrations.downgrade(engine, "base")
    migrations.upgrade(engine)
    seeding.seed(engine, parse_hour(hour))
    console.print("schema and seed are recreated")


@app.command("sizes")
def show_sizes(as_json: Json = False) -> None:
    """Show the size of each table of both databases, the largest first, with about how many rows it has."""
    settings = Settings()
    found = sizes.table_sizes(connect(settings), settings)
    if as_json:
        print_json([asdict(one) for one in found])
        return
    table = Table("table", Column("rows", justify="right"), Column("size", justify="right"), box=box.SIMPLE_HEAD)
    for one in found[:LARGEST]:
        table.add_row(f"{one.schema}.{one.name}", f"{one.rows:,}", decimal(one.bytes))
    console.print(table)
    rest = found[LARGEST:]
    if rest:
        console.print(f"and {plural(len(rest), 'smaller table')} of {decimal(sum(one.bytes for one in rest))} together")
    console.print(f"{decimal(sum(one.bytes for one in found))} in all")


@app.command()
def dictionary(as_json: Json = False) -> None:
    """Print the data dictionary as Markdown: every column of every table and view."""
    engine = connect(Settings())
    migrations.require_current(engine)
    columns = data_dictionary.described_columns(engine)
    if as_json:
        print_json([asdict(one) for one in columns])
    else:
        typer.echo(data_dictionary.as_markdown(columns), nl=False)


@app.command()
def backup(
    folder: Annotated[Path, typer.Argument(help="The folder to make.", show_default=False)], as_json: Json = False
) -> None:
    """Dump both databases, the application's and Dagster's, into a new folder."""
    settings = Settings()
    engine = connect(settings)
    migrations.require_current(engine)
    made = backups.back_up(engine, settings, folder, datetime.now(UTC))
    _print_backup(made, f"{folder} holds", as_json=as_json)


@app.command()
def restore(
    folder: Annotated[Path, typer.Argument(help="A folder that `db backup` made.", show_default=False)],
    as_json: Json = False,
) -> None:
    """Restore a backup into databases that hold nothing."""
    settings = Settings()
    restored = backups.restore(connect(settings), settings, folder)
    _print_backup(restored, "restored", as_json=as_json)


def _print_backup(backup: backups.Backup, verb: str, *, as_json: bool) -> None:
    if as_json:
        print_json(asdict(backup))
        return
    counted = table_counts.in_words(backup.rows)
    console.print(f"{verb} {counted}, at schema {backup.schema}, and Dagster's database", soft_wrap=True)


@app.command()
def shell(
    role: Annotated[
        str | None, typer.Option("--as", help=f"Have this role's rights only, such as {analyst_role.ROLE}.")
    ] = None,
    command: Annotated[str | None, typer.Option("--command", "-c", help="Run this SQL, and end.")] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print the rows of --command as CSV.")] = False,
    dagster: Annotated[bool, typer.Option("--dagster", help="Open Dagster's own database.")] = False,
) -> None:
    """Open psql on the database."""
    if role not in {None, analyst_role.ROLE}:
        raise UsageError(f"--as is '{role}'; give {analyst_role.ROLE}, or leave it out")
    if as_csv and command is None:
        raise UsageError("--csv is about the rows of a query; give the query with --command")
    settings = Settings()
    url = application_url(settings)
    if dagster:
        if role is not None:
            raise UsageError(f"role {role} reads the application's database only; leave out --as or --dagster")
        url = make_url(dagster_url(settings)).set(drivername="postgresql").render_as_string(hide_password=False)
    psql.run(url, role=role, command=command, as_csv=as_csv)


@app.command("analyst-password")
def analyst_password() -> None:
    """Give the analysts' role a new password, and print it once with an address to connect to."""
    engine = connect(Settings())
    migrations.require_current(engine)
    password = secrets.token_urlsafe(24)
    analyst_role.set_password(engine, password)
    address = engine.url.set(drivername="postgresql", username=analyst_role.ROLE, password=password)
    console.print(address.render_as_string(hide_password=False), markup=False, soft_wrap=True)
    print_progress("it is stored nowhere; run this again for another")


@app.command()
def stop() -> None:
    """Stop the embedded server; its data stay."""
    settings = Settings()
    if settings.database_url is not None:
        raise UsageError("DATABASE_URL names a server that this command does not manage")
    print_progress("stopped" if embedded.stop(settings.flightsched_home) else "not running")


def _place(engine: Engine) -> str:
    return f"The database '{engine.url.database}' at {engine.url.host}:{engine.url.port}"
