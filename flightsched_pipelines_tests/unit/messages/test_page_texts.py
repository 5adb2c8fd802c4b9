"""The words of a case's page."""

from typing import get_args

import pytest

from flightsched_pipelines.domain.cases.lifecycle import OPEN_STATES, CaseState
from flightsched_pipelines.messages.models import Form
from flightsched_pipelines.messages.page_texts import ended_text

ENDED = sorted(set(CaseState) - OPEN_STATES)


@pytest.mark.parametrize("standby", [False, True])
@pytest.mark.parametrize("form", get_args(Form))
@pytest.mark.parametrize("state", ENDED)
def test_the_page_of_an_ended_case_calls_no_lesson_on_that_a_dispatcher_holds(
    state: str, form: Form, standby: bool
) -> None:
    heading, opening = ended_text(state, form, standby=standby, stays_on_hold=True)
    usual = ended_text(state, form, standby=standby, stays_on_hold=False)
    assert heading == usual[0]
    assert "hold is lifted" not in opening
    assert ("until a dispatcher lifts it" in opening) == (state in {"cleared", "rescheduled"})
    assert "until a dispatcher lifts it" not in usual[1]
