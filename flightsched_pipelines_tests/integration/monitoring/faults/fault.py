"""A fault of the platform, made to happen for real, and fixed.

A fault is a generator: before its ``yield`` something breaks and the platform's jobs meet it, after it the fault is
fixed and they run again. ``fails`` are the checks that must fail meanwhile. If a check looks back over hours, these
pass by moving the rows that it reads back in time.
"""

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import dagster as dg
from sqlalchemy import text

from flightsched_pipelines_tests.conftest import keep_awake
from flightsched_pipelines_tests.integration.monitoring.builders import TurnedClock, Watch

Happening = Callable[[Watch], Generator[None]]


@dataclass(frozen=True)
class Fault:
    """A fault: its name, how it happens and is fixed, and the checks that must fail meanwhile."""

    name: str
    happens: Callable[[Watch], AbstractContextManager[None]]
    fails: frozenset[str]


FAULTS: dict[str, Fault] = {}
"""Every fault by its name."""


def fault(name: str, *fails: str) -> Callable[[Happening], Happening]:
    """Add a generator to the faults."""

    def add(happening: Happening) -> Happening:
        FAULTS[name] = Fault(name, contextmanager(happening), frozenset(fails))
        return happening

    return add


def do(watch: Watch, *statements: str) -> None:
    """Change rows."""
    with watch.engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def run_hour(watch: Watch) -> dg.ExecuteInProcessResult:
    """Run the running hour."""
    return watch.run("hourly_tick", watch.hour)


def rank(watch: Watch) -> dg.ExecuteInProcessResult:
    """Run the last step of the running hour, the one that asks the LLM; the others' rows are there."""
    return watch.run("hourly_tick", watch.hour, ["reschedule_proposals"])


def dispatch(watch: Watch, minutes_ago: float) -> None:
    """Dispatch the hour, some minutes ago."""
    keep_awake(watch.engine)
    run_at(watch, "dispatch", -minutes_ago)


def run_at(watch: Watch, job: str, minutes: float) -> None:
    """Run a job some minutes after the present."""
    watch.clock = TurnedClock(minutes=minutes)
    assert watch.run(job).success
    watch.clock = TurnedClock()
