"""Many responses at once, and servers and workers that die: nothing is booked twice, lost, or left waiting."""

import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sqlalchemy import Engine

from flightsched_pipelines.clients.delivery.mail import read_maildir
from flightsched_pipelines.database import embedded
from flightsched_pipelines.database.engine import connect
from flightsched_pipelines.services.responses.respond import ResponseOutcome
from flightsched_pipelines_tests.conftest import settings_for
from flightsched_pipelines_tests.integration.services.helpers import (
    LATER,
    OVERLAPS,
    cases,
    events,
    give,
    held,
    offer,
    one,
    place,
    rows,
    run,
    said,
    say,
    state,
)

CLIENTS = 32
ATTEMPTS = 150

DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"


def at_once(engine: Engine, clients: int, work: Callable[[Engine, int], None]) -> None:
    """Let many clients work, each on a connection of its own."""
    url = engine.url.render_as_string(hide_password=False)
    pool = connect(settings_for(database_url=url, database_pool_size=clients))
    try:
        with ThreadPoolExecutor(clients) as hands:
            list(hands.map(lambda n: work(pool, n), range(clients)))
    finally:
        pool.dispose()


def test_thirty_two_clients_never_book_anything_twice(told_engine: Engine) -> None:
    known = cases(told_engine) + cases(told_engine, solo=True)
    starts = [row[0] for row in rows(told_engine, "SELECT starts_at_utc FROM school.case_offers")]
    shuffle = random.Random(7)
    for case_id, _ in known:
        run(
            told_engine,
            "UPDATE school.case_offers o SET starts_at_utc = :start, ends_at_utc = CAST(:start AS timestamptz) + "
            "(c.ends_at_utc - c.starts_at_utc) FROM school.reschedule_cases c WHERE c.id = o.case_id "
            "AND o.case_id = :id AND o.number = 2",
            start=shuffle.choice(starts), id=case_id,
        )  # fmt: skip
    outcomes: Counter[str] = Counter()
    faults: list[str] = []

    def work(engine: Engine, n: int) -> None:
        choice = random.Random(n)
        for _ in range(ATTEMPTS):
            case_id, _ = choice.choice(known)
            action = choice.choice(["accept", "accept", "accept", "confirm", "withdraw", "decline"])
            answer = said(action, number=choice.randint(1, 3) if action == "accept" else None)
            try:
                outcomes[give(engine, case_id, answer).outcome] += 1
            except Exception as error:  # noqa: BLE001, whatever it is, it was not handled
                faults.append(f"{type(error).__name__}: {error}")

    at_once(told_engine, CLIENTS, work)

    assert faults == []
    assert outcomes.total() == CLIENTS * ATTEMPTS
    assert outcomes["applied"] > 20
    assert one(told_engine, OVERLAPS) == 0
    assert one(told_engine, DEADLOCKS) == 0
    assert one(told_engine, "SELECT count(*) FROM school.responses") == CLIENTS * ATTEMPTS
    moved = "SELECT count(*) FROM school.bookings WHERE times_moved = 1"
    assert one(told_engine, moved) == one(told_engine, "SELECT count(*) FROM school.case_events WHERE event = 'moved'")


def test_of_fifty_who_accept_one_proposal_one_moves_it_and_the_others_are_told_so(told_engine: Engine) -> None:
    case_id, booking_id = cases(told_engine)[0]
    outcomes: list[ResponseOutcome] = []
    at_once(told_engine, 50, lambda engine, _: outcomes.append(say(engine, case_id, "accept", number=1)))
    assert Counter(outcome.outcome for outcome in outcomes) == {"applied": 1, "already_answered": 49}
    assert all(outcome.sentence.endswith(".") for outcome in outcomes)
    assert held(told_engine, booking_id) == 1
    confirmed: list[ResponseOutcome] = []
    at_once(told_engine, 50, lambda engine, _: confirmed.append(say(engine, case_id, "confirm")))
    assert Counter(outcome.outcome for outcome in confirmed) == {"applied": 1, "ended": 49}
    assert events(told_engine, case_id) == ["opened", "accepted", "confirmed", "moved"]
    assert one(told_engine, "SELECT times_moved FROM school.bookings WHERE id = :id", id=booking_id) == 1


def test_fifty_deliveries_of_one_answer_are_one_answer(told_engine: Engine) -> None:
    case_id, booking_id = cases(told_engine)[0]
    outcomes: list[ResponseOutcome] = []

    def work(engine: Engine, _: int) -> None:
        outcomes.append(say(engine, case_id, "accept", number=1, key="the-very-same"))

    at_once(told_engine, 50, work)
    assert {(outcome.outcome, outcome.sentence) for outcome in outcomes} == {
        (outcomes[0].outcome, outcomes[0].sentence)
    }
    assert outcomes[0].applied
    assert sum(outcome.repeated for outcome in outcomes) == 49
    assert held(told_engine, booking_id) == one(told_engine, "SELECT count(*) FROM school.responses") == 1


