"""The reference of all commands as Markdown, made from the commands themselves: ``docs/reference/cli.md``."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any

from flightsched_pipelines.cli import app
from flightsched_pipelines.cli.examples import EXAMPLES
from flightsched_pipelines.cli.hourly.hour import DEMO_FIGURES
from flightsched_pipelines.cli.hourly.weather import JSON_COLUMNS
from flightsched_pipelines.cli.lazy import LazyCommand
from flightsched_pipelines.database.data_dictionary import DescribedColumn
from flightsched_pipelines.database.queries.live.api_tokens import ApiToken
from flightsched_pipelines.domain.imports.kinds.catalogue import KINDS
from flightsched_pipelines.domain.verification.suggestions import SchoolSuggestions
from flightsched_pipelines.services.credentials import Lapse
from flightsched_pipelines.services.delivery.delivery_workers import DeliveryResult
from flightsched_pipelines.services.hourly.board import BoardLesson
from flightsched_pipelines.services.hourly.hour_summary import HourSummary
from flightsched_pipelines.services.hourly.ranking import Redriven
from flightsched_pipelines.services.imports.reports import ImportReport
from flightsched_pipelines.services.notifications.dispatch import DispatchResult
from flightsched_pipelines.services.retention.erasure import Erasure
from flightsched_pipelines.services.retention.outcomes import Outcome
from flightsched_pipelines.services.schedule_changes import CSV_COLUMNS
from flightsched_pipelines.services.verification import ForecastScores, VerdictScores
from flightsched_pipelines.services.verification_backfill import Backfill

INTRODUCTION = """# Commands

Made from the commands: `python -m flightsched_pipelines.cli.reference > docs/reference/cli.md`. A test compares both.

`flightsched` is in `.venv/bin`; `. .venv/bin/activate` puts it in the path. `flightsched --demo COMMAND` works on the
demo's data. `flightsched --install-completion` completes commands and options in bash, zsh, fish and PowerShell.

| exit code | meaning |
| --- | --- |
| 0 | it is done |
| 1 | it failed: the database is away, an hour's run failed, a response was refused, `doctor` found a fault |
| 2 | wrong usage or bad input: an unknown option or name, a file with faults, a setting that makes no sense |
| 130 | it was stopped with Ctrl-C |

