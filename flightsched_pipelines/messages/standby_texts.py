"""What people on standby are told of a slot that came free: a heading and an opening sentence for each event."""

from collections.abc import Mapping
from types import MappingProxyType

from flightsched_pipelines.messages.models import Event, Notice, Role

_STAYS = "This lesson stays as it is, and on standby."

WORDS: Mapping[tuple[Event, Role], tuple[str, str]] = MappingProxyType(
    {
        ("opened", "student"): (
            "A slot has come free",
            "A slot has come free for this lesson, which is on standby. If you do not take it, nothing changes.",
        ),
        ("expired", "student"): (
            "The free slot goes to the next in line",
            f"The time to answer is over, and the slot goes to the next in line. {_STAYS}",
        ),
        ("cancelled", "student"): (
            "The free slot can no longer be had",
            "The slot that you were offered can no longer be had.",
        ),
        ("changed", "student"): (
            "The free slot is offered no more",
            "The school has changed this lesson since, and the slot is offered for it no more.",
        ),
        ("accepted", "student"): (
            "The free slot is held for you",
            "You took the slot that came free. It is held for you while an instructor is asked to confirm it.",
        ),
        ("accepted", "instructor"): (
            "A free slot to confirm",
            "Your student would fly this lesson in a slot that came free. Please confirm it.",
        ),
        ("withdrawn", "student"): (
            "Your choice is withdrawn",
            "You took your choice back. The slot is held no more; it is offered to you while the time to answer lasts.",
        ),
        ("withdrawn", "instructor"): (
            "The choice is withdrawn",
            "Your student took the choice back. There is nothing to confirm at present.",
        ),
        ("hold_released", "student"): (
            "The slot is held no more",
            f"The slot that came free was not confirmed. {_STAYS}",
        ),
        ("hold_released", "instructor"): (
            "The slot is held no more",
            "The free slot that your student took was not confirmed. There is nothing to confirm at present.",
        ),
        ("reminded", "student"): (
            "Your answer is still wanted",
            "A slot has come free for this lesson, and you have not said whether you take it.",
        ),
        ("reminded", "instructor"): (
            "Your confirmation is still wanted",
            "Your student would fly this lesson in a slot that came free, and waits for you to confirm it.",
        ),
        ("moved", "student"): (
            "Your lesson has moved",
            "This lesson has moved to the slot that came free, and now stands as follows.",
        ),
        ("moved", "instructor"): (
            "A lesson of yours has moved",
            "This lesson has moved to a slot that came free, and now stands as follows.",
        ),
        ("handed_over", "instructor"): (
            "Another instructor has this lesson",
            "This lesson has moved to a slot that came free, with another instructor. Your time is free again.",
        ),
        ("declined", "student"): (
            "The free slot was not confirmed",
            f"Nobody confirmed the slot that you took in time, and it is held no more. {_STAYS}",
        ),
        ("declined", "instructor"): (
            "The slot is held no more",
            "Nobody confirmed the free slot in time. There is nothing to confirm at present.",
        ),
    }
)


def standby_text(notice: Notice) -> dict[str, str]:
    """``heading`` and ``opening`` of a notice about a slot that came free."""
    heading, opening = WORDS[notice.event, notice.role]
    return {"heading": heading, "opening": opening}
