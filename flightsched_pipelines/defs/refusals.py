"""A refusal is one sentence in the Dagster UI: no stack trace around it, and no second try."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg


@contextmanager
def refuse(*errors: type[Exception]) -> Iterator[None]:
    """Fail the step with the sentence of one of these errors; a retry would meet the same."""
    try:
        yield
    except errors as error:
        raise refusal(str(error)) from None


def refusal(sentence: str) -> dg.Failure:
    """Return the failure of a step that may not do what it was asked."""
    return dg.Failure(description=sentence, allow_retries=False)
