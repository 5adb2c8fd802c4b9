"""A kind of file, and the columns that several kinds have."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from flightsched_pipelines.domain.imports.kinds import fields
from flightsched_pipelines.domain.imports.kinds.fields import Field


@dataclass(frozen=True, slots=True)
class FileKind:
    """One kind of file.

    ``key``: the columns by which rows are matched with stored ones. ``one``: the name of a row. ``examples``: rows of
    the template. ``may_be_complete``: whether rows that a file does not have can be taken as gone.
    """

    name: str
    one: str
    doc: str
    fields: Sequence[Field]
    examples: Sequence[Mapping[str, str]]
    key: Sequence[str] = ("id",)
    may_be_complete: bool = True
    by_name: Mapping[str, Field] = field(init=False)

    def __post_init__(self) -> None:
        """Have the columns by their names."""
        object.__setattr__(self, "by_name", MappingProxyType({one.name: one for one in self.fields}))

    @property
    def required(self) -> list[str]:
        """The columns that a file must have."""
        return [one.name for one in self.fields if one.required]


SCHOOL_OF_ROW = fields.reference("school", "school", "School; may be left out if there is only one.")
