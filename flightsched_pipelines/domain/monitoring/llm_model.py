"""Whether the LLM's model is offered, and stays so for a while: the server's list of models, compared with a date."""

import re
from collections.abc import Mapping
from datetime import date, timedelta

NOTICE = timedelta(days=60)
"""A shutdown that is nearer than this is told."""

_SNAPSHOT = re.compile(r"-\d{4}-\d{2}-\d{2}")


def faults_of_model(model: str, shutdown_dates: Mapping[str, date | None], today: date) -> list[str]:
    """Return what is wrong with a model: that it is not listed, or is shut down within ``NOTICE``; empty if nothing.

    Args:
        model: the model that is configured.
        shutdown_dates: the models that are listed, with the date on which each is to be shut down, if announced.
        today: the UTC date.
    """
    if model not in shutdown_dates:
        return [f"OPENAI_MODEL {model} is not among the {len(shutdown_dates)} models that the server lists"]
    ends = shutdown_dates[model] or _end_of_snapshots(model, shutdown_dates)
    if ends is None or ends - today > NOTICE:
        return []
    return [f"OPENAI_MODEL {model} is shut down on {ends:%Y-%m-%d}; set a model that stays"]


def _end_of_snapshots(model: str, shutdown_dates: Mapping[str, date | None]) -> date | None:
    """The last day of the dated snapshots that a name stands for; ``None`` while one of them stays."""
    ends = [
        end
        for name, end in shutdown_dates.items()
        if name.startswith(model) and _SNAPSHOT.fullmatch(name.removeprefix(model))
    ]
    announced = [end for end in ends if end is not None]
    return max(announced) if announced and len(announced) == len(ends) else None
