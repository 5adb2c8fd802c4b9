"""The report's sections on forecasts that were verified."""

from collections.abc import Iterator, Sequence

from flightsched_pipelines.domain.verification.intervals import wilson
from flightsched_pipelines.domain.verification.national_marks import SENTENCE
from flightsched_pipelines.domain.verification.scores import Score
from flightsched_pipelines.domain.verification.suggestions import SchoolSuggestions
from flightsched_pipelines.domain.verification.track_record import LEAST_CASES
from flightsched_pipelines.formatting import plural
from flightsched_pipelines.reporting.sections import Section, Table
from flightsched_pipelines.reporting.verification.diagrams import performance_diagram, reliability_diagram
from flightsched_pipelines.reporting.verification.models import ForecastRecord

SUGGESTED = ("school", "source", "event", "finding", "would have avoided", "would have added", "gain", "advice")


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


def suggestions(record: ForecastRecord) -> Section:
    """Return what schools may change, with what each change would have cost and saved."""
    told = [row for of_school in record.suggestions for row in _suggested(of_school)]
    return Section(
        "suggestions",
        "What the record suggests",
        f"Of the last {record.days} days, 6 hours ahead, at each school's airports: from which probability on acting "
        "on TEMPO and PROB pays (thunderstorms are acted on already), and sources that forecast an event too often or "
        "too seldom. Nothing is applied; `flightsched suggestions` shows all of it.",
        None,
        f"{plural(len(told), 'suggestion')}; the table has the counts."
        if told
        else f"Nothing is certain yet; below {LEAST_CASES} cases nothing is said.",
        Table(SUGGESTED, told),
    )


def _suggested(of: SchoolSuggestions) -> Iterator[Sequence[str]]:
    for one in of.thresholds:
        yield (
            of.school, one.source, one.event,
            f"from {one.least_percent} %: came true {_count(one.came_true, one.cases)}",
            plural(one.missed_avoided, "missed move"), plural(one.needless_added, "needless move"), f"{one.gain:+.4g}",
            one.advice,
        )  # fmt: skip
    for one in of.biases:
        yield (
            of.school, one.source, f"{one.event} at {one.airport}",
            f"bias {one.bias_words}, {one.forecast} forecast, {one.observed} observed",
            plural(one.needless_avoided, "needless move"), plural(one.missed_added, "missed move"), f"{one.gain:+.4g}",
            one.advice,
        )  # fmt: skip


def _share(score: Score) -> str:
    return f"{score.value or 0:.2f} ({score.low:.2f} to {score.high:.2f}, of {score.cases:,})"


def _count(came_true: int, cases: int) -> str:
    low, high = wilson(came_true, cases)
    return f"{came_true:,} of {cases:,} ({low:.0%} to {high:.0%})".replace("%", " %")
