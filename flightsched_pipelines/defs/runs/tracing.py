"""Trace runs with OpenTelemetry: a span for the run, one for each step in it, and in those what clients add.

Spans have the names of jobs, steps and hours, kinds of errors, and the LLM's model and tokens: nothing that a person
entered. Without ``OTLP_ENDPOINT`` there is no trace. A collector that does not answer delays the end of a run by
``FLUSH_SECONDS`` for every 512 spans that wait for it, and fails nothing.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from typing import TYPE_CHECKING

import dagster as dg
from opentelemetry import trace

from flightsched_pipelines.defs.dagster_internals import ExecutionPlan, PlanOrchestrationContext, RetryMode
from flightsched_pipelines.defs.runs.logs import kind_of_error
from flightsched_pipelines.settings import Settings

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

FLUSH_SECONDS = 5

_BEGINS = {dg.DagsterEventType.STEP_START, dg.DagsterEventType.STEP_RESTARTED}
_ENDS = {
    dg.DagsterEventType.STEP_SUCCESS,
    dg.DagsterEventType.STEP_FAILURE,
    dg.DagsterEventType.STEP_UP_FOR_RETRY,
    dg.DagsterEventType.STEP_SKIPPED,
}


def trace_provider(settings: Settings) -> "TracerProvider | None":
    """Return what sends spans to the collector of the settings; ``None`` if there is none."""
    if settings.otlp_endpoint is None:
        return None
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415, off by default
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415, as above
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415, as above
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415, as above

    resource = Resource.create(
        {"service.name": "flightsched_pipelines", "deployment.environment.name": settings.environment}
    )
    provider = TracerProvider(resource=resource)
    exporter = OTLPSpanExporter(f"{settings.otlp_endpoint.rstrip('/')}/v1/traces", timeout=FLUSH_SECONDS)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider


class TracedExecutor(dg.Executor):
    """Executes as another executor does, in one process, and traces the run and its steps."""

    def __init__(self, executor: dg.Executor, provider: "TracerProvider") -> None:
        """Trace what an executor does."""
        self._executor = executor
        self._provider = provider

    @property
    def retries(self) -> RetryMode:
        """As the other executor's."""
        return self._executor.retries

    def execute(
        self, plan_context: PlanOrchestrationContext, execution_plan: ExecutionPlan
    ) -> Iterator[dg.DagsterEvent]:
        """Yield the other executor's events; each step's span is current while it runs."""
        tracer = self._provider.get_tracer("flightsched_pipelines")
        run = plan_context.dagster_run
        facts = {"dagster.run_id": run.run_id, "dagster.partition": run.tags.get("dagster/partition", "")}
        try:
            with _span(tracer, run.job_name, facts) as whole, ExitStack() as step:
                for event in self._executor.execute(plan_context, execution_plan):
                    if event.event_type in _BEGINS:
                        step.enter_context(_span(tracer, str(event.step_key), {}))
                    elif event.event_type in _ENDS:
                        _mark((whole, trace.get_current_span()), event)
                        step.close()
                    yield event
        finally:
            self._provider.force_flush(FLUSH_SECONDS * 1_000)


def _span(tracer: trace.Tracer, name: str, facts: Mapping[str, str]) -> AbstractContextManager[trace.Span]:
    """Return a span that is current inside; of an error that passes through it says nothing."""
    return tracer.start_as_current_span(name, attributes=facts, record_exception=False, set_status_on_exception=False)


def _mark(spans: Iterable[trace.Span], event: dg.DagsterEvent) -> None:
    """Mark a step that failed, and its run, with the kind of the error: its own words may quote a row."""
    if event.is_step_failure:
        for span in spans:
            span.set_attribute("error.type", kind_of_error(event) or "Failure")
            span.set_status(trace.StatusCode.ERROR)
