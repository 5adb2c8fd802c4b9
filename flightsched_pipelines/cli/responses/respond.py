"""Respond to cases from the terminal: ``flightsched respond`` and ``swap``."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Annotated
from uuid import uuid4

import typer

from flightsched_pipelines.cli.arguments import NOT_FOUND_YET, CaseName, find_case
from flightsched_pipelines.cli.console import UsageError, console, refuse
from flightsched_pipelines.cli.session import open_session
from flightsched_pipelines.domain.cases.actions import ROLE_OF, Action, Role
from flightsched_pipelines.domain.cases.responses import CaseResponse, RequestedTimes
from flightsched_pipelines.domain.rescheduling.preferred_times import DAYS, PARTS_OF_DAY
from flightsched_pipelines.services.responses.respond import respond as take
from flightsched_pipelines.services.responses.swap import swap as exchange
from flightsched_pipelines.text import MAX_KEY_CHARACTERS
from flightsched_pipelines.text import accept as accept_text


def respond(
    case: CaseName,
    accept: Annotated[int | None, typer.Option(help="Accept this alternative (student).")] = None,
    none_suit: Annotated[bool, typer.Option("--none-suit", help="Reject all alternatives (student).")] = False,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Withdraw the choice (student).")] = False,
    confirm: Annotated[bool, typer.Option("--confirm", help="Confirm the student's choice (instructor).")] = False,
    decline: Annotated[bool, typer.Option("--decline", help="Decline the chosen time (instructor).")] = False,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep the lesson as booked (instructor); needs --reason.")
    ] = False,
    speaker: Annotated[
        str | None,
        typer.Option(
            "--as",
            help="Who enters it: dispatcher, on behalf of whoever the action is for (default); student; instructor.",
        ),
    ] = None,
    reason: Annotated[str, typer.Option(help="Why the lesson is kept.")] = "",
    days: Annotated[str, typer.Option(help="With --none-suit: days that suit, such as 'sat sun'.")] = "",
    parts: Annotated[str, typer.Option(help="With --none-suit: morning, afternoon, evening.")] = "",
    after: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="With --none-suit: not before.")] = None,
    before: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="With --none-suit: not after.")] = None,
    key: Annotated[str | None, typer.Option(help="Idempotency key.")] = None,
) -> None:
    """Respond to a case: accept an alternative, confirm it, ask for others, or keep the lesson."""
    said = [
        action
        for action, is_said in (
            (Action.ACCEPT, accept is not None), (Action.NONE_SUIT, none_suit), (Action.WITHDRAW, withdraw),
            (Action.CONFIRM, confirm), (Action.DECLINE, decline), (Action.KEEP, keep),
        )
        if is_said
    ]  # fmt: skip
    if len(said) != 1:
        raise UsageError("give one action: --accept N, --none-suit, --withdraw, --confirm, --decline or --keep")
    if after and before and before < after:
        raise UsageError(f"--before {before:%Y-%m-%d} is before --after {after:%Y-%m-%d}; no day is between them")
    if key == "":
        raise UsageError("--key is empty; give one, or leave the option out")
    wishes = RequestedTimes(_words(days, DAYS), _words(parts, tuple(PARTS_OF_DAY)), _day(after), _day(before))
    entered_by = _role(speaker)
    role = ROLE_OF[said[0]] if entered_by == "dispatcher" else entered_by
    given = key or f"terminal-{uuid4().hex}"
    response = CaseResponse(
        given, NOT_FOUND_YET, "terminal", said[0], role, number=accept, reason=reason, wishes=wishes,
        on_behalf=entered_by == "dispatcher",
    )  # fmt: skip
    settings, engine = open_session()
    response = replace(response, case_id=find_case(engine, case))
    outcome = take(engine, response, datetime.now(UTC), settings)
    if not outcome.applied:
        refuse(outcome.outcome, outcome.sentence)
    console.print(outcome.sentence + (" (It was applied before.)" if outcome.repeated else ""), markup=False)


def swap(
    case: CaseName,
    other: Annotated[str, typer.Argument(help="The other case's number, or its booking's reference.")],
    key: Annotated[str | None, typer.Option(help="Idempotency key.")] = None,
) -> None:
    """Swap the slots of two lessons, if both students agree."""
    given = accept_text(key or f"terminal-{uuid4().hex}", "the key", MAX_KEY_CHARACTERS)
    settings, engine = open_session()
    pair = (find_case(engine, case), find_case(engine, other))
    outcome = exchange(engine, given, pair, "terminal", datetime.now(UTC), settings)
    if not outcome.applied:
        refuse(outcome.outcome, outcome.sentence)
    console.print(outcome.sentence, markup=False)


def _role(speaker: str | None) -> Role:
    match speaker:
        case None:
            return "dispatcher"
        case "student" | "instructor" | "dispatcher":
            return speaker
        case _:
            raise UsageError(f"--as is '{speaker}'; give dispatcher, student or instructor")


def _words(text: str, known: tuple[str, ...]) -> frozenset[str]:
    given = frozenset(text.lower().replace(",", " ").split())
    if not given <= set(known):
        raise UsageError(f"'{text}' has words that are not among {', '.join(known)}")
    return given


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None
