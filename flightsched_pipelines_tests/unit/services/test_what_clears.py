"""Only a verdict of ok, stored for that hour and lesson, means that the forecast is above the minimums again."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightsched_pipelines.database.queries.cases.cases import CaseLesson
from flightsched_pipelines.domain.cases.lifecycle import (
    OPEN_STATES,
    BookingStatus,
    Case,
    CaseState,
    Slot,
    next_transition,
)
from flightsched_pipelines.domain.cases.standby import next_standby_transition
from flightsched_pipelines.domain.rescheduling.frames import PROPOSAL_COLUMNS
from flightsched_pipelines.domain.rescheduling.search.candidates import CANDIDATE_COLUMNS, UNPLACEABLE_COLUMNS
from flightsched_pipelines.domain.risk.assess import assess
from flightsched_pipelines.domain.risk.bookings import BOOKING_COLUMNS, VERDICT_COLUMNS
from flightsched_pipelines.domain.weather.forecast_columns import FORECAST_COLUMNS
from flightsched_pipelines.services.hourly.hourly_steps import lessons_ahead
from flightsched_pipelines.services.notifications.case_steps import booking_status
from flightsched_pipelines.services.notifications.findings import Findings, findings_in
from flightsched_pipelines_tests.examples import examples
from flightsched_pipelines_tests.unit.domain.risk.builders import (
    AIRPORTS,
    DEFAULTS,
    NOW,
    RUNWAYS,
    SUNS,
    at,
    frame,
    lesson,
    weather,
)

RUNS = 1_000
SKY_RUNS = 10
BUFFER = timedelta(minutes=30)
HOUR = timedelta(hours=1)
NOTHING = {
    "reschedule_candidates": frame([], CANDIDATE_COLUMNS),
    "reschedule_proposals": frame([], PROPOSAL_COLUMNS),
    "unplaceable_bookings": frame([], UNPLACEABLE_COLUMNS),
}
SKIES: Mapping[str, Mapping[str, Any] | None] = {
    "fine": {},
    "fog": {"visibility_sm": 0.25},
    "at times fog": {"layer": "temporary", "visibility_sm": 0.25},
    "unreadable": {"missing": ["visibility"], "visibility_sm": float("nan")},
    "none": None,
}
QUARTERS = range(-8, 40)
"""Starts of lessons about the test's first hour, in quarters of an hour."""

STATUSES = st.sampled_from(["weather_hold", "weather_hold", "weather_hold", "scheduled", "completed", "cancelled"])
SETTERS = st.sampled_from(["platform", "platform", "dispatcher", None])
STATES = st.sampled_from([CaseState.OPEN, CaseState.PROPOSED, CaseState.STUDENT_ACCEPTED, CaseState.EXPIRED])
VERDICTS = st.sampled_from([None, "ok", "ok", "watch", "unknown", "at_risk"])
HOURS_LATE = st.integers(0, 175).map(lambda minutes: timedelta(minutes=minutes))


def slot_of(starts: datetime, minutes: int = 60) -> Slot:
    return Slot(starts, starts + timedelta(minutes=minutes), 3, 7)


def booked(booking_id: int, starts: datetime) -> dict[str, Any]:
    slot = slot_of(starts)
    return lesson(
        booking_id=booking_id, starts_at_utc=slot.starts_at_utc, ends_at_utc=slot.ends_at_utc, instructor_id=3,
        aircraft_id=7, status="scheduled",
    )  # fmt: skip


def hour_in(sky: Sequence[str], starts: Sequence[datetime], hour_utc: datetime) -> dict[str, pd.DataFrame]:
    """Return an hour's stored rows of lessons at these starts; the weather is each hour's from the test's first."""
    snapshot = frame([booked(key, start) for key, start in enumerate(starts)], BOOKING_COLUMNS)
    hours: list[dict[str, Any]] = []
    for number, name in enumerate(sky):
        facts = SKIES[name]
        if facts is not None and at(number) >= hour_utc:
            hours += [weather(number)] * (name == "at times fog") + [weather(number, **facts)]
    found = assess(
        lessons_ahead(snapshot, hour_utc, 72), frame(hours, FORECAST_COLUMNS), DEFAULTS, AIRPORTS, RUNWAYS, SUNS,
        first_hour_utc=hour_utc,
    )  # fmt: skip
    return {
        "booking_snapshot": snapshot,
        "lesson_verdicts": found.by_booking,
        "at_risk_bookings": found.broken,
    } | NOTHING


def says_above(standing: BookingStatus, state: CaseState, told: Slot, now_utc: datetime) -> list[str]:
    """Return everything that a dispatch would send about this lesson that claims a forecast above the minimums."""
    case = Case(state, told, (), told.starts_at_utc - BUFFER)
    said: list[str] = []
    if state in OPEN_STATES:
        step = next_transition(case, standing, now_utc)
        said += [step.event] if step is not None and "above" in step.why else []
        offer = replace(case, deadline_utc=now_utc + HOUR)
        step = next_standby_transition(offer, standing, now_utc, waits_on_hold=True, is_free=True)
        said += [step.event] if step is not None and "above" in step.why else []
    elif standing.may_be_released(now_utc):
        said.append("released")
    return said


