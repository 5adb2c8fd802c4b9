"""The process of a run: all steps in it, and how it is tuned. Nothing here happens at import."""

import gc
import warnings
from collections.abc import Generator
from contextlib import contextmanager

import dagster as dg
from opentelemetry import trace

from flightsched_pipelines.defs.runs.tracing import TracedExecutor, trace_provider
from flightsched_pipelines.settings import Settings

GARBAGE_THRESHOLDS = (50_000, 20, 20)


@dg.executor(name="in_process", config_schema=dg.in_process_executor.config_schema.as_field())
def run_executor(context: dg.InitExecutorContext) -> dg.Executor:
    """Run all steps of a run in its own process: four trivial steps take 5 s that way, and 22 s in a process each."""
    tune_process()
    create = dg.in_process_executor.executor_creation_fn
    if create is None:
        raise AssertionError("Dagster's own executor has a function that creates it")
    executor = create(context)
    provider = trace_provider(Settings())
    if provider is None:
        return executor
    trace.set_tracer_provider(provider)
    return TracedExecutor(executor, provider)


def tune_process() -> None:
    """Have the garbage collector leave alone what is loaded, once a process, and look at the rest more seldom.

    Modules stay as long as the process, and the rows of an hour form no cycles: to look through both again and again
    took a quarter of a run's CPU time.
    """
    if not gc.get_freeze_count():
        gc.freeze()
        gc.set_threshold(*GARBAGE_THRESHOLDS)


@contextmanager
def accept_beta() -> Generator[None]:
    """Leave out Dagster's warnings that a parameter is in beta: the version is pinned, and tests use each of them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", category=dg.BetaWarning)
        yield
