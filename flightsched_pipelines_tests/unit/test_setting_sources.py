"""Secrets by reference: read when needed, again after a minute, and never shown."""

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from flightsched_pipelines import setting_sources
from flightsched_pipelines.services.monitoring.configuration import configuration
from flightsched_pipelines.setting_sources import LiveSecret, SecretUnreadableError
from flightsched_pipelines.settings import Settings

KEY = "a-signing-key-of-more-than-32-characters"


def test_a_secret_in_a_file_is_read_without_its_newline_and_again_when_it_was_rotated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "key"
    file.write_text(f"{KEY}\n")
    monkeypatch.setenv("SECRET_KEY_FILE", str(file))
    secret = Settings().secret_key
    assert secret is not None
    assert secret.get_secret_value() == KEY

    file.write_text("the next one, which is as long as the other\n")
    assert secret.get_secret_value() == KEY, "for a minute the one that was read counts"
    monkeypatch.setattr(setting_sources, "CACHE_SECONDS", 0)
    assert secret.get_secret_value().startswith("the next one")

    file.unlink()
    assert secret.get_secret_value().startswith("the next one"), "an outage takes no secret away"


def test_a_refused_secret_is_read_again_at_once() -> None:
    values = iter(["old", "new"])
    secret = LiveSecret("X", lambda: (next(values), None))
    assert (secret.get_secret_value(), secret.get_secret_value()) == ("old", "old")
    secret.renew()
    assert secret.get_secret_value() == "new"


def test_every_problem_is_named_at_once_and_no_value_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "OPENAI_API_KEY": "in the open", "OPENAI_API_KEY_FILE": str(tmp_path / "key"),
        "REDIS_URL_FILE": str(tmp_path / "missing"), "SLACK_WEBHOOK_URL_SECRET": "slack", "LOOKAHEAD_HOURS": "0",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError) as refused:
        Settings()
    said = {str(fault["loc"][0]): fault["msg"] for fault in refused.value.errors()}
    assert said.keys() == {"openai_api_key", "redis_url", "slack_webhook_url", "lookahead_hours"}
    assert "OPENAI_API_KEY and OPENAI_API_KEY_FILE are set at once" in said["openai_api_key"]
    assert "missing cannot be read: No such file" in said["redis_url"]
    assert "needs AWS_REGION" in said["slack_webhook_url"]
    assert "in the open" not in str(refused.value)


def test_settings_that_lack_another_one_are_all_named() -> None:
    with pytest.raises(ValidationError) as refused:
        Settings(mail_via="ses", sms_via="sns", run_launcher="ecs")
    (fault,) = refused.value.errors()
    assert [line.partition(" is ")[0].removeprefix("Value error, ") for line in fault["msg"].splitlines()] == [
        "MAIL_VIA", "SMS_VIA", "RUN_LAUNCHER",
    ]  # fmt: skip


@pytest.mark.parametrize("nothing", ["", "unset", "unset\n"])
def test_a_secret_that_nobody_entered_yet_is_not_set(
    nothing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key").write_text(nothing)
    monkeypatch.setenv("OPENAI_API_KEY_FILE", str(tmp_path / "key"))
    assert Settings().openai_api_key is None


def test_what_amazon_keeps_of_a_database_is_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = {"engine": "postgres", "host": "db", "port": 5432, "dbname": "x", "username": "me", "password": "p@/:ss"}
    monkeypatch.setattr(
        setting_sources, "amazons_secret", lambda *_: (setting_sources.as_text(json.dumps(parts)), None)
    )
    monkeypatch.setenv("DATABASE_URL_SECRET", "production/database")
    url = Settings().database_url
    assert url is not None
    assert url.get_secret_value() == "postgresql://me:p%40%2F%3Ass@db:5432/x"


def test_a_file_that_is_no_text_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"\xff\xfe")
    with pytest.raises(SecretUnreadableError, match="it is not UTF-8 text"):
        setting_sources.file_secret(str(tmp_path / "key"))()


def test_the_configuration_has_every_setting_with_its_source_and_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "key").write_text(KEY)
    (tmp_path / ".env").write_text("OPENAI_API_KEY=sk-hidden\nLOOKAHEAD_HOURS=48\nALARMS__IS_FRESH=7\n")
    monkeypatch.setenv("SECRET_KEY_FILE", str(tmp_path / "key"))
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:hidden@db/x")
    monkeypatch.setenv("OPENAI_BASE_URL", "https://user:hidden@llm.example.com/v1")
    shown = {one.name: one for one in configuration(Settings())}
    assert shown.keys() == {name.upper() for name in Settings.model_fields}
    assert {name: (one.source, one.value) for name, one in shown.items() if one.source != "default"} == {
        "SECRET_KEY": (f"file {tmp_path}/key", "set"),
        "DATABASE_URL": ("environment", "set"),
        "OPENAI_BASE_URL": ("environment", "https://...@llm.example.com/v1"),
        "OPENAI_API_KEY": (".env", "set"),
        "LOOKAHEAD_HOURS": (".env", "48"),
        "ALARMS": (".env", "is_fresh=7"),
    }
    assert shown["SLACK_BOT_TOKEN"].value is None
    assert "hidden" not in str(shown)
    assert KEY not in str(shown)
