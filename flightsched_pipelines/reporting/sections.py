"""A part of the report's page: its words, its picture and its table."""

from collections.abc import Sequence
from dataclasses import dataclass

from flightsched_pipelines.reporting.svg import Picture


@dataclass(frozen=True, slots=True)
class Table:
    """The content of a chart, in words and figures."""

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page: a sentence, a chart, and its table; ``nothing`` is the reason for having no chart."""

    anchor: str
    title: str
    lead: str
    picture: Picture | None
    nothing: str
    table: Table
