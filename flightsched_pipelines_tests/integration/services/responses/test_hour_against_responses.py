"""Responses and an hour's run at the same moment, in either order: no update is lost, and messages never contradict."""

import threading
from collections import Counter
from collections.abc import Callable, Collection, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from itertools import cycle, pairwise
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import Engine, event

from flightsched_pipelines.database.engine import connect
from flightsched_pipelines.domain.cases.responses import CaseResponse
from flightsched_pipelines.services.notifications.dispatch import DispatchResult, dispatch
from flightsched_pipelines.services.responses.respond import ResponseOutcome
from flightsched_pipelines_tests.conftest import SEED_HOUR, settings_for
from flightsched_pipelines_tests.integration.services.helpers import (
    HOUR,
    OVERLAPS,
    SETTINGS,
    cases,
    give,
    next_hour,
    one,
    rows,
    run,
    said,
    say,
    stored,
)
from flightsched_pipelines_tests.integration.services.test_races import DEADLOCKS

AT = SEED_HOUR + HOUR + timedelta(minutes=8)
"""The time of the next hour's dispatch."""

OFFERED = ("reschedule_candidates", "reschedule_proposals")
OF_EACH = 6
MOST_LOOKS = 1000

PATIENCE_SECONDS = 60
"""Nothing waits that long unless the test is to fail."""

WAITING = (
    "SELECT count(DISTINCT pid) FROM pg_locks l JOIN pg_stat_activity a USING (pid) "
    "WHERE NOT granted AND datname = current_database()"
)

ENDED = {"rescheduled", "cleared", "expired", "declined", "cancelled", "kept"}
LAST_TOLD = {
    "open": {"opened", "updated", "hold_released", "reminded"},
    "proposed": {"opened", "updated", "withdrawn", "hold_released", "reminded"},
    "student_accepted": {"accepted", "reminded"},
    "rescheduled": {"moved"},
    "cleared": {"cleared"},
    "expired": {"expired"},
    "declined": {"declined"},
    "cancelled": {"cancelled", "changed"},
    "kept": {"kept"},
}
"""The newest message that a student may have, by the state of the case."""


def all_is_well(engine: Engine) -> None:
    """Check that nothing is taken twice, changes are audited, no ended case moved, and the newest message is true."""
    assert one(engine, OVERLAPS) == 0
    assert one(engine, DEADLOCKS) == 0
    trails: dict[int, list[Any]] = {}
    for row in rows(engine, "SELECT case_id, from_state, to_state, event FROM school.case_events ORDER BY id"):
        trails.setdefault(row.case_id, []).append(row)
    standing = dict(rows(engine, "SELECT id, state FROM school.reschedule_cases"))
    assert {case_id: trail[-1].to_state for case_id, trail in trails.items()} == standing
    for trail in trails.values():
        assert trail[0].from_state is None
        assert all(before.to_state == after.from_state for before, after in pairwise(trail)), trail
        assert all(after.event == "released" for before, after in pairwise(trail) if before.to_state in ENDED), trail
    moved = Counter(case_id for case_id, trail in trails.items() for step in trail if step.event == "moved")
    assert set(moved.values()) <= {1}
    assert one(engine, "SELECT sum(times_moved) FROM school.bookings") == moved.total()
    last = (
        "SELECT DISTINCT ON (case_id) case_id, event FROM school.outbox "
        "WHERE role = 'student' AND channel = 'email' AND case_id IS NOT NULL AND status <> 'suppressed' "
        "ORDER BY case_id, id DESC"
    )
    for case_id, told in rows(engine, last):
        assert told in LAST_TOLD[standing[case_id]], (case_id, standing[case_id], told)
    on_hold = (
        "SELECT count(*) FROM school.bookings b JOIN school.reschedule_cases c ON c.booking_id = b.id "
        "WHERE c.closed_at IS NULL AND c.freed_slot_id IS NULL AND b.status <> 'weather_hold'"
    )
    assert one(engine, on_hold) == 0


@contextmanager
def clients_of(engine: Engine, number: int) -> Generator[tuple[Engine, ThreadPoolExecutor]]:
    """Connections and threads for many at once."""
    url = engine.url.render_as_string(hide_password=False)
    pool = connect(settings_for(database_url=url, database_pool_size=number))
    try:
        with ThreadPoolExecutor(number) as hands:
            yield pool, hands
    finally:
        pool.dispose()


@contextmanager
def at_each_commit(engine: Engine, do: Callable[[], object]) -> Generator[None]:
    """Do something right before each commit of these connections."""

    def listen(_connection: object) -> None:
        do()

    event.listen(engine, "commit", listen)
    try:
        yield
    finally:
        event.remove(engine, "commit", listen)


def waits_or_is_done(engine: Engine, *work: Future[Any]) -> None:
    """Wait until each of these is done, or waits for a lock of another."""
    pause = threading.Event()
    for _ in range(MOST_LOOKS):
        under_way = sum(not one_.done() for one_ in work)
        if under_way == 0 or one(engine, WAITING) >= under_way:
            return
        pause.wait(0.02)
    raise AssertionError("somebody neither waits nor comes to an end")


def without_the_first(engine: Engine, table: str, booking_ids: Collection[int]) -> pd.DataFrame:
    """A table's rows, without the first alternative of these bookings."""
    frame, keys = stored(engine, table), ["booking_id", "starts_at_utc", "aircraft_id"]
    proposals = stored(engine, "reschedule_proposals")
    lost = proposals[(proposals["rank"] == 1) & proposals["booking_id"].isin(booking_ids)]
    return frame[~pd.MultiIndex.from_frame(frame[keys]).isin(pd.MultiIndex.from_frame(lost[keys]))]


