"""Responses that a person can give to a case now: each is tried, so that a page offers what would be applied."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from flightsched_pipelines.domain.cases.actions import PEOPLES_ACTIONS, ROLE_OF, Action, PersonRole
from flightsched_pipelines.domain.cases.decisions import decide
from flightsched_pipelines.domain.cases.lifecycle import OPEN_STATES
from flightsched_pipelines.domain.cases.responses import CaseResponse, ResponseRefusedError
from flightsched_pipelines.domain.cases.snapshot import CaseSnapshot, ResponseContext

_ANY_REASON = "any reason"


@dataclass(frozen=True, slots=True)
class PossibleResponses:
    """A person's possible responses to a case: each action of their role and each alternative offered, or the refusal.

    ``None`` stands for a response that would be applied. An action of another role is not in it.
    """

    role: PersonRole
    actions: Mapping[Action, ResponseRefusedError | None]
    alternatives: Mapping[int, ResponseRefusedError | None]

    def allows(self, action: Action) -> bool:
        """Return whether the action would be applied."""
        return action in self.actions and self.actions[action] is None


def possible_responses(case: CaseSnapshot, role: PersonRole, person_id: int, at: ResponseContext) -> PossibleResponses:
    """Try every response of one person to a case, an acceptance for each alternative held out."""
    answer = CaseResponse("", case.case_id, "", Action.ACCEPT, role, person_id, reason=_ANY_REASON)
    alternatives: dict[int, ResponseRefusedError | None] = {}
    if role == ROLE_OF[Action.ACCEPT] and case.state in OPEN_STATES:
        taken = (replace(answer, number=number, round=case.round) for number in case.offers)
        alternatives = {one.number or 0: refusal_of(case, one, at) for one in taken}
    actions = {
        action: refusal_of(case, replace(answer, action=action), at)
        for action in PEOPLES_ACTIONS
        if ROLE_OF[action] == role and action is not Action.ACCEPT
    }
    return PossibleResponses(role, actions, alternatives)


def refusal_of(case: CaseSnapshot, answer: CaseResponse, at: ResponseContext) -> ResponseRefusedError | None:
    """Return why a response would be refused; ``None`` if it would be applied."""
    try:
        decide(case, answer, at)
    except ResponseRefusedError as refused:
        return refused
    return None
