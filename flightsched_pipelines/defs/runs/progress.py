"""A Dagster logger that tells a listener which step a run is at; the terminal's progress hangs on it."""

import logging
from collections.abc import Callable

import dagster as dg

TOLD = {
    dg.DagsterEventType.STEP_START: "started",
    dg.DagsterEventType.STEP_SUCCESS: "done",
    dg.DagsterEventType.STEP_FAILURE: "failed",
    dg.DagsterEventType.STEP_SKIPPED: "skipped",
}

Listener = Callable[[str, str], None]
"""Called with a step's name and what became of it: started, done, failed or skipped."""


class _ProgressHandler(logging.Handler):
    def __init__(self, listener: Listener) -> None:
        super().__init__()
        self._listener = listener

    def emit(self, record: logging.LogRecord) -> None:
        event = getattr(record, "dagster_event", None) or getattr(record, "dagster_meta", {}).get("dagster_event")
        if event is not None and event.event_type in TOLD and event.step_key:
            self._listener(event.step_key, TOLD[event.event_type])


def progress_logger(listener: Listener) -> dg.LoggerDefinition:
    """A logger that passes on steps as they start and end, and prints nothing."""

    def teller(_: dg.InitLoggerContext) -> logging.Logger:
        logger = logging.Logger("flightsched.progress", logging.DEBUG)
        logger.addHandler(_ProgressHandler(listener))
        return logger

    return dg.LoggerDefinition(teller, description="Tells a listener of each step.")
