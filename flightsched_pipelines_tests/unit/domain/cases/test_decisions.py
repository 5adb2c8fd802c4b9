"""A decision whose slot was checked again: a table of the effects, and the law that nobody moves on missing facts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightsched_pipelines.domain.cases.actions import ROLE_OF, Action
from flightsched_pipelines.domain.cases.decisions import decide, slot_to_revalidate, weigh
from flightsched_pipelines.domain.cases.lifecycle import CaseState, Slot
from flightsched_pipelines.domain.cases.responses import CaseResponse, ResponseRefusedError
from flightsched_pipelines.domain.cases.snapshot import (
    CaseSnapshot,
    Decision,
    Hold,
    Offer,
    ResponseContext,
    ResponseRules,
    Revalidated,
)
from flightsched_pipelines_tests.examples import examples

NOW = datetime(2026, 11, 24, 18, tzinfo=UTC)
HOUR = timedelta(hours=1)
LESSON = Slot(NOW + 20 * HOUR, NOW + 22 * HOUR, 5, 9)
OTHER = Slot(NOW + 44 * HOUR, NOW + 46 * HOUR, 5, 9)
PROPOSED = CaseSnapshot(
    case_id=1, booking_id=1, school_id=1, solo=False, time_zone="UTC", state=CaseState.PROPOSED, lesson=LESSON,
    booked=LESSON, student_id=3, round=1, offers={1: Offer(OTHER, "", "planner")}, earlier={(1, 1): OTHER},
    deadline_utc=NOW + 12 * HOUR, hold=None, releasers=frozenset(), new_rounds=0,
)  # fmt: skip
HELD = replace(PROPOSED, state=CaseState.STUDENT_ACCEPTED, hold=Hold(OTHER, 1, NOW, NOW + 2 * HOUR))
FINE = Revalidated([], "ok", "")
MISSING = Revalidated([], "missing", "the forecast is missing")
OBJECTED = Revalidated(["the aircraft is in maintenance"], "ok", "")
ENDED = NOW + 3 * HOUR


def judge(case: CaseSnapshot, action: Action, found: Revalidated, now: datetime = NOW, reason: str = "") -> Decision:
    """Return the decision about a response, with its slot checked if that is wanted."""
    person = {"student": 3, "instructor": 5}.get(ROLE_OF[action])
    response = CaseResponse("key", 1, "terminal", action, ROLE_OF[action], person, number=1, reason=reason)
    at = ResponseContext(now, now, ResponseRules())
    decision = decide(case, response, at)
    if slot_to_revalidate(case, decision, response, at) is None:
        return decision
    return weigh(case, decision, response, found, at, "Thu 26 Nov 14:00 UTC")


@pytest.mark.parametrize(
    ("case", "action", "found", "now", "expected"),
    [
        (PROPOSED, Action.ACCEPT, FINE, NOW, "hold"),
        (PROPOSED, Action.ACCEPT, OBJECTED, NOW, "taken"),
        (PROPOSED, Action.ACCEPT, MISSING, NOW, "no_forecast"),
        (HELD, Action.CONFIRM, FINE, NOW, "move"),
        (HELD, Action.CONFIRM, OBJECTED, NOW, "lose"),
        (HELD, Action.CONFIRM, MISSING, NOW, "no_forecast"),
        (HELD, Action.DECLINE, FINE, NOW, "lose"),
        (HELD, Action.WITHDRAW, FINE, NOW, "release"),
        (HELD, Action.LAPSE, FINE, ENDED, "release"),
        (HELD, Action.LAPSE, OBJECTED, ENDED, "release"),
        (HELD, Action.LAPSE, MISSING, ENDED, "prolong"),
        (HELD, Action.LAPSE, MISSING, NOW + 21 * HOUR, "end"),  # the lesson's time has come: nothing to hold it for
        (PROPOSED, Action.NONE_SUIT, FINE, NOW, "look_for_others"),
        (replace(PROPOSED, standby=True), Action.NONE_SUIT, FINE, NOW, "end"),
        (replace(PROPOSED, standby=True), Action.KEEP, FINE, NOW, "out_of_order"),
        (PROPOSED, Action.KEEP, FINE, NOW, "no_reason"),
        (PROPOSED, Action.CANCEL, FINE, NOW, "end"),
        (PROPOSED, Action.REMIND, FINE, NOW, "remind"),
    ],
)
def test_the_effect_of_a_response(
    case: CaseSnapshot, action: Action, found: Revalidated, now: datetime, expected: str
) -> None:
    try:
        effect: str = judge(case, action, found, now).effect
    except ResponseRefusedError as refused:
        effect = refused.code
    assert effect == expected


found_anything = st.builds(
    Revalidated,
    st.lists(st.just("an objection"), max_size=2),
    st.sampled_from(["ok", "watch", "unforecast", "missing", "at_risk"]),
    st.just(""),
)


@examples(500, "a case in any state against any response: few kinds of each, and cheap")
@given(st.sampled_from([PROPOSED, HELD]), st.sampled_from(Action), found_anything, st.integers(-60, 3_000))
def test_nobody_holds_or_moves_to_a_slot_with_an_objection_or_without_its_forecast(
    case: CaseSnapshot, action: Action, found: Revalidated, minutes: int
) -> None:
    try:
        decision = judge(case, action, found, NOW + timedelta(minutes=minutes), reason="The fog lifts.")
    except ResponseRefusedError:
        return
    if decision.effect in {"hold", "move"}:
        assert not found.objections
        assert found.verdict != "missing"
    if decision.effect == "prolong":
        assert found.verdict == "missing"
        assert decision.until_utc is not None
        assert NOW + timedelta(minutes=minutes) < decision.until_utc <= LESSON.starts_at_utc
