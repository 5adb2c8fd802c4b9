"""Take steps that do not depend on each other: an error of one keeps none of the others from being taken."""

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager

from flightsched_pipelines.database.faults import is_lost

Step = Callable[[], AbstractContextManager[None]]


@contextmanager
def independent_steps() -> Generator[Step]:
    """Take each step within ``with step():``, and raise the first error when all were taken.

    Without the database nothing can be done: a lost connection ends the steps at once.
    """
    failed: list[Exception] = []

    @contextmanager
    def step() -> Generator[None]:
        try:
            yield
        except Exception as error:
            if is_lost(error):
                raise
            failed.append(error)

    yield step
    if failed:
        first, *others = failed
        for other in others:
            first.add_note(f"another step failed too: {type(other).__name__}")
        raise first
