"""Causes of cancellations: what a school's file states, what the terminal states, and nothing inferred."""

import pytest
from sqlalchemy import Engine

from flightsched_pipelines.cli.console import UsageError
from flightsched_pipelines.cli.school.cancellation import cancellation
from flightsched_pipelines.domain.cases.cancellation import CANCELLATION_CAUSES
from flightsched_pipelines_tests.integration.imports.helpers import bring, refused, rows

HEADER = "id,student,instructor,aircraft,lesson_kind,solo,starts_at,ends_at,status,cancellation_cause\n"
PLAIN = HEADER.replace(",cancellation_cause", "")
LESSON = "C-1,S-1,I-1,N101RW,local,no,2027-02-01T09:00-08:00,2027-02-01T11:00-08:00"
CAUSES = "SELECT cause, was_threatened FROM analytics.cancellations"


def test_a_cause_is_what_the_file_states_and_unknown_without(school: Engine) -> None:
    bring(school, "bookings", f"{PLAIN}{LESSON},scheduled\n")
    assert rows(school, CAUSES) == []
    bring(school, "bookings", f"{PLAIN}{LESSON},cancelled\n")
    assert rows(school, CAUSES) == [(None, False)]
    for cause in CANCELLATION_CAUSES:
        assert bring(school, "bookings", f"{HEADER}{LESSON},cancelled,{cause}\n").changed == 1
        assert rows(school, CAUSES) == [(cause, False)]
    for silent in (f"{PLAIN}{LESSON},cancelled\n", f"{HEADER}{LESSON},cancelled,\n"):
        assert bring(school, "bookings", silent).unchanged == 1, "what is stored is not overwritten by nothing"
    bring(school, "bookings", f"{PLAIN}{LESSON},scheduled\n")
    bring(school, "bookings", f"{PLAIN}{LESSON},cancelled\n")
    assert rows(school, CAUSES) == [(None, False)], "the second cancellation does not have the first one's cause"


def test_a_cause_without_a_cancellation_and_an_unknown_word_are_faults(school: Engine) -> None:
    (early,) = refused(school, "bookings", f"{HEADER}{LESSON},scheduled,aircraft\n")
    assert "cancellation_cause is 'aircraft'; the lesson is not cancelled; say cancelled in `status`" in early
    (odd,) = refused(school, "bookings", f"{HEADER}{LESSON},cancelled,hangover\n")
    assert "cancellation_cause is 'hangover'; give one of student, no_show" in odd


def test_a_cause_is_stated_and_taken_back_at_the_terminal(
    school: Engine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", school.url.render_as_string(hide_password=False))
    bring(school, "bookings", f"{PLAIN}{LESSON},scheduled\n")
    for booking, cause, sentence in (
        ("C-1", "aircraft", "booking C-1 is not cancelled"),
        ("C-2", "aircraft", "there is no booking 'C-2'; give its reference"),
        ("C-1", "hangover", "CAUSE is 'hangover'; give one of student, "),
    ):
        with pytest.raises(UsageError, match=sentence):
            cancellation(booking, cause)
    bring(school, "bookings", f"{PLAIN}{LESSON},cancelled\n")
    cancellation("C-1", "aircraft")
    assert capsys.readouterr().out == "C-1 was cancelled: the aircraft is not available\n"
    assert rows(school, CAUSES) == [("aircraft", False)]
    cancellation("c-1", "unknown")
    assert rows(school, CAUSES) == [(None, False)]
