"""A refusal is one sentence in the Dagster UI: no stack trace around it, and no second try."""

from collections.abc import Generator
from contextlib import contextmanager

import dagster as dg
from dagster_shared.error import SerializableErrorInfo

from flightsched_pipelines.defs.dagster_internals import DagsterUserCodeProcessError


class RefusalError(dg.Failure, DagsterUserCodeProcessError):
    """A step may not do what it was asked; the message is one sentence for the person who asked.

    Dagster records where any other failure was raised; of this kind it takes the record that the error brings along.
    """

    def __init__(self, sentence: str) -> None:
        Exception.__init__(self, sentence)  # the parents' own would each call the other's
        self.description, self.metadata, self.allow_retries = sentence, {}, False
        self.user_code_process_error_infos = [SerializableErrorInfo(sentence, stack=[], cls_name="Refusal")]


@contextmanager
def refuse(*errors: type[Exception]) -> Generator[None]:
    """Fail the step with the sentence of one of these errors; a retry would meet the same.

    Raises:
        RefusalError: one of them was raised.
    """
    try:
        yield
    except errors as error:
        raise RefusalError(str(error)) from None
