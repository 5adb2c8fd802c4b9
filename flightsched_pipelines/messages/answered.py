"""What people are told of answers: a heading and an opening sentence for each event and reader."""

from collections.abc import Mapping
from types import MappingProxyType

from flightsched_pipelines.messages.facts import Event, Notice, Role

_WORDS: Mapping[tuple[Event, Role], tuple[str, str]] = MappingProxyType(
    {
        ("accepted", "student"): (
            "Your choice is held",
            "you chose another time for this lesson. It is held for you while an instructor is asked to confirm it.",
        ),
        ("accepted", "instructor"): (
            "A new time to confirm",
            "your student chose another time for this lesson, which is below the school's minimums. Please confirm it.",
        ),
        ("withdrawn", "student"): (
            "Your choice is withdrawn",
            "you took your choice back. The slot is held no more, and the alternatives are open again.",
        ),
        ("withdrawn", "instructor"): (
            "The choice is withdrawn",
            "your student took the choice back. There is nothing to confirm at present.",
        ),
        ("hold_released", "student"): (
            "The slot is held no more",
            "the time that you chose was not confirmed. The lesson stays on weather hold.",
        ),
        ("hold_released", "instructor"): (
            "The slot is held no more",
            "the time that your student chose was not confirmed. There is nothing to confirm at present.",
        ),
        ("reminded", "student"): (
            "Your answer is still wanted",
            "this lesson is below the school's minimums, and you have not chosen another time yet.",
        ),
        ("reminded", "instructor"): (
            "Your confirmation is still wanted",
            "your student chose another time for this lesson, and waits for you to confirm it.",
        ),
        ("moved", "student"): (
            "Your lesson has moved",
            "this lesson has moved because of the weather, and now stands as follows.",
        ),
        ("moved", "instructor"): (
            "A lesson of yours has moved",
            "this lesson has moved because of the weather, and now stands as follows.",
        ),
        ("handed_over", "student"): (
            "Another instructor has this lesson",
            "this lesson has moved because of the weather, and another instructor has it now.",
        ),
        ("handed_over", "instructor"): (
            "Another instructor has this lesson",
            "this lesson has moved because of the weather, and another instructor has it now. Your time is free again.",
        ),
        ("kept", "student"): (
            "Your lesson stays as booked",
            "your instructor keeps this lesson as booked, though the forecast is below the school's minimums.",
        ),
        ("kept", "instructor"): (
            "The lesson stays as booked",
            "this lesson stays as booked, below the school's minimums as it is. The override is on record.",
        ),
        ("declined", "student"): (
            "A dispatcher takes over",
            "the question about this lesson has ended without a new time. A dispatcher will be in touch.",
        ),
        ("declined", "instructor"): (
            "A dispatcher takes over",
            "the question about this lesson has ended without a new time. A dispatcher will be in touch.",
        ),
    }
)


def words_for(notice: Notice) -> dict[str, str]:
    """``heading`` and ``opening`` of a notice about an answer."""
    heading, opening = _WORDS[notice.event, notice.role]
    return {"heading": heading, "opening": opening}
