"""A database that is down, and heartbeats after each successful hour."""

from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Self

import pytest
from pydantic import SecretStr
from sqlalchemy import create_engine

from flightsched_pipelines.clients.heartbeat import HeartbeatError, ping
from flightsched_pipelines.defs.monitoring.alert_sensors import record_run
from flightsched_pipelines.defs.runs.run_limits import STOPPED_TAG
from flightsched_pipelines_tests.integration.monitoring.builders import TurnedClock, Watch


class SignsOfLife:
    """The monitor behind HEARTBEAT_URL."""

    def __init__(self) -> None:
        self.seen, self.status = 0, 200

    def __enter__(self) -> Self:
        outside = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outside.seen += 1
                self.send_response(outside.status)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002, http.server's name
                """Log nothing."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/secret"
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def test_a_database_that_was_away_is_told_when_it_is_back_and_only_a_completed_hour_is_a_sign_of_life(
    watch: Watch,
) -> None:
    with SignsOfLife() as outside:
        watch.settings = watch.settings.model_copy(update={"heartbeat_url": SecretStr(outside.url)})
        watch.parts = {"engine": create_engine("postgresql+psycopg://127.0.0.1:1/away")}
        assert not watch.run("hourly_tick", watch.hour - timedelta(hours=48)).success
        assert watch.told() == [], "an old hour that is run again alerts nobody"
        assert not watch.run("hourly_tick", watch.hour).success
        assert watch.told() == ["hours opened"]
        assert outside.seen == 0
        watch.parts = {}
        good = watch.run("hourly_tick", watch.hour)
        assert good.success
        assert watch.told() == ["hours resolved"]
        assert outside.seen == 1
        watch.clock = TurnedClock(minutes=48 * 60)
        watch.see(good)
        assert outside.seen == 1, "an hour of the day before yesterday is no sign of life"
        watch.settings = watch.settings.model_copy(update={"heartbeat_url": None})
        watch.see(good)
        assert outside.seen == 1


def test_a_sign_of_life_that_nobody_takes_is_a_fault_that_names_no_secret() -> None:
    with SignsOfLife() as outside:
        outside.status = 500
        with pytest.raises(HeartbeatError, match="HEARTBEAT_URL responded 500"):
            ping(outside.url)
    with pytest.raises(HeartbeatError, match="cannot be reached") as unreached:
        ping(outside.url)
    assert "secret" not in str(unreached.value)


def test_a_run_that_was_under_way_when_a_person_stopped_the_platform_alerts_nobody(watch: Watch) -> None:
    watch.parts = {"engine": create_engine("postgresql+psycopg://127.0.0.1:1/away")}
    failed = watch.execute("hourly_tick", watch.hour)
    watch.instance.add_run_tags(failed.run_id, {STOPPED_TAG: "1"})
    for failed_run, told in ((failed, []), (watch.execute("hourly_tick", watch.hour), ["hours opened"])):
        run = watch.instance.get_run_by_id(failed_run.run_id)
        assert run is not None
        record_run(watch.instance, run, watch.engine, watch.settings, watch.clock.now())
        assert watch.told() == told
