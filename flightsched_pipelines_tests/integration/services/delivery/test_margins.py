"""A mail repeats no margin that the newest forecast does not give, however lately it was made from an older one."""

import pytest
from sqlalchemy import Engine

from flightsched_pipelines.services.notifications.dispatch import dispatch
from flightsched_pipelines_tests.conftest import SEED_HOUR, keep_awake
from flightsched_pipelines_tests.integration.services.delivery.test_revision import MINUTE, sent
from flightsched_pipelines_tests.integration.services.helpers import HOUR, SETTINGS, cases, run, say
from flightsched_pipelines_tests.integration.services.responses.test_missing_forecast import no_weather

NEXT = SEED_HOUR + HOUR
WITH_MARGIN = "c.id IN (SELECT case_id FROM school.case_offers WHERE reason LIKE '%to spare%' AND number = 1)"


def has_a_margin(reason: str) -> bool:
    return "to spare" in reason or "above the school's minimums" in reason


@pytest.fixture
def asked(told_engine: Engine) -> Engine:
    """A database in which an instructor is asked at two minutes past the next hour, of which no forecast is stored."""
    case_id, _ = cases(told_engine, where=f"{WITH_MARGIN} AND c.instructor_id IS NOT NULL")[0]
    run(told_engine, "UPDATE school.instructors SET auto_confirm = false")
    sent(told_engine, SEED_HOUR + 20 * MINUTE)
    assert say(told_engine, case_id, "accept", NEXT + 2 * MINUTE, number=1).applied
    return told_engine


def asked_of(engine: Engine) -> list[str]:
    """The verdicts on the chosen slot in what is sent half an hour later."""
    mails = sent(engine, NEXT + 30 * MINUTE)
    return [mail.payload["chosen"]["reason"] for mail in mails if mail.payload.get("chosen")]


def test_a_request_to_confirm_states_the_verdict_of_the_forecast_that_came_after_it(asked: Engine) -> None:
    no_weather(asked)

    told = asked_of(asked)
    assert told
    assert not [reason for reason in told if has_a_margin(reason)]


def test_a_request_to_confirm_keeps_its_words_while_no_newer_forecast_is_stored(asked: Engine) -> None:
    assert all(has_a_margin(reason) for reason in asked_of(asked))


def test_a_late_dispatch_states_no_margin_of_its_own_hour(ticked_engine: Engine) -> None:
    keep_awake(ticked_engine)
    no_weather(ticked_engine)
    assert dispatch(ticked_engine, NEXT + 3 * MINUTE, SETTINGS, SEED_HOUR).queued["email"] > 0

    told = [
        offer["reason"] for mail in sent(ticked_engine, NEXT + 5 * MINUTE) for offer in mail.payload.get("offers", [])
    ]
    assert len(told) > 3
    assert not [reason for reason in told if has_a_margin(reason)]
