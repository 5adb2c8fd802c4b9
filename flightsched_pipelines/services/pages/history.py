"""The history of a case or a lesson in lines: events, refused responses, reasons and notes, each with its author."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flightsched_pipelines.database.queries.cases.case_history import CaseEvent
from flightsched_pipelines.database.queries.cases.responses import APPLIED, Response


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One line: when, what, who (a role, and a dispatcher's name where it is known), and why. Personal."""

    at: datetime
    what: str
    who: str
    why: str


def history_of(events: Sequence[CaseEvent], responses: Sequence[Response]) -> list[HistoryLine]:
    """Return what happened, in order: the audit trail, refused responses, and the reasons and notes of people."""
    # A response and its event have one time: that of their transaction, and no other of the case has it.
    names = {one.received_at: one.dispatcher for one in responses if one.dispatcher}
    lines = [
        HistoryLine(one.at, one.event, _who(one.actor, names.get(one.at)), one.why) for one in events
    ]  # fmt: skip
    lines += [
        HistoryLine(one.received_at, f"({one.action} refused)", _who(one.role, one.dispatcher), one.sentence)
        for one in responses
        if one.outcome != APPLIED
    ]
    lines += [
        HistoryLine(one.received_at, "(note)" if one.action == "note" else "(reason)", _who(one.role, one.dispatcher),
                    one.reason)
        for one in responses
        if one.reason
    ]  # fmt: skip
    return sorted(lines, key=lambda line: line.at)


def orders_of(responses: Sequence[Response]) -> list[HistoryLine]:
    """Return what dispatchers did with a lesson outside of its cases, in order."""
    return [
        HistoryLine(
            one.received_at, one.action, _who(one.role, one.dispatcher),
            " ".join(filter(None, (one.sentence, one.reason and f"({one.reason})"))),
        )
        for one in responses
        if one.case_id is None
    ]  # fmt: skip


def _who(role: str, name: str | None) -> str:
    return f"{role} {name}" if name and role == "dispatcher" else role
