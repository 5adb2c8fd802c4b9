"""Actions due in a case, by its times: a table at each bound, and laws over random times."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightsched_pipelines.domain.cases.actions import Action
from flightsched_pipelines.domain.cases.deadlines import CaseClock, DeadlineDue, deadlines_due
from flightsched_pipelines.domain.cases.lifecycle import CaseState
from flightsched_pipelines.domain.cases.rules import ResponseRules
from flightsched_pipelines_tests.examples import examples

NOW = datetime(2026, 11, 24, 18, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
RULES = ResponseRules(withdraw_within=5 * MINUTE, remind_before=60 * MINUTE)
PROPOSED = CaseClock(7, CaseState.PROPOSED, False, NOW, None, NOW + 720 * MINUTE, False, None, None, False)
HELD = replace(
    PROPOSED, state=CaseState.STUDENT_ACCEPTED, accepted_at=NOW, held_until=NOW + 120 * MINUTE, instructor_id=5
)
SHORT = replace(PROPOSED, deadline_utc=NOW + 40 * MINUTE)


@pytest.mark.parametrize(
    ("clock", "minutes", "action"),
    [
        (PROPOSED, 659, None),
        (PROPOSED, 660, Action.REMIND),
        (PROPOSED, 719, Action.REMIND),
        (PROPOSED, 720, None),  # the case's end is not a response
        (replace(PROPOSED, reminded=True), 660, None),
        (replace(PROPOSED, standby=True), 660, None),
        (replace(PROPOSED, state=CaseState.OPEN), 660, None),
        (SHORT, 19, None),  # in the first half of the time there is
        (SHORT, 20, Action.REMIND),
        (HELD, 59, None),
        (HELD, 60, Action.REMIND),
        (replace(HELD, standby=True), 60, Action.REMIND),
        (replace(HELD, reminded=True), 60, None),
        (HELD, 119, Action.REMIND),
        (HELD, 120, Action.LAPSE),
        (replace(HELD, confirms_unasked=True), 4, None),
        (replace(HELD, confirms_unasked=True), 5, Action.CONFIRM),
        (replace(HELD, confirms_unasked=True), 60, Action.CONFIRM),
        (replace(HELD, confirms_unasked=True), 120, Action.LAPSE),
    ],
)
def test_what_is_due_when(clock: CaseClock, minutes: int, action: Action | None) -> None:
    until = clock.held_until or clock.deadline_utc

    due = deadlines_due([clock], NOW + minutes * MINUTE, RULES)

    assert due == ([] if action is None else [DeadlineDue(7, action, until, clock.instructor_id)])


times = st.integers(-900, 900).map(lambda minutes: NOW + minutes * MINUTE)
unheld = st.builds(
    CaseClock, st.integers(1, 99), st.sampled_from([CaseState.OPEN, CaseState.PROPOSED]), st.booleans(), times,
    st.none(), times, st.booleans(), st.none(), st.none(), st.just(value=False),
)  # fmt: skip
with_a_hold = st.builds(
    CaseClock, st.integers(1, 99), st.just(CaseState.STUDENT_ACCEPTED), st.booleans(), times, times, times,
    st.booleans(), times, st.none() | st.integers(1, 9), st.booleans(),
)  # fmt: skip


@examples(500, "up to six cases an example, held or not, around few moments")
@given(st.lists(unheld | with_a_hold, max_size=6, unique_by=lambda clock: clock.case_id))
def test_a_hold_ends_at_its_end_and_nobody_is_reminded_twice_or_too_early(clocks: list[CaseClock]) -> None:
    found = deadlines_due(clocks, NOW, RULES)

    of = {clock.case_id: clock for clock in clocks}
    assert len({one.case_id for one in found}) == len(found)
    assert [one.action for one in found] == sorted((one.action for one in found), key=ORDER.index)
    lapsed = {case_id for case_id, clock in of.items() if clock.held_until is not None and clock.held_until <= NOW}
    assert {one.case_id for one in found if one.action is Action.LAPSE} == lapsed
    for one in found:
        clock = of[one.case_id]
        if one.action is Action.CONFIRM:
            assert clock.confirms_unasked
            assert clock.accepted_at is not None
            assert NOW - clock.accepted_at >= RULES.withdraw_within
        if one.action is Action.REMIND:
            assert not clock.reminded
            assert NOW < one.until_utc <= NOW + RULES.remind_before


ORDER = [Action.LAPSE, Action.CONFIRM, Action.REMIND]
