"""Manage Amazon's topics, queues and bucket: ``flightsched aws``."""

import typer

from flightsched_pipelines.cli.console import UsageError, console
from flightsched_pipelines.clients.delivery import aws
from flightsched_pipelines.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Manage Amazon's topics, queues and bucket.")


@app.callback()
def _aws() -> None:
    """Manage Amazon's topics, queues and bucket."""


@app.command()
def bootstrap() -> None:
    """Create missing topics, queues and the bucket for logs."""
    settings = Settings()
    made = aws.bootstrap(
        region_of(settings), settings.aws_endpoint_url, settings.environment, settings.compute_logs_bucket
    )
    console.print(f"created: {', '.join(made.created) or 'nothing'}; existing: {', '.join(made.existing) or 'nothing'}")


def region_of(settings: Settings) -> str:
    """Return the region of Amazon's services.

    Raises:
        UsageError: none is set.
    """
    if settings.aws_region is None:
        raise UsageError("AWS_REGION is not set, so Amazon's services are off; set it, such as us-east-1")
    return settings.aws_region
