"""Render an alert to operators: JSON for SNS and its subscribers, and Slack blocks. Without personal data."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from flightsched_pipelines.formatting import format_utc, plural
from flightsched_pipelines.messages.slack import escaped

TITLES: Mapping[str, str] = MappingProxyType(
    {
        "weather": "Weather",
        "rescheduler": "Rescheduler",
        "llm": "LLM",
        "delivery": "Delivery",
        "database": "Database",
        "hours": "Hourly runs",
        "platform": "Platform",
        "school": "Schools' rows",
    }
)
MARKS: Mapping[str, str] = MappingProxyType(
    {"opened": "Alert", "worse": "Alert, worse now", "reminder": "Still open", "resolved": "Resolved"}
)
MAX_CHECKS_SHOWN = 10
MAX_TEXT_CHARACTERS, MAX_HEADER_CHARACTERS = 3000, 150


class FailingCheck(BaseModel):
    """A failing check, its finding, and its remedy."""

    model_config = ConfigDict(frozen=True)

    name: str
    severity: Literal["warn", "error"]
    sentence: str
    todo: str
    runbook: str


class AlertNotice(BaseModel):
    """The content of an alert's notification; ``checks`` are those that fail now."""

    model_config = ConfigDict(frozen=True)

    event: Literal["alert"] = "alert"
    word: Literal["opened", "worse", "reminder", "resolved"]
    alert: str
    severity: Literal["warn", "error"]
    environment: str
    opened_at: datetime
    told_at: datetime
    checks: Sequence[FailingCheck]


def title(notice: AlertNotice) -> str:
    """Return the alert in one line."""
    number = len(notice.checks)
    count = f", {plural(number, 'check fails', 'checks fail')}" if number else ""
    what = TITLES.get(notice.alert, notice.alert)
    return f"{MARKS[notice.word]}: {what} ({notice.severity}, {notice.environment}){count}"


def blocks(notice: AlertNotice) -> tuple[str, list[dict[str, Any]]]:
    """Return the text for notifications, and the blocks."""
    head = title(notice)
    found: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": head[:MAX_HEADER_CHARACTERS], "emoji": False}}
    ]
    found += [_section(_line(check)) for check in notice.checks[:MAX_CHECKS_SHOWN]]
    notes = [f"open since {format_utc(notice.opened_at)}", f"`flightsched alerts silence {notice.alert}` mutes it"]
    if notice.word == "resolved":
        notes = [f"it was open from {format_utc(notice.opened_at)} to {format_utc(notice.told_at)}"]
    elif len(notice.checks) > MAX_CHECKS_SHOWN:
        notes.insert(0, f"and {plural(len(notice.checks) - MAX_CHECKS_SHOWN, 'more check')}")
    found.append({"type": "context", "elements": [{"type": "mrkdwn", "text": escaped("; ".join(notes))}]})
    return escaped(head), found


def _line(check: FailingCheck) -> str:
    return f"*{escaped(check.name)}* {escaped(check.sentence)}\n{escaped(f'{check.todo} {check.runbook}'.strip())}"


def _section(words: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": words[:MAX_TEXT_CHARACTERS]}}
