"""Text about responses: a heading and an opening sentence for each event and reader."""

from collections.abc import Mapping
from types import MappingProxyType

from flightsched_pipelines.messages.headlines import FORMS, form_of
from flightsched_pipelines.messages.models import Event, Notice, Role

_WORDS: Mapping[tuple[Event, Role], tuple[str, str]] = MappingProxyType(
    {
        ("accepted", "student"): (
            "Your choice is held",
            "You chose another time for this lesson. It is held for you while an instructor is asked to confirm it.",
        ),
        ("accepted", "instructor"): (
            "A new time to confirm",
            "The forecast for this time is below the school's minimums; your student chose another. Please confirm it.",
        ),
        ("withdrawn", "student"): (
            "Your choice is withdrawn",
            "You withdrew your choice. The slot is released, and the alternatives are open again.",
        ),
        ("withdrawn", "instructor"): (
            "The choice is withdrawn",
            "Your student withdrew the choice. There is nothing to confirm at present.",
        ),
        ("hold_released", "student"): (
            "Your chosen time was released",
            "The time that you chose was not confirmed. The lesson stays on weather hold.",
        ),
        ("hold_released", "instructor"): (
            "The chosen time was released",
            "The time that your student chose was not confirmed. There is nothing to confirm at present.",
        ),
        ("reminded", "student"): (
            "Please answer",
            "This lesson is below the school's minimums, and you have not chosen another time yet.",
        ),
        ("reminded", "instructor"): (
            "Please confirm",
            "Your student chose another time for this lesson. Please confirm it.",
        ),
        ("moved", "student"): (
            "Your lesson has been moved",
            "Your lesson has been moved because of the weather. New time:",
        ),
        ("moved", "instructor"): (
            "Your lesson has been moved",
            "Your lesson has been moved because of the weather. New time:",
        ),
        ("handed_over", "student"): (
            "Another instructor has this lesson",
            "This lesson was moved because of the weather, and another instructor teaches it.",
        ),
        ("handed_over", "instructor"): (
            "Another instructor has this lesson",
            "This lesson was moved because of the weather, and another instructor teaches it. Your time is free again.",
        ),
        ("kept", "student"): (
            "Your lesson stays as booked",
            "Your instructor keeps this lesson as booked, though the forecast is below the school's minimums.",
        ),
        ("kept", "instructor"): (
            "The lesson stays as booked",
            "This lesson stays as booked, although it is below the school's minimums. The override is recorded.",
        ),
        ("declined", "student"): (
            "A dispatcher takes over",
            "No new time was found for this lesson. A dispatcher will be in touch.",
        ),
        ("declined", "instructor"): (
            "A dispatcher takes over",
            "No new time was found for this lesson. A dispatcher will be in touch.",
        ),
    }
)


_KEPT: Mapping[tuple[Event, Role], tuple[str, str]] = MappingProxyType(
    {
        ("accepted", "student"): (
            "Your choice is held",
            "You chose to keep this time as a {form}. It is held for you while your instructor is asked to confirm it.",
        ),
        ("accepted", "instructor"): (
            "A {form} to confirm",
            "The forecast is below the school's minimums; your student would have a {form} instead. Please confirm it.",
        ),
        ("reminded", "instructor"): (
            "Please confirm",
            "Your student would keep the time of this lesson as a {form}. Please confirm it.",
        ),
        ("moved", "student"): (
            "Your lesson is a {form} now",
            "Your lesson keeps its time as a {form}, because of the weather:",
        ),
        ("moved", "instructor"): (
            "Your lesson is a {form} now",
            "Your lesson keeps its time as a {form}, because of the weather:",
        ),
    }
)
"""The words where the lesson keeps its time without flying, and they differ."""


def response_text(notice: Notice) -> dict[str, str]:
    """Return ``heading`` and ``opening`` of a notice about a response."""
    form = form_of(notice)
    kept = None if form == "flight" else _KEPT.get((notice.event, notice.role))
    words = kept or _WORDS[notice.event, notice.role]
    heading, opening = (part.format(form=FORMS[form]) for part in words)
    return {"heading": heading, "opening": opening}
