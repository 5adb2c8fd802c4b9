"""Check that the configured LLM is offered and is not about to be shut down, from the server's list of models."""

import re
from collections.abc import Mapping
from datetime import date, timedelta

from flightsched_pipelines.formatting import plural

NOTICE = timedelta(days=60)
"""A shutdown less than this ahead is a fault."""

_SNAPSHOT = re.compile(r"-\d{4}-\d{2}-\d{2}")


def faults_of_model(model: str, shutdown_dates: Mapping[str, date | None], today: date) -> list[str]:
    """Return the faults of a model: that it is not listed, or is shut down within ``NOTICE``; empty if none.

    Args:
        model: the model that is configured.
        shutdown_dates: the models that are listed, with the date on which each is to be shut down, if announced.
        today: the UTC date.
    """
    if model not in shutdown_dates:
        return [f"OPENAI_MODEL {model} is not listed by the server, which has {plural(len(shutdown_dates), 'model')}"]
    ends = shutdown_dates[model] or _end_of_snapshots(model, shutdown_dates)
    if ends is None or ends - today > NOTICE:
        return []
    return [f"OPENAI_MODEL {model} is shut down on {ends:%Y-%m-%d}; set a model that is not scheduled for shutdown"]


def _end_of_snapshots(model: str, shutdown_dates: Mapping[str, date | None]) -> date | None:
    """The last day of the dated snapshots behind a name; ``None`` while one of them has no end."""
    ends = [
        end
        for name, end in shutdown_dates.items()
        if name.startswith(model) and _SNAPSHOT.fullmatch(name.removeprefix(model))
    ]
    announced = [end for end in ends if end is not None]
    return max(announced) if announced and len(announced) == len(ends) else None
