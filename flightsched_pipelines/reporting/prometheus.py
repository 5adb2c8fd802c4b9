"""Write figures in Prometheus' text format: gauges with names, help and labels, and no person in any of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flightsched_pipelines.reporting.metrics import METRICS

PREFIX = "flightsched"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Gauge:
    """A figure with its samples: a value by the value of one label, or a single one without."""

    name: str
    meaning: str
    samples: Mapping[str, float]
    label: str = ""


def gauges_of_hour(values: Mapping[str, float]) -> list[Gauge]:
    """Return the metrics of an hour's report as gauges; a flow is the hour's count."""
    return [Gauge(key, metric.meaning, {"": values[key]}) for key, metric in METRICS.items() if key in values]


def gauge_of_time(name: str, meaning: str, at_utc: datetime | None) -> list[Gauge]:
    """Return a moment as seconds since 1970; none if it never was."""
    return [] if at_utc is None else [Gauge(f"{name}_timestamp_seconds", meaning, {"": at_utc.timestamp()})]


def exposition(gauges: Sequence[Gauge], environment: str) -> str:
    """Return the page that Prometheus reads."""
    return "\n".join(line for gauge in gauges for line in _lines(gauge, environment)) + "\n"


def _lines(gauge: Gauge, environment: str) -> Iterator[str]:
    name = f"{PREFIX}_{gauge.name}"
    yield f"# HELP {name} {_escaped(gauge.meaning)}"
    yield f"# TYPE {name} gauge"
    for value_of_label, number in gauge.samples.items():
        own = f',{gauge.label}="{_escaped(value_of_label)}"' if gauge.label else ""
        yield f'{name}{{environment="{_escaped(environment)}"{own}}} {float(number)!r}'


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
