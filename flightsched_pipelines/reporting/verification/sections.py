"""The report's sections on forecasts that were verified."""

from flightsched_pipelines.domain.verification.intervals import wilson
from flightsched_pipelines.domain.verification.national_marks import SENTENCE
from flightsched_pipelines.domain.verification.scores import Score
from flightsched_pipelines.domain.verification.track_record import LEAST_CASES
from flightsched_pipelines.reporting.sections import Section, Table
from flightsched_pipelines.reporting.verification.diagrams import performance_diagram, reliability_diagram
from flightsched_pipelines.reporting.verification.models import ForecastRecord


def performance(record: ForecastRecord) -> Section:
    """Return what became of forecast events, beside the national marks."""
    told = [
        (one.source, one.event, f"{one.lead_hours} h", _share(one.scores.pod), _share(one.scores.far),
         f"{one.scores.csi.value or 0:.2f}", "" if one.scores.bias is None else f"{one.scores.bias:.2f}")
        for one in record.skills
    ]  # fmt: skip
    return Section(
        "performance",
        "Forecasts against METARs",
        f"Prevailing forecasts of the last {record.days} days at all airports, from the shortest lead to the longest. "
        f"Up and right is better; curves join equal CSI, dashed lines equal bias. {SENTENCE}",
        performance_diagram(record.skills, record.days) if record.skills else None,
        f"No source has forecast {LEAST_CASES} events and seen {LEAST_CASES} observed within {record.days} days yet.",
        Table(("source", "event", "lead", "POD", "FAR", "CSI", "bias"), told),
    )


def reliability(record: ForecastRecord) -> Section:
    """Return how often probabilities came true."""
    told = [
        (one.source, one.event, f"{point.percent} %", _count(point.came_true, point.cases))
        for one in record.reliabilities
        for point in one.bins
    ]
    return Section(
        "reliability",
        "Reliability of probabilities",
        "How often what was forecast with a probability was observed: a prevailing group counts as 100 %, TEMPO as "
        "50 %, PROB as its own. On the dashed diagonal a probability comes true as often as it says; the level line is "
        "the share of all hours; upright lines are intervals at 95 %.",
        reliability_diagram(record.reliabilities, record.days) if record.reliabilities else None,
        f"No probability was forecast {LEAST_CASES} times within {record.days} days yet.",
        Table(("source", "event", "probability", "came true"), told),
    )


def _share(score: Score) -> str:
    return f"{score.value or 0:.2f} ({score.low:.2f} to {score.high:.2f}, of {score.cases:,})"


def _count(came_true: int, cases: int) -> str:
    low, high = wilson(came_true, cases)
    return f"{came_true:,} of {cases:,} ({low:.0%} to {high:.0%})".replace("%", " %")
