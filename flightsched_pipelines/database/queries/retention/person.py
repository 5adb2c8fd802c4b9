"""A person who can be erased."""

from dataclasses import dataclass
from typing import Literal

Role = Literal["student", "instructor", "dispatcher", "manager"]


@dataclass(frozen=True, slots=True)
class Person:
    """A person, and what names them; of a manager there is the address alone.

    ``id`` is the number of the student or instructor, of a dispatcher's first sign-in (0: none is kept any more), or of
    a manager's school.
    """

    role: Role
    id: int
    name: str
    email: str
    phone: str | None = None
    external_id: str | None = None

    @property
    def is_staff(self) -> bool:
        """Return whether the person works for the school without flying, and so has no row and no lesson."""
        return self.role in {"dispatcher", "manager"}

    @property
    def nobody(self) -> str:
        """Return the words that stand for the person from now on."""
        return f"erased-{self.role}-{self.id}"
