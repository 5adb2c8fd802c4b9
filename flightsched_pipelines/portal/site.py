"""The parts of every page: the database, the settings, the clock, and the templates."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy import Engine
from starlette.requests import Request
from starlette.responses import HTMLResponse

from flightsched_pipelines import formatting
from flightsched_pipelines.domain.risk import breach_text
from flightsched_pipelines.formatting import plural
from flightsched_pipelines.settings import Settings
from flightsched_pipelines.text import one_line

HERE = Path(__file__).parent


def now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Site:
    """The resources of all pages; ``clock`` returns now, UTC."""

    engine: Engine
    settings: Settings
    clock: Callable[[], datetime] = now


def site_of(request: Request) -> Site:
    """Return the site that a request belongs to."""
    site = request.app.state.site
    assert isinstance(site, Site)  # noqa: S101, `build_portal` set it
    return site


def page(template: str, facts: Mapping[str, Any], status_code: int = 200) -> HTMLResponse:
    """Return a page made of a template."""
    return HTMLResponse(_environment().get_template(f"{template}.html.j2").render(facts), status_code)


def message(heading: str, sentence: str, status_code: int) -> HTMLResponse:
    """Return a page with a single message."""
    return page("message", {"heading": heading, "sentence": sentence}, status_code)


def _on_one_line(value: object) -> object:
    """Plain strings cannot add lines or turn the direction of writing; markup and numbers stay as they are."""
    return one_line(value) if type(value) is str else value


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_on_one_line,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    values: dict[str, Callable[..., Any]] = {
        "moment": formatting.format_time, "span": formatting.format_period, "clock": formatting.format_clock,
    }  # fmt: skip
    filters: dict[str, Callable[..., Any]] = {"sentence": breach_text.breach_sentence, "plural": plural}
    environment.filters.update(filters)
    environment.globals.update(values)
    return environment
