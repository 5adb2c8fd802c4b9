"""Read a school's cases: the list of them, and one with everything that a dispatcher needs to handle it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from flightsched_pipelines.database.queries.cases import case_history
from flightsched_pipelines.database.queries.cases.case_history import CaseHistory, CaseSummary
from flightsched_pipelines.database.queries.dispatch_board.school_rows import is_case_of
from flightsched_pipelines.domain.cases.possible_responses import PossibleResponses, possible_responses
from flightsched_pipelines.domain.cases.snapshot import ResponseContext
from flightsched_pipelines.domain.risk.breach_text import breach_brief
from flightsched_pipelines.services.dispatch_board.sign_in import Dispatcher
from flightsched_pipelines.services.notifications.findings import breaches_of_cases
from flightsched_pipelines.services.pages.case_page import CasePage, case_page_for_dispatcher
from flightsched_pipelines.services.pages.history import HistoryLine, history_of
from flightsched_pipelines.services.responses.respond import ResponseOutcome
from flightsched_pipelines.services.rules import response_rules
from flightsched_pipelines.settings import Settings


@dataclass(frozen=True, slots=True)
class ListedCase:
    """A case in a line, and the gravest breach of the hour that opened it."""

    summary: CaseSummary
    reason: str | None


@dataclass(frozen=True, slots=True)
class CaseDesk:
    """A case as a dispatcher handles it.

    ``page`` is what its student sees and can answer; ``instructor`` what the instructor who is asked can. ``others``
    are open cases of the school with which it could be swapped. ``outcome`` is what the dispatcher's last order did.
    """

    summary: CaseSummary
    note: str | None
    page: CasePage
    instructor: PossibleResponses
    others: Sequence[CaseSummary]
    history: Sequence[HistoryLine]
    outcome: ResponseOutcome | None


def school_cases(engine: Engine, dispatcher: Dispatcher, *, open_only: bool = True) -> list[ListedCase]:
    """Return the school's open cases, the nearest deadline first, or the newest hundred of all."""
    found = case_history.case_summaries(engine, open_only=open_only, school_id=dispatcher.school_id)
    with engine.connect() as connection:
        gravest = breaches_of_cases(connection, {(one.booking_id, one.opened_hour) for one in found})
    reasons = {key: breach_brief(breaches[0]) for key, breaches in gravest.items()}
    return [ListedCase(one, reasons.get((one.booking_id, one.opened_hour))) for one in found]


def case_desk(
    engine: Engine, dispatcher: Dispatcher, case_id: int, key: str | None, now_utc: datetime, settings: Settings
) -> CaseDesk | None:
    """Return a case of the dispatcher's school; ``None`` if there is none, or it is another school's.

    Args:
        engine: the database.
        dispatcher: who has signed in.
        case_id: the case.
        key: key of an order that was given to this case, to be reported.
        now_utc: now.
        settings: the rules of responses.
    """
    with engine.connect() as connection:
        if not is_case_of(connection, case_id, dispatcher.school_id):
            return None
    story = case_history.case_history(engine, case_id)
    if story is None:
        return None
    page = case_page_for_dispatcher(engine, story.case, now_utc, settings)
    others = case_history.case_summaries(engine, open_only=True, school_id=dispatcher.school_id) if page.is_open else []
    return CaseDesk(
        story.summary,
        story.note,
        page,
        _instructor(story, now_utc, settings),
        [one for one in others if one.case_id != case_id],
        history_of(story.events, story.responses),
        _outcome(story, key),
    )


def _instructor(story: CaseHistory, now_utc: datetime, settings: Settings) -> PossibleResponses:
    """Return what can be said for the instructor: of the held slot, or of the lesson if none is held."""
    case = story.case
    asked = case.confirmer_of(case.hold.slot if case.hold else case.lesson)
    at = ResponseContext(now_utc, now_utc, response_rules(settings))
    return possible_responses(case, "instructor", asked or 0, at)


def _outcome(story: CaseHistory, key: str | None) -> ResponseOutcome | None:
    found = (one for one in story.responses if key is not None and one.key == key)
    return next((ResponseOutcome(one.outcome, one.sentence, one.case_id) for one in found), None)
