"""``flightsched portal``: the pages on which people answer, served until Ctrl-C."""

import socket
from typing import Annotated

import typer

from flightsched_pipelines.cli.console import UsageError, console
from flightsched_pipelines.cli.session import open_database
from flightsched_pipelines.portal.server import serve
from flightsched_pipelines.portal.site import Site
from flightsched_pipelines.settings import Settings


def portal(
    port: Annotated[
        int | None, typer.Option(help="Port to listen on; PORTAL_PORT unless given.", min=1, max=65_535)
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
) -> None:
    """Serve the pages on which people answer, and the status page, until Ctrl-C."""
    settings = Settings()
    port = port or settings.portal_port
    _require_free(host, port)
    engine = open_database(settings)
    console.print(f"portal: [link]http://{host}:{port}/status[/link]   (Ctrl-C ends it)")
    serve(Site(engine, settings), host, port)


def _require_free(host: str, port: int) -> None:
    try:
        with socket.create_server((host, port)):
            pass
    except OSError as error:
        raise UsageError(
            f"port {port} of {host} cannot be listened on: {error.strerror}; take another with --port"
        ) from None