def test_a_server_that_is_restarted_mid_run_is_recovered_from_within_five_seconds(
    told_engine: Engine, server_home: Path
) -> None:
    known = cases(told_engine)[:8]
    stop = threading.Event()
    applied: list[float] = []

    def work(engine: Engine, n: int) -> None:
        case_id, _ = known[n]
        while not stop.is_set():
            outcomes = [give(engine, case_id, answer) for answer in (said("accept", number=1), said("withdraw"))]
            applied.extend(time.monotonic() for outcome in outcomes if outcome.applied)

    with ThreadPoolExecutor(1) as runner:
        running = runner.submit(at_once, told_engine, len(known), work)
        while len(applied) < 20 and not running.done():
            time.sleep(0.05)
        usual = applied[19] - applied[0]  # so much time twenty answers take on this machine
        embedded.stop(server_home)
        embedded.start(server_home)
        back = time.monotonic()
        while not any(at > back for at in applied) and not running.done():
            time.sleep(0.02)
        first = min(at for at in applied if at > back)
        stop.set()
        running.result()
    told_engine.dispose()
    assert first - back < 5 + usual
    assert one(told_engine, OVERLAPS) == 0
    assert one(told_engine, "SELECT count(*) FROM school.responses WHERE outcome = 'applied'") >= len(applied)


KILLS = """
import os, signal, sys
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import psycopg
from sqlalchemy import event

from flightsched_pipelines.clients.delivery.mail import Maildir
from flightsched_pipelines.database.engine import application_url, connect
from flightsched_pipelines.services.delivery.outbox_worker import Channel, drain
from flightsched_pipelines.services.responses.respond import respond
from flightsched_pipelines.domain.cases.actions import Action
from flightsched_pipelines.domain.cases.responses import CaseResponse
from flightsched_pipelines.settings import Settings

url, spare, case_id, booking_id = sys.argv[1], *map(int, sys.argv[2:5])
at, settings = datetime.fromisoformat(sys.argv[5]), Settings(database_url=url, outbox_max_attempts=50)
folder = Maildir(Path(sys.argv[6]))
engine = connect(settings)

def confirm(case, key):
    response = CaseResponse(key, case, "terminal", Action.CONFIRM, "instructor")
    return respond(engine, response, at, settings)

assert confirm(spare, "spare").applied  # statements are compiled once, here
engine.dispose()

def stands():
    query = (
        "SELECT status, period, (SELECT count(*) FROM school.bookings h WHERE h.holds_for = b.id), "
        "(SELECT count(*) FROM school.outbox), (SELECT count(*) FROM school.case_events), "
        "(SELECT count(*) FROM school.responses) FROM school.bookings b WHERE id = %s"
    )
    with psycopg.connect(application_url(settings)) as connection:
        return connection.execute(query, [booking_id]).fetchone()

def tell(minutes):
    def send(message, hand_over):
        mail = EmailMessage()
        mail["Subject"] = message.key
        return folder.send(mail, message.key, hand_over)

    # who is killed keeps a lease, which is over by the time of the next
    folder_channel = {"email": Channel(send, knows_keys=True)}
    drain(engine, folder_channel, settings, now=lambda: at + timedelta(hours=3, minutes=minutes))

def killed_before(n, work):
    # before the n-th statement, the commit the last of them; false when the work came through
    if (worker := os.fork()):
        return os.waitpid(worker, 0)[1] == signal.SIGKILL
    said = 0

    def count(*_):
        nonlocal said
        said += 1
        if said == n:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(engine, "before_cursor_execute", count)
    event.listen(engine, "commit", count)
    work()
    os._exit(0)

before, kills = stands(), 0
while killed_before(kills + 1, lambda: confirm(case_id, "killed-move")):
    kills += 1
    assert stands() == before, f"killed before statement {kills}: {stands()}"
told = 0
while killed_before(told + 1, lambda: tell(10 * told)):
    told += 1
print(kills, told)
"""


def test_a_move_and_its_delivery_that_are_killed_before_any_of_their_statements_are_done_once_by_the_next(
    told_engine: Engine, tmp_path: Path
) -> None:
    (case_id, booking_id), (spare, _), *_ = cases(told_engine)
    for number in (case_id, spare):
        assert say(told_engine, number, "accept", number=1).applied
    run(told_engine, "DELETE FROM school.outbox")
    chosen = offer(told_engine, case_id, 1)
    script = tmp_path / "kills.py"
    script.write_text(KILLS)
    url = told_engine.url.render_as_string(hide_password=False)
    numbers = [str(number) for number in (spare, case_id, booking_id)]
    command = [sys.executable, str(script), url, *numbers, LATER.isoformat(), str(tmp_path / "mail")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=1_200)  # noqa: S603
    assert done.returncode == 0, done.stderr[-2_000:]
    kills, kills_of_deliveries = map(int, done.stdout.split())
    assert kills > 12
    assert kills_of_deliveries > 3

    again = say(told_engine, case_id, "confirm", key="killed-move")
    assert (again.outcome, again.repeated) == ("applied", True)
    assert place(told_engine, booking_id) == ("scheduled", *chosen)
    assert events(told_engine, case_id) == ["opened", "accepted", "confirmed", "moved"]
    assert state(told_engine, case_id) == "rescheduled"
    queued = "SELECT key, status FROM school.outbox WHERE channel = 'email' ORDER BY key"
    mails = sorted(str(mail["Subject"]) for mail in read_maildir(tmp_path / "mail"))
    assert rows(told_engine, queued) == [(key, "sent") for key in mails]
    assert sum(f"case-{case_id}/" in key for key in mails) >= 2, mails
