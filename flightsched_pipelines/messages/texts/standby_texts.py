"""Text about freed slots for people on standby: a heading and an opening sentence for each event."""

from collections.abc import Mapping
from types import MappingProxyType

from flightsched_pipelines.messages.models import Event, Notice, Role

_STAYS = "This lesson stays as it is, and on standby."

WORDS: Mapping[tuple[Event, Role], tuple[str, str]] = MappingProxyType(
    {
        ("opened", "student"): (
            "A slot is available",
            "A slot is available for this lesson, which is on standby. If you do not take it, nothing changes.",
        ),
        ("expired", "student"): (
            "The free slot goes to the next in line",
            f"The time to answer is over, and the slot goes to the next in line. {_STAYS}",
        ),
        ("cancelled", "student"): (
            "The free slot is no longer available",
            "The slot that you were offered is no longer available.",
        ),
        ("changed", "student"): (
            "The free slot is no longer offered",
            "The school has changed this lesson since, and the slot is no longer offered for it.",
        ),
        ("accepted", "student"): (
            "The free slot is held for you",
            "You took the free slot. It is held for you while an instructor is asked to confirm it.",
        ),
        ("accepted", "instructor"): (
            "A free slot to confirm",
            "Your student would fly this lesson in a free slot. Please confirm it.",
        ),
        ("withdrawn", "student"): (
            "Your choice is withdrawn",
            "You withdrew your choice. The slot is released; you can still take it until the deadline.",
        ),
        ("withdrawn", "instructor"): (
            "The choice is withdrawn",
            "Your student withdrew the choice. There is nothing to confirm at present.",
        ),
        ("hold_released", "student"): (
            "The slot was released",
            f"The free slot was not confirmed. {_STAYS}",
        ),
        ("hold_released", "instructor"): (
            "The slot was released",
            "The free slot that your student took was not confirmed. There is nothing to confirm at present.",
        ),
        ("reminded", "student"): (
            "Please answer",
            "A slot is available for this lesson, and you have not answered yet.",
        ),
        ("reminded", "instructor"): (
            "Please confirm",
            "Your student would fly this lesson in a free slot. Please confirm it.",
        ),
        ("moved", "student"): (
            "Your lesson has been moved",
            "Your lesson has been moved to the free slot. New time:",
        ),
        ("moved", "instructor"): (
            "Your lesson has been moved",
            "Your lesson has been moved to a free slot. New time:",
        ),
        ("handed_over", "instructor"): (
            "Another instructor has this lesson",
            "This lesson has been moved to a free slot, with another instructor. Your time is free again.",
        ),
        ("declined", "student"): (
            "The free slot was not confirmed",
            f"The slot that you took was not confirmed in time, and was released. {_STAYS}",
        ),
        ("declined", "instructor"): (
            "The slot was released",
            "The free slot was not confirmed in time. There is nothing to confirm at present.",
        ),
    }
)

GIVEN_AWAY = (
    "The free slot is no longer offered",
    "The school has given this lesson to another student, and the slot is no longer offered for it.",
)


def standby_text(notice: Notice) -> dict[str, str]:
    """Return ``heading`` and ``opening`` of a notice about a freed slot."""
    heading, opening = GIVEN_AWAY if notice.given_away else WORDS[notice.event, notice.role]
    return {"heading": heading, "opening": opening}
