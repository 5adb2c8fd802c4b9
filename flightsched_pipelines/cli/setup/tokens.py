"""Make, list and revoke tokens for the live stream: ``flightsched token``."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich import box
from rich.markup import escape
from rich.table import Table

from flightsched_pipelines.cli.arguments import Json
from flightsched_pipelines.cli.console import console, print_json
from flightsched_pipelines.cli.session import open_session
from flightsched_pipelines.formatting import format_utc
from flightsched_pipelines.services.live import tokens

app = typer.Typer(help="Make, list or revoke tokens for the live stream.", no_args_is_help=True)


@app.command()
def make(
    name: Annotated[str, typer.Argument(help="What the token is for; shown in the list.")],
    school: Annotated[str, typer.Option(help="The school whose events it reads, by its name.")],
    person: Annotated[
        str | None, typer.Option(help="E-mail address of the student or instructor whose events alone it reads.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Make a token, of a school's application or of one person; it is shown this once."""
    _, engine = open_session()
    token_id, token = tokens.make_token(engine, name, school, person, datetime.now(UTC))
    if as_json:
        print_json({"token_id": token_id, "token": token})
        return
    console.print(f"token {token_id}, shown this once:")
    console.print(token, markup=False, soft_wrap=True)


@app.command("list")
def show(as_json: Json = False) -> None:
    """List the tokens, also those that were revoked; none can be shown again."""
    _, engine = open_session()
    found = tokens.list_tokens(engine)
    if as_json:
        print_json([asdict(one) for one in found])
        return
    table = Table("token", "name", "school", "whose events", "made", "revoked", box=box.SIMPLE_HEAD)
    for one in found:
        table.add_row(
            str(one.token_id), escape(one.name), escape(one.school),
            escape(f"{one.role} {one.person}") if one.role else "the school's", format_utc(one.made_at),
            format_utc(one.revoked_at) if one.revoked_at else "",
        )  # fmt: skip
    console.print(table if found else "No tokens yet.")


@app.command()
def revoke(
    token: Annotated[int, typer.Argument(help="The token's number, as `flightsched token list` shows it.")],
) -> None:
    """Revoke a token: nobody can listen with it any more, and open streams end within seconds."""
    _, engine = open_session()
    tokens.revoke_token(engine, token, datetime.now(UTC))
    console.print(f"token {token} is revoked")
