"""``flightsched alerts``: an operator's commands, and their output."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from flightsched_pipelines.database.engine import connect
from flightsched_pipelines.domain.monitoring.alert_lifecycle import CheckStatus
from flightsched_pipelines.domain.monitoring.catalogue_markdown import markdown
from flightsched_pipelines.services.monitoring.alerts import record_statuses
from flightsched_pipelines_tests.conftest import settings_for
from flightsched_pipelines_tests.integration.cli.conftest import Type

NOW = datetime.now(UTC)


@pytest.fixture
def database(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Engine:
    monkeypatch.setenv("DATABASE_URL", database_url)
    return connect(settings_for(database_url=database_url))


def standing(*, passed: bool = False, at: datetime = NOW) -> CheckStatus:
    return CheckStatus("raw_weather:providers_answer", "weather", "error", passed, "100 % failed", "mend", "x", at, at)


def test_alerts_are_listed_silenced_and_kept(database: Engine, flightsched: Type) -> None:
    assert "no alerts open" in flightsched("alerts").out
    record_statuses(database, [standing()], NOW, settings_for(mail_via="off"))
    shown = flightsched("alerts").out
    assert "weather" in shown
    words = " ".join(shown.split())
    assert words.index("raw_weather:providers_answer:") < words.index("100 % failed"), "in their order, at 80 columns"

    assert "weather is muted until" in flightsched("alerts", "silence", "weather", "--why", "known").out
    assert "muted until" in flightsched("alerts").out
    assert "is no longer muted" in flightsched("alerts", "silence", "weather", "--hours", "0", "--why", "mended").out
    later = NOW + timedelta(seconds=1)
    record_statuses(database, [standing(passed=True, at=later)], later, settings_for(mail_via="off"))
    assert "weather" in flightsched("alerts").out
    database.dispose()


@pytest.mark.usefixtures("database")
def test_an_alert_that_does_not_exist_is_said_so(flightsched: Type) -> None:
    told = flightsched("alerts", "silence", "wether", "--why", "known")
    assert told.code == 2
    assert "there is no alert 'wether'; there are database, delivery" in told.err


def test_the_list_of_alarms_needs_no_database(flightsched: Type) -> None:
    assert flightsched("alerts", "--markdown").out == markdown()
