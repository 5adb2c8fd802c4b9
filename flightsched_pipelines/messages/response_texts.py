"""What people are told of answers: a heading and an opening sentence for each event and reader."""

from collections.abc import Mapping
from types import MappingProxyType

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
            "You took your choice back. The slot is held no more, and the alternatives are open again.",
        ),
        ("withdrawn", "instructor"): (
            "The choice is withdrawn",
            "Your student took the choice back. There is nothing to confirm at present.",
        ),
        ("hold_released", "student"): (
            "The slot is held no more",
            "The time that you chose was not confirmed. The lesson stays on weather hold.",
        ),
        ("hold_released", "instructor"): (
            "The slot is held no more",
            "The time that your student chose was not confirmed. There is nothing to confirm at present.",
        ),
        ("reminded", "student"): (
            "Your answer is still wanted",
            "This lesson is below the school's minimums, and you have not chosen another time yet.",
        ),
        ("reminded", "instructor"): (
            "Your confirmation is still wanted",
            "Your student chose another time for this lesson, and waits for you to confirm it.",
        ),
        ("moved", "student"): (
            "Your lesson has moved",
            "This lesson has moved because of the weather, and now stands as follows.",
        ),
        ("moved", "instructor"): (
            "A lesson of yours has moved",
            "This lesson has moved because of the weather, and now stands as follows.",
        ),
        ("handed_over", "student"): (
            "Another instructor has this lesson",
            "This lesson has moved because of the weather, and another instructor has it now.",
        ),
        ("handed_over", "instructor"): (
            "Another instructor has this lesson",
            "This lesson has moved because of the weather, and another instructor has it now. Your time is free again.",
        ),
        ("kept", "student"): (
            "Your lesson stays as booked",
            "Your instructor keeps this lesson as booked, though the forecast is below the school's minimums.",
        ),
        ("kept", "instructor"): (
            "The lesson stays as booked",
            "This lesson stays as booked, below the school's minimums as it is. The override is on record.",
        ),
        ("declined", "student"): (
            "A dispatcher takes over",
            "The question about this lesson has ended without a new time. A dispatcher will be in touch.",
        ),
        ("declined", "instructor"): (
            "A dispatcher takes over",
            "The question about this lesson has ended without a new time. A dispatcher will be in touch.",
        ),
    }
)


def response_text(notice: Notice) -> dict[str, str]:
    """``heading`` and ``opening`` of a notice about an answer."""
    heading, opening = _WORDS[notice.event, notice.role]
    return {"heading": heading, "opening": opening}
