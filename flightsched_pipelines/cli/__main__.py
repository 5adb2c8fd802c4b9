"""The command as ``python -m flightsched_pipelines.cli``, for processes that are started without the script."""

from flightsched_pipelines.cli import main

main()