@pytest.fixture
def known(told_engine: Engine) -> list[int]:
    """Cases that the next hour clears, updates and expires, in turn; of each kind every second one is accepted."""
    found = [case_id for case_id, _ in cases(told_engine) + cases(told_engine, solo=True)][: 3 * OF_EACH]
    of = dict(rows(told_engine, "SELECT id, booking_id FROM school.reschedule_cases"))
    cleared, updated = ({of[case_id] for case_id in found[start::3]} for start in range(2))
    for case_id in found[: len(found) // 2]:
        assert say(told_engine, case_id, "accept", AT - timedelta(minutes=2), number=1).applied
    at_risk = stored(told_engine, "at_risk_bookings")
    offered = {name: without_the_first(told_engine, name, updated) for name in OFFERED}
    next_hour(told_engine, 1, at_risk_bookings=at_risk[~at_risk["booking_id"].isin(cleared)], **offered)
    late = "UPDATE school.reschedule_cases SET deadline_utc = :at WHERE id = ANY(:ids) AND state = 'proposed'"
    run(told_engine, late, at=AT - timedelta(minutes=1), ids=found[2::3])
    return found


def answers(case_ids: list[int], engine: Engine) -> list[tuple[int, CaseResponse]]:
    """Return every possible response to each case in its state."""
    standing = dict(rows(engine, "SELECT id, state FROM school.reschedule_cases"))
    takes, confirms = cycle(("accept", "none_suit", "keep")), cycle(("confirm", "withdraw", "decline"))
    said_: list[tuple[int, CaseResponse]] = []
    for case_id in case_ids:
        action = next(confirms if standing[case_id] == "student_accepted" else takes)
        number = 2 if action == "accept" else None
        reason = "the sky is mine" if action == "keep" else ""
        said_.append((case_id, said(action, number=number, reason=reason)))
    return said_


def test_answers_that_come_while_a_dispatch_commits_are_held_against_what_it_did(
    told_engine: Engine, known: list[int]
) -> None:
    with clients_of(told_engine, 4) as (pool, hands):
        given: list[Future[ResponseOutcome]] = []

        def answer() -> None:
            if not given:
                given.extend(hands.submit(give, pool, key, one_, AT) for key, one_ in answers(known, told_engine))
                waits_or_is_done(told_engine, *given[:4])

        with at_each_commit(told_engine, answer):
            assert dispatch(told_engine, AT, SETTINGS).steps.keys() >= {"cleared", "updated", "expired"}
        outcomes = [one_.result(PATIENCE_SECONDS) for one_ in given]
    assert {outcome.applied for outcome in outcomes} == {True, False}
    all_is_well(told_engine)


def test_a_dispatch_that_comes_while_answers_commit_is_held_against_what_they_did(
    told_engine: Engine, known: list[int]
) -> None:
    with clients_of(told_engine, 4) as (pool, hands):
        told: list[Future[DispatchResult]] = []

        def tell() -> None:
            if not told:
                told.append(hands.submit(dispatch, told_engine, AT, SETTINGS))
                waits_or_is_done(told_engine, told[0])

        with at_each_commit(pool, tell):
            outcomes = [give(pool, key, answer, AT) for key, answer in answers(known, told_engine)]
        steps = told[0].result(PATIENCE_SECONDS).steps
    assert any(outcome.applied for outcome in outcomes)
    assert steps.keys() >= {"cleared", "updated"}
    all_is_well(told_engine)


def test_answers_and_dispatches_of_hour_after_hour_all_at_once(told_engine: Engine, known: list[int]) -> None:
    start = threading.Barrier(4)

    def speak(pool: Engine, share: list[tuple[int, CaseResponse]]) -> None:
        start.wait(PATIENCE_SECONDS)
        for case_id, answer in share:
            give(pool, case_id, answer, AT)

    with clients_of(told_engine, 4) as (pool, hands):
        said_ = answers(known, told_engine)
        speakers = [hands.submit(speak, pool, said_[n::3]) for n in range(3)]
        start.wait(PATIENCE_SECONDS)
        for n in range(2, 5):
            dispatch(told_engine, AT + timedelta(minutes=n), SETTINGS)
            next_hour(told_engine, n)
            dispatch(told_engine, AT + (n - 1) * HOUR, SETTINGS)
        for one_ in speakers:
            one_.result(PATIENCE_SECONDS)
    all_is_well(told_engine)


def test_a_lesson_that_moved_after_its_hour_began_is_not_judged_by_where_it_was(told_engine: Engine) -> None:
    case_id, booking_id = cases(told_engine)[0]
    assert say(told_engine, case_id, "accept", AT - timedelta(minutes=3), number=1).applied
    assert say(told_engine, case_id, "confirm", AT - timedelta(minutes=2)).applied
    next_hour(told_engine)  # it took its lessons before the answers came, and found this one below the minimums

    dispatch(told_engine, AT, SETTINGS)

    assert one(told_engine, "SELECT count(*) FROM school.reschedule_cases WHERE booking_id = :id", id=booking_id) == 1
    assert one(told_engine, "SELECT status FROM school.bookings WHERE id = :id", id=booking_id) == "scheduled"
    all_is_well(told_engine)
