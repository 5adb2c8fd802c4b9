"""``flightsched aws``: Amazon's topics, queues and bucket."""

import typer

from flightsched_pipelines.cli.console import UsageError, console
from flightsched_pipelines.clients.delivery import aws
from flightsched_pipelines.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Amazon's topics, queues and bucket.")


@app.callback()
def _aws() -> None:
    """A command of its own for each task."""


@app.command()
def bootstrap() -> None:
    """Make the topics, the queues and the bucket for logs that are missing."""
    settings = Settings()
    made = aws.bootstrap(
        region_of(settings), settings.aws_endpoint_url, settings.environment, settings.compute_logs_bucket
    )
    console.print(
        f"made: {', '.join(made.created) or 'nothing'}; there already: {', '.join(made.existing) or 'nothing'}"
    )


def region_of(settings: Settings) -> str:
    """The region that Amazon's services are in.

    Raises:
        UsageError: none is set.
    """
    if settings.aws_region is None:
        raise UsageError("AWS_REGION is not set, so Amazon's services are off; set it, such as us-east-1")
    return settings.aws_region
