"""Text for a student or instructor about the lessons of tomorrow."""

from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType

from flightsched_pipelines.domain.cases.evening_before import LessonStanding as Standing
from flightsched_pipelines.domain.risk.breach_text import breach_sentence
from flightsched_pipelines.formatting import format_day, format_time, plural
from flightsched_pipelines.messages.models import EveningBefore, EveningLine

UNCERTAIN = frozenset({Standing.BEYOND_REACH, Standing.FORECAST_MISSING, Standing.NOT_ASSESSED})

_SENTENCES: Mapping[Standing, str] = MappingProxyType(
    {
        Standing.STANDS: "It stands as booked: the forecast is above the school's minimums.",
        Standing.WARNED: "It stands as booked, with a warning.",
        Standing.NOT_FLOWN: "It stands as booked: it does not fly, whatever the weather.",
        Standing.BEYOND_REACH: "It is uncertain: the forecast does not reach it yet.",
        Standing.FORECAST_MISSING: "It is uncertain: the forecast is missing, or cannot be read whole.",
        Standing.NOT_ASSESSED: "It is uncertain: it was not compared with a recent forecast.",
        Standing.BELOW: "It is below the school's minimums.",
        Standing.ON_HOLD: "It is on weather hold.",
    }
)


def standing_sentences(line: EveningLine) -> str:
    """Return how a lesson stands and why; for one that the forecast does not reach, when that will be known."""
    words = _SENTENCES[line.standing]
    if line.standing is Standing.BEYOND_REACH and line.known_by_utc is not None:
        words += f" A forecast should reach it by {format_time(line.known_by_utc, line.lesson.time_zone)}."
    if line.standing in {Standing.WARNED, Standing.BELOW} and line.breaches:
        words += f" {breach_sentence(line.breaches[0], line.lesson.time_zone)}"
    if line.standing in {Standing.STANDS, Standing.WARNED, Standing.BELOW} and line.uncertainty:
        words += f" {line.uncertainty}"
    return words


def title(evening: EveningBefore) -> str:
    """Return what the message is about: "2 lessons tomorrow, Wed 11 Nov: 1 below the school's minimums"."""
    counts = Counter(_group(line.standing) for line in evening.lines)
    groups = ("below the school's minimums", "on weather hold", "uncertain", "as booked")
    told = ", ".join(f"{counts[group]} {group}" for group in groups if counts[group])
    return f"{plural(len(evening.lines), 'lesson')} tomorrow, {format_day(evening.day)}: {told}"


def _group(standing: Standing) -> str:
    if standing is Standing.BELOW:
        return "below the school's minimums"
    if standing is Standing.ON_HOLD:
        return "on weather hold"
    return "uncertain" if standing in UNCERTAIN else "as booked"
