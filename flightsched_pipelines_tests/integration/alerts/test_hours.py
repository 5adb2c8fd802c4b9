"""Faults of an hour, made to happen through the real graph: told once, and resolved by the next good run."""

from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Self

import pytest
from pydantic import SecretStr
from sqlalchemy import create_engine, text

from flightsched_pipelines.clients.heartbeat import HeartbeatError, beat
from flightsched_pipelines_tests.integration.alerts.watch import TurnedClock, Watch


class SignsOfLife:
    """Whoever is behind HEARTBEAT_URL."""

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
                """Say nothing."""

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
        with pytest.raises(HeartbeatError, match="HEARTBEAT_URL says 500"):
            beat(outside.url)
    with pytest.raises(HeartbeatError, match="cannot be reached") as unreached:
        beat(outside.url)
    assert "secret" not in str(unreached.value)


BROKEN = (
    "UPDATE pipeline.observations SET temperature_c = temperature_c + 40, hour_utc = partition_hour",
    (
        "INSERT INTO pipeline.observations SELECT (jsonb_populate_record(o, jsonb_build_object('temperature_c', 0, "
        "'partition_hour', partition_hour - interval '1 hour', 'hour_utc', hour_utc - interval '1 hour'))).* "
        "FROM pipeline.observations o"
    ),
    "UPDATE pipeline.forecasts SET temperature_c = temperature_c + 40 WHERE source = 'METAR'",
    "UPDATE pipeline.forecasts SET age_minutes = 900 WHERE source = 'TAF'",
    "UPDATE pipeline.forecasts SET flight_category = 'LIFR' WHERE source = 'OpenWeatherMap'",
    "UPDATE pipeline.at_risk_bookings SET verdict = 'unknown'",
    (
        "INSERT INTO pipeline.at_risk_bookings (partition_hour, booking_id, verdict, rule, airport, hour_utc, "
        "explanation) SELECT partition_hour, booking_id, 'at_risk', 'ceiling', departure, starts_at_utc, '' "
        "FROM pipeline.booking_snapshot WHERE starts_at_utc >= partition_hour"
    ),
    "UPDATE pipeline.reschedule_proposals SET aircraft_id = aircraft_id + 1 WHERE rank = 1",
    (
        "INSERT INTO school.llm_calls (partition_hour, booking_id, question_digest, prompt_version, model, status, "
        "attempts, input_tokens, cached_tokens, output_tokens, cost_usd, latency_seconds) "
        "VALUES (now(), 1, 'd', 'v', 'm', 'ok', 1, 0, 0, 0, 4.5, 1)"
    ),
)
"""What a bug, or a sky that has gone mad, would leave behind in the tables of an hour."""


def test_rows_that_cannot_be_so_are_told_by_the_checks_on_data_and_resolved(watch: Watch) -> None:
    watch.settings = watch.settings.model_copy(update={"openai_api_key": SecretStr("test")})
    tables = ("observations", "forecasts", "at_risk_bookings", "reschedule_proposals")
    with watch.engine.begin() as connection:
        for table in tables:
            connection.execute(text(f"CREATE TABLE public.{table} AS TABLE pipeline.{table}"))
        for statement in BROKEN:
            connection.execute(text(statement))
    found = watch.check_data(watch.hour)
    assert found == {
        "weather_moves_plausibly", "tafs_are_fresh", "providers_agree", "unknown_share_is_low",
        "at_risk_share_is_usual", "threatened_have_alternatives", "llm_ranks", "llm_cost_is_in_budget",
        "proposals_are_valid",
    }  # fmt: skip
    assert watch.told() == ["llm opened", "rescheduler opened", "weather opened"]
    with watch.engine.begin() as connection:
        for table in tables:
            connection.execute(text(f"TRUNCATE pipeline.{table}"))
            connection.execute(text(f"INSERT INTO pipeline.{table} SELECT * FROM public.{table}"))  # noqa: S608
        connection.execute(text("UPDATE pipeline.reschedule_proposals SET ranked_by = 'llm'"))
        connection.execute(text("DELETE FROM school.llm_calls"))
    assert watch.check_data(watch.hour) == set()
    assert watch.told() == ["llm resolved", "rescheduler resolved", "weather resolved"]