Errors are one sentence on standard error. Results go to standard output, progress to standard error. Tables are as wide
as the terminal, or as `COLUMNS` says. Times in JSON are ISO 8601 with their offset.
"""


def _names(of: type[Any]) -> tuple[str, ...]:
    return tuple(one.name for one in fields(of))


def _listed(of: type[Any]) -> str:
    return ", ".join(f"`{name}`" for name in _names(of))


JSON_FIELDS: Mapping[str, tuple[str, Sequence[str]]] = {
    "cases": ("a list of", (
        "case_id", "booking_id", "reference", "departure", "time_zone", "state", "starts_at_utc", "deadline_utc",
        "held_until", "opened_at", "opened_hour", "moved_to_utc", "student", "student_phone", "instructor",
        "instructor_phone", "aircraft", "aircraft_type", "form", "reason",
    )),
    "case": ("the fields of `cases`, and", ("reasons", "note", "alternatives", "history")),
    "explain": ("an object", (
        "hour_utc", "reference", "departure", "starts_at_utc", "ends_at_utc", "time_zone", "training_level", "solo",
        "verdict", "words", "breaches", "uncertainty", "advice",
    )),
    "board": ("a list of", _names(BoardLesson)),
    "doctor": ("a list of", ("name", "state", "tried", "found", "remedy")),
    "config": ("an object", ("settings", "checks")),
    "archive": ("a list of", _names(Outcome)),
    "erase": ("an object", _names(Erasure)),
    "smoke": ("a list of", ("name", "state", "tried", "found", "remedy")),
    "outbox": ("an object", ("channels", "perhaps_delivered", "mails")),
    "alerts": ("a list of", (
        "key", "severity", "state", "failing", "opened_at", "resolved_at", "times_told", "silenced_until",
        "silenced_why",
    )),
    "standby": ("a list of", ("school", "rule", "reference", "student", "waiting")),
    "ics list": ("a list of", ("id", "school", "student", "instructor", "aircraft", "made_at", "revoked_at")),
    "ics make": ("an object", ("url",)),
    "ics revoke": ("an object", ("id", "revoked")),
    "minimums list": ("a list of", (
        "id", "own_id", "school", "student", "authority", "training_level", "solo", "lesson_kind", "night",
        "aircraft_type", "rule", "comparison", "limit_value", "unit", "effect", "effective_from", "effective_to",
        "reference", "looser_than_default",
    )),
    "minimums add": ("an object", ("added", "unchanged", "notes")),
    "minimums end": ("an object", ("id", "effective_to", "changed")),
    "minimums try": ("an object", ("since", "until", "hours", "groups")),
    "token make": ("an object", ("token_id", "token")),
    "token list": ("a list of", _names(ApiToken)),
    "db dictionary": ("a list of", _names(DescribedColumn)),
    "db sizes": ("a list of", ("schema", "name", "bytes", "rows")),
    "db backup": ("an object", ("made_at_utc", "schema", "rows", "sha256")),
    "db restore": ("an object", ("made_at_utc", "schema", "rows", "sha256")),
    "db status": ("an object", ("server", "embedded", "schema", "newest")),
    "report": ("an object", ("hour_utc", "page")),
    "tick": ("an object", _names(HourSummary)),
    "demo": ("an object", (*DEMO_FIGURES, "seconds")),
    "weather": ("an object a line, an airport and hour each:", JSON_COLUMNS),
    "assess": ("an object a line, a booking each:", ("reference", "verdict", "broken", "missing")),
    "dispatch": ("an object", _names(DispatchResult)),
    "deliver": ("an object", _names(DeliveryResult)),
    "redrive": ("an object (with `--queue`: `moved` alone)", (
        "messages_put_back", "sent", "perhaps_delivered", *_names(Redriven),
    )),
    "credentials": ("a list of", _names(Lapse)),
    "changes": ("a list of", CSV_COLUMNS),
    "verify": (
        f"a list (with `--verdicts`: of {_listed(VerdictScores)}; with `--backfill` an object {_listed(Backfill)}) of",
        _names(ForecastScores),
    ),
    "suggestions": ("a list of", _names(SchoolSuggestions)),
    **{f"import {kind}": ("an object", (*_names(ImportReport), "refused")) for kind in KINDS},
}  # fmt: skip
"""The fields that ``--json`` prints, by command; a test compares them with the output."""


def as_markdown() -> str:
    """Return the reference."""
    loaded = {name: one.load() for name, one in app.commands.items() if isinstance(one, LazyCommand)}
    return "\n".join((INTRODUCTION, *(part for name, one in loaded.items() for part in _of(name, one))))


def _of(path: str, command: Any) -> Iterator[str]:  # noqa: ANN401, Typer keeps the Click that it is made of to itself
    below: Mapping[str, Any] = getattr(command, "commands", {})
    yield f"## flightsched {path}\n"
    yield f"{' '.join((command.help or '').split())}\n"
    rows = [(_name(parameter), _help(parameter)) for parameter in command.params if _name(parameter) != "`--help`"]
    if rows:
        yield "\n".join(("| | |", "| --- | --- |", *(f"| {name} | {words} |" for name, words in rows))) + "\n"
    yield "```\n" + "\n".join(f"flightsched {words}" for words in EXAMPLES[path]) + "\n```\n"
    if path in JSON_FIELDS:
        kind, names = JSON_FIELDS[path]
        yield f"`--json`: {kind} {', '.join(f'`{name}`' for name in names)}.\n"
    for name, one in below.items():
        yield from _of(f"{path} {name}", one)


def _name(parameter: Any) -> str:  # noqa: ANN401, as above
    if parameter.param_type_name == "argument":
        return f"`{parameter.name.upper()}`"
    return ", ".join(f"`{option}`" for option in (*parameter.opts, *parameter.secondary_opts))


def _help(parameter: Any) -> str:  # noqa: ANN401, as above
    return " ".join((parameter.help or "").split()).replace("|", "\\|")


if __name__ == "__main__":
    print(as_markdown(), end="")  # noqa: T201, the page
