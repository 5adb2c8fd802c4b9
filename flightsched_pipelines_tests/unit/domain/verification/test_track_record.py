"""The record of forecasts is stated from 20 cases on, exactly, and never before."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from flightsched_pipelines.domain.verification.track_record import (
    LEAST_CASES,
    Likeness,
    TrackRecord,
    lead_like,
    track_record,
)
from flightsched_pipelines.messages.models import DigestLine
from flightsched_pipelines.services.notifications.samples import SAMPLES
from flightsched_pipelines_tests.examples import examples
from flightsched_pipelines_tests.unit.domain.risk.builders import at

LIKE = Likeness(1, "ceiling", "KPAO", 24)


@examples(100, "arithmetic alone")
@given(cases=st.integers(0, 60), data=st.data())
def test_nothing_is_said_below_twenty_cases_and_the_counts_from_then_on(cases: int, data: st.DataObject) -> None:
    came_true = data.draw(st.integers(0, cases))
    found = track_record({LIKE: (came_true, cases)}, LIKE)

    assert (found is None) == (cases < LEAST_CASES == 20)
    if found is not None:
        assert found.sentence == f"Forecasts like this came true {came_true} of {cases} times."


@pytest.mark.parametrize(("came_true", "cases"), [(14, 19), (21, 20), (-1, 20)])
def test_no_message_can_hold_a_record_that_is_too_short_or_impossible(came_true: int, cases: int) -> None:
    with pytest.raises(ValidationError):
        TrackRecord(came_true=came_true, cases=cases)


@pytest.mark.parametrize("other", [Likeness(2, *("ceiling", "KPAO", 24)), Likeness(1, "visibility", "KPAO", 24),
                                   Likeness(1, "ceiling", "KSQL", 24), Likeness(1, "ceiling", "KPAO", 12)])  # fmt: skip
def test_another_school_cause_airport_or_lead_is_not_alike(other: Likeness) -> None:
    assert track_record({other: (14, 20)}, LIKE) is None


@pytest.mark.parametrize(
    ("hours", "lead"), [(0.5, 1), (1, 1), (1.9, 1), (2, 3), (13, 24), (24.9, 24), (25, 48), (48, 48), (49, None)]
)
def test_the_lead_is_the_next_longer_one_that_is_verified(hours: float, lead: int | None) -> None:
    assert lead_like(at(0) + timedelta(hours=hours), at(0)) == lead


def test_a_message_of_an_older_version_has_no_record() -> None:
    digest = SAMPLES["digest"]
    line = digest.model_dump(mode="json")["lines"][0]
    del line["track_record"]

    assert DigestLine.model_validate(line).track_record is None
