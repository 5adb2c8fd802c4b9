"""The smoke test of a deployment finds what is wrong, and changes nothing but the sink."""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import httpx
import pytest
from sqlalchemy import Engine, func, select
from starlette.testclient import TestClient

from flightsched_pipelines.cli.setup import drain
from flightsched_pipelines.clients.delivery.mail import read_maildir
from flightsched_pipelines.database.schema import metadata
from flightsched_pipelines.portal.app import build_portal
from flightsched_pipelines.portal.site import Site
from flightsched_pipelines.services.monitoring.smoke import smoke_test
from flightsched_pipelines_tests.conftest import SEED_HOUR, settings_for
from flightsched_pipelines_tests.integration.cli.conftest import Type, flightsched

__all__ = ["flightsched"]  # a fixture

NOW = SEED_HOUR + timedelta(minutes=20)
SINK = "sink@example.com"
TABLES = [table for table in metadata.sorted_tables if table.schema == "school"]


def rows(engine: Engine) -> list[int]:
    with engine.connect() as connection:
        return [connection.execute(select(func.count()).select_from(table)).scalar_one() for table in TABLES]


@pytest.mark.parametrize("database", ["ticked_engine", "told_engine"])
def test_a_sound_deployment_passes_and_nothing_is_changed_but_the_sink(
    database: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    engine: Engine = request.getfixturevalue(database)
    settings = settings_for(flightsched_home=tmp_path)
    before = rows(engine)
    with TestClient(build_portal(Site(engine, settings, lambda: NOW))) as client:
        portal: Any = client  # it is used as an HTTP client is, whichever package's it is
        found = list(smoke_test(portal, engine, settings, SINK, timedelta(hours=2), NOW))

    assert [(one.name, one.state) for one in found] == [
        ("portal", "ok"), ("portal", "ok"), ("last good hour", "ok"), ("dispatch", "ok"), ("mail", "ok"),
    ]  # fmt: skip
    assert rows(engine) == before
    (mail,) = read_maildir(tmp_path / "mail")
    assert SINK in str(mail["To"])


def test_each_fault_is_found_with_what_to_do(engine: Engine, tmp_path: Path) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/healthz":
            raise httpx.ConnectError("refused")
        if request.url.path == "/readyz":
            return httpx.Response(503, text="not ready: the database is away")
        return httpx.Response(200, json={"last_good_hour_utc": "2026-11-10T09:00:00Z"})

    settings = settings_for(flightsched_home=tmp_path, mail_via="off")
    with httpx.Client(transport=httpx.MockTransport(answer), base_url="https://flights.example.com") as portal:
        found = list(smoke_test(portal, engine, settings, SINK, timedelta(hours=2), NOW))

    assert [one.state for one in found] == ["wrong"] * 5
    assert all(one.remedy for one in found)
    assert [one.found for one in found[:3]] == [
        "ConnectError", "HTTP 503: not ready: the database is away", "2026-11-10 09Z, older than 2 h",
    ]  # fmt: skip
    assert "no hour's proposals" in found[3].found
    assert "MAIL_VIA is off" in found[4].found


def test_a_drain_waits_for_runs_and_names_those_that_do_not_end(
    flightsched: Type, monkeypatch: pytest.MonkeyPatch
) -> None:
    with dg.DagsterInstance.ephemeral() as instance:

        @contextmanager
        def opened(_: object) -> Generator[dg.DagsterInstance]:
            yield instance

        monkeypatch.setattr(drain, "open_instance", opened)
        assert flightsched("drain").out == "no run is under way\n"

        run = dg.DagsterRun(job_name="hourly_tick", status=dg.DagsterRunStatus.STARTED)
        instance.add_run(run)
        stuck = flightsched("drain", "--minutes", "0")
        assert stuck.code == 1
        assert "1 run still under way after 0 min: hourly_tick" in stuck.err

        monkeypatch.setattr(drain.time, "sleep", lambda _: instance.delete_run(run.run_id))  # it ends meanwhile
        assert flightsched("drain").code == 0