@examples(RUNS, "verdict, time, state and status have a few hundred combinations")
@given(
    verdict=VERDICTS, quarter=st.sampled_from(QUARTERS), late=HOURS_LATE, state=STATES, status=STATUSES, by=SETTERS,
    moved=st.sampled_from([0, 0, 0, 15]),
)  # fmt: skip
def test_nobody_is_told_that_all_is_well_but_by_a_stored_verdict(
    verdict: str | None, quarter: int, late: timedelta, state: CaseState, status: str, by: Any, moved: int
) -> None:
    told, now_utc = slot_of(at(quarter / 4)), NOW + late
    findings = Findings({}, {1: verdict} if verdict is not None else {})
    now_at = replace(told, starts_at_utc=told.starts_at_utc + timedelta(minutes=moved))
    seen = findings.but_for({1} if now_at != told else ())
    live = CaseLesson(now_at, status, by if status == "weather_hold" else None, 1)

    said = says_above(booking_status(live, seen.verdict(1)), state, told, now_utc)

    if said:
        assert verdict == "ok"
        assert told.starts_at_utc > now_utc
        assert not moved
        assert status not in {"cancelled", "completed"}
    if "released" in said:
        assert by == "platform"


def is_known(sky: Sequence[str], starts: datetime, hour_utc: datetime) -> bool:
    """Return whether every hour of the buffered lesson, from the hour on, has readable weather: computed by hand."""
    first, last = starts - BUFFER, starts + HOUR + BUFFER
    touched = [n for n in range(-24, 48) if at(n) < last and at(n + 1) > first and at(n) >= hour_utc]
    return bool(touched) and all(n < len(sky) and sky[n] not in {"none", "unreadable"} for n in touched)


@examples(SKY_RUNS, "each example is a whole hour of many lessons")
@given(
    sky=st.lists(st.sampled_from(["fine", "fine", "fine", *SKIES]), min_size=0, max_size=12),
    hour=st.integers(0, 3).map(at),
)
def test_a_verdict_that_clears_comes_from_a_whole_forecast_of_a_lesson_that_is_ahead(
    sky: list[str], hour: datetime
) -> None:
    starts = [at(quarter / 4) for quarter in QUARTERS]
    findings = findings_in(hour_in(sky, starts, hour))
    for booking_id, start in enumerate(starts):
        if findings.verdict(booking_id) in {"ok", "watch"}:
            assert start >= hour
            assert is_known(sky, start, hour)
        assert start >= hour or findings.verdict(booking_id) is None


@pytest.mark.parametrize(
    ("stored", "broken", "reads"),
    [
        (None, None, None),
        ("ok", None, "ok"),
        ("watch", "watch", "watch"),
        ("ok", "at_risk", "at_risk"),
        ("at_risk", None, "at_risk"),
        (None, "unknown", "unknown"),
    ],
)
def test_of_two_verdicts_the_worse_counts_and_none_is_none(
    stored: str | None, broken: str | None, reads: str | None
) -> None:
    fog = hour_in(["fog"] * 8, [at(2)], NOW)["at_risk_bookings"]
    verdicts = frame([{"booking_id": 0, "verdict": stored}] if stored else [], VERDICT_COLUMNS)
    rows = fog.assign(verdict=broken) if broken else fog.head(0)
    snapshot = frame([booked(0, at(2))], BOOKING_COLUMNS)
    hour = {"booking_snapshot": snapshot, "lesson_verdicts": verdicts, "at_risk_bookings": rows, **NOTHING}
    assert findings_in(hour).verdict(0) == reads


TOLD = slot_of(at(4))
LATER = slot_of(at(30))
ASKS = Case(CaseState.PROPOSED, TOLD, (LATER,), at(3.5))
TAKEN = replace(ASKS, state=CaseState.STUDENT_ACCEPTED)
FINE = BookingStatus("ok", TOLD)


@pytest.mark.parametrize(
    ("case", "standing", "now_utc", "event", "state"),
    [
        (ASKS, FINE, at(1), "cleared", "cleared"),
        (ASKS, replace(FINE, verdict=None), at(1), None, None),
        (ASKS, replace(FINE, verdict="watch"), at(1), None, None),
        (ASKS, FINE, at(4), "begun", "expired"),
        (ASKS, replace(FINE, verdict="at_risk"), at(5), "begun", "expired"),
        (ASKS, replace(FINE, verdict=None), at(3.5), "expired", "expired"),
        (ASKS, replace(FINE, verdict=None, on_hold=False), at(3.5), "changed", "cancelled"),
        (ASKS, replace(FINE, lesson=None), at(5), "cancelled", "cancelled"),
        (ASKS, replace(FINE, lesson=LATER), at(5), "changed", "cancelled"),
        (ASKS, replace(FINE, is_flown=True), at(1), "begun", "cancelled"),
        (TAKEN, FINE, at(5), None, None),
        (TAKEN, replace(FINE, lesson=None), at(1), "cancelled", "cancelled"),
        (TAKEN, replace(FINE, is_flown=True), at(5), "begun", "cancelled"),
    ],
)
def test_how_a_case_ends(
    case: Case, standing: BookingStatus, now_utc: datetime, event: str | None, state: str | None
) -> None:
    step = next_transition(case, standing, now_utc)
    assert (step and step.event, step and step.state.value) == (event, state)
