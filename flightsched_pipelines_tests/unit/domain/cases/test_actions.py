"""The table of who may take which action is complete, and the entry points take from people what it allows them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

from flightsched_pipelines.defs.responses.response_jobs import ResponseAction
from flightsched_pipelines.domain.cases.actions import PEOPLES_ACTIONS, ROLE_OF, Action, Role
from flightsched_pipelines.domain.cases.decisions import decide
from flightsched_pipelines.domain.cases.lifecycle import CaseState, Slot
from flightsched_pipelines.domain.cases.responses import CaseResponse, ResponseRefusedError
from flightsched_pipelines.domain.cases.rules import ResponseRules
from flightsched_pipelines.domain.cases.snapshot import CaseSnapshot, Hold, Offer, ResponseContext
from flightsched_pipelines.services.responses.queued_responses import UnreadableResponseError, read_message

NOW = datetime(2026, 11, 24, 18, tzinfo=UTC)
LESSON = Slot(NOW + timedelta(hours=20), NOW + timedelta(hours=22), 5, 9)
OTHER = Slot(NOW + timedelta(hours=44), NOW + timedelta(hours=46), 5, 9)
HELD = CaseSnapshot(
    case_id=1, booking_id=1, school_id=1, solo=False, time_zone="UTC", state=CaseState.STUDENT_ACCEPTED, lesson=LESSON,
    booked=LESSON, student_id=3, round=1, offers={1: Offer(OTHER, "", "planner")},
    earlier={(1, 1): OTHER}, deadline_utc=NOW + timedelta(hours=12),
    hold=Hold(OTHER, 1, NOW - timedelta(minutes=1), NOW + timedelta(hours=2)), releasers=frozenset(), new_rounds=0,
)  # fmt: skip
AT = ResponseContext(NOW, NOW, ResponseRules())
PERSON = {"student": 3, "instructor": 5, "dispatcher": None, "platform": None}


def test_every_action_has_one_role() -> None:
    assert set(ROLE_OF) == set(Action)
    assert set(ROLE_OF.values()) <= set(get_args(Role))


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("role", get_args(Role))
def test_only_the_role_of_the_table_may_take_an_action(action: Action, role: Role) -> None:
    snapshot = HELD if action not in {Action.ACCEPT, Action.NONE_SUIT} else replace(HELD, hold=None)
    at = replace(AT, now_utc=NOW + timedelta(hours=3)) if action is Action.LAPSE else AT
    response = CaseResponse("key", 1, "terminal", action, role, PERSON[role], number=1, reason="The fog lifts.")
    snapshot = replace(snapshot, state=CaseState.STUDENT_ACCEPTED if snapshot.hold else CaseState.PROPOSED)
    if role == ROLE_OF[action]:
        decide(snapshot, response, at)
        return
    with pytest.raises(ResponseRefusedError) as refused:
        decide(snapshot, response, at)
    assert refused.value.code == "wrong_person"


def test_the_job_and_the_queue_take_the_actions_of_people_and_no_others() -> None:
    assert [Action(one.value) for one in ResponseAction] == list(PEOPLES_ACTIONS)
    message = '{"key": "partner-0001", "case_id": 1, "action": "%s", "role": "student", "person_id": 3}'
    assert [read_message(message % action).action for action in PEOPLES_ACTIONS] == list(PEOPLES_ACTIONS)
    for action in {*Action} - {*PEOPLES_ACTIONS}:
        with pytest.raises(UnreadableResponseError, match="action: it must be one of accept, none_suit, withdraw"):
            read_message(message % action)
