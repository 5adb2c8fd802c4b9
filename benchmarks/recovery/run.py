"""Everything killed with -9 at twenty moments: ``python -m benchmarks.recovery.run [--kills N] [--json FILE]``.

In a home of its own `flightsched dev` runs, with mail into a folder and a stand-in for Amazon. Before each kill there
is work of every kind: messages that are due, responses in the queue, and an hour that was launched. Then, at a random
moment, all processes are killed, PostgreSQL's too, and `flightsched dev` is started again. Measured is the time from
that start until every message is delivered, every response on record, the hour run, and no run from before the kill
recorded as under way. The aim is three minutes for each.
"""

import argparse
import json
import os
import random
import statistics
import tempfile
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.measure import machine, markdown
from benchmarks.recovery.platform import Platform, running
from flightsched_pipelines.clients.delivery import aws
from flightsched_pipelines.database import embedded, migrations
from flightsched_pipelines.database.engine import connect
from flightsched_pipelines.database.seed import seed
from flightsched_pipelines.settings import Settings
from flightsched_pipelines_tests.conftest import keep_awake
from flightsched_pipelines_tests.servers import moto_server
from flightsched_pipelines_tests.servers.ports import free_port

AIM_SECONDS = 180
LONGEST_SECONDS = 600
RESPONSES = 20
LATEST_SECONDS = 25
"""Maximum time from the work to the kill: runs take about as long to start and to do it."""

AGAIN = (
    "UPDATE school.outbox SET status = 'waiting', next_attempt_at = now(), settled_at = NULL, attempts = 0, "
    "expires_at = NULL WHERE status <> 'waiting' AND channel = 'email'"
)
UNDELIVERED = "SELECT count(*) FROM school.outbox WHERE status IN ('waiting', 'sending') AND next_attempt_at <= now()"
ON_RECORD = "SELECT count(*) FROM school.responses WHERE key = ANY(%s)"
HOUR_RUN = (
    "SELECT count(*) FROM pipeline.partitions WHERE name = 'proposals_are_valid' AND partition_hour = %s AND at > %s"
)


@dataclass(frozen=True, slots=True)
class Recovered:
    """The time of the kill, the work in progress, and the seconds from the restart until everything was recovered."""

    killed_after: float
    runs_under_way: int
    messages_waiting: int
    responses_waiting: int
    delivered: float
    answered: float
    hour: float
    runs_ended: float


def main() -> None:
    """Kill and measure, and print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--kills", type=int, default=20)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--json", type=Path, help="write the figures to this file too")
    chosen = options.parse_args()
    random.seed(chosen.seed)
    found: list[Recovered] = []
    with tempfile.TemporaryDirectory() as folder, moto_server.running() as amazon:
        home = Path(folder)
        keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        os.environ.update(keys)
        aws.bootstrap(moto_server.REGION, amazon, "development")
        _fill(home)
        variables = keys | {
            "AWS_REGION": moto_server.REGION, "AWS_ENDPOINT_URL": amazon, "MAIL_PER_SECOND": "5",
        }  # fmt: skip
        with running(home, free_port(), variables) as platform:
            platform.launch("hourly_tick", **{"dagster/partition": f"{_hour():%Y-%m-%d-%H:00}"})
            platform.wait_until("people are told", lambda: platform.count("SELECT count(*) FROM school.outbox") > 20)
            queue = aws.Queue(moto_server.REGION, amazon, aws.responses_queue("development"))
            for kill in range(chosen.kills):
                found.append(_one_kill(platform, queue, kill))
                print(found[-1], flush=True)
    _report(found)
    if chosen.json:
        chosen.json.write_text(json.dumps([asdict(one) for one in found], indent=1) + "\n")


def _fill(home: Path) -> None:
    embedded.start(home)
    engine = connect(Settings(flightsched_home=home))
    migrations.upgrade(engine)
    seed(engine, _hour())
    keep_awake(engine)
    engine.dispose()


def _one_kill(platform: Platform, queue: aws.Queue, kill: int) -> Recovered:
    """Give work of every kind, kill at a moment of chance, start, and measure."""
    keys = [f"recovery-{kill:03}-{number:03}" for number in range(RESPONSES)]
    platform.launch("hourly_tick", **{"dagster/partition": f"{_hour():%Y-%m-%d-%H:00}"})
    hour, given = _hour(), datetime.now(UTC)
    platform.do(AGAIN)
    for number, key in enumerate(keys, 1):
        response = {"key": key, "case_id": number, "action": "withdraw", "role": "student", "person_id": number}
        queue.send(json.dumps(response), {})
    killed_after = random.uniform(0, LATEST_SECONDS)  # noqa: S311, a moment, not a secret
    time.sleep(killed_after)
    waiting = platform.count(UNDELIVERED)
    unanswered = RESPONSES - platform.count(ON_RECORD, keys)
    killed_at = time.time()
    under_way = platform.unfinished_before(killed_at)
    platform.kill()
    began = time.monotonic()
    platform.start()
    seconds: dict[str, float] = {}
    conditions = {
        "delivered": lambda: platform.count(UNDELIVERED) == 0,
        "answered": lambda: platform.count(ON_RECORD, keys) == RESPONSES,
        "hour": lambda: platform.count(HOUR_RUN, hour, given) > 0,
        "runs_ended": lambda: platform.unfinished_before(killed_at) == 0,
    }

    def look() -> bool:
        for name, condition in conditions.items():
            if name not in seconds and condition():
                seconds[name] = round(time.monotonic() - began, 1)
        return len(seconds) == len(conditions)

    platform.wait_until(f"all is well after kill {kill}: {seconds}", look, within=LONGEST_SECONDS)
    platform.await_ui()
    return Recovered(round(killed_after, 1), under_way, waiting, unanswered, **seconds)


def _hour() -> datetime:
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


def _report(found: list[Recovered]) -> None:
    print(machine("dagster", "psycopg", "psutil"), "\n")
    names = {
        "delivered": "every message is delivered", "answered": "every response is on record",
        "hour": "the hour is run and proven", "runs_ended": "no run of before is under way",
    }  # fmt: skip
    rows: list[list[object]] = []
    for name, words in names.items():
        seconds = sorted(float(getattr(one, name)) for one in found)
        met = sum(one <= AIM_SECONDS for one in seconds)
        rows.append([words, f"{statistics.median(seconds):.0f}", f"{seconds[-1]:.0f}", f"{met} of {len(seconds)}"])
    print(markdown(["from the start until", "s, median", "s, longest", f"within {AIM_SECONDS} s"], rows))
    busy = sum(one.runs_under_way for one in found)
    print(f"\n{len(found)} kills; under way when they came: {busy} runs")


if __name__ == "__main__":
    main()
