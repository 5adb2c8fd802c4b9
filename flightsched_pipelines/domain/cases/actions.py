"""The actions that can be taken in a case, and the role that may take each."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Literal, get_args

PersonRole = Literal["student", "instructor"]
Role = Literal[PersonRole, "dispatcher", "platform"]


class Action(StrEnum):
    """An action in a case; the clock takes the last two: releasing a hold that ended, and sending a reminder."""

    ACCEPT = "accept"
    NONE_SUIT = "none_suit"
    WITHDRAW = "withdraw"
    CONFIRM = "confirm"
    DECLINE = "decline"
    KEEP = "keep"
    CANCEL = "cancel"
    LAPSE = "lapse"
    REMIND = "remind"


ROLE_OF: Mapping[Action, Role] = MappingProxyType(
    {
        Action.ACCEPT: "student",
        Action.NONE_SUIT: "student",
        Action.WITHDRAW: "student",
        Action.CONFIRM: "instructor",
        Action.DECLINE: "instructor",
        Action.KEEP: "instructor",
        Action.CANCEL: "dispatcher",
        Action.LAPSE: "platform",
        Action.REMIND: "platform",
    }
)
"""The role that may take each action; no other role may."""

PEOPLES_ACTIONS = tuple(action for action, role in ROLE_OF.items() if role in get_args(PersonRole))
"""The actions of students and instructors."""
