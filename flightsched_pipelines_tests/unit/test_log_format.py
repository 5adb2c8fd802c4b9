"""LOG_FORMAT reaches every service, in containers, on Amazon and of ``flightsched dev``."""

from collections.abc import Sequence

import pytest
from click.testing import CliRunner
from dagster._cli import ENV_PREFIX, cli

from flightsched_pipelines.cli.setup.dev import LOG_FORMAT_OF_CODE_SERVERS, service_commands
from flightsched_pipelines.settings import Settings
from flightsched_pipelines_tests.servers.compose import load
from infrastructure.service_roles import ROLES

OF_DAGSTER = ("code-location", "daemon", "webserver", "viewer")


def format_in(command: Sequence[str]) -> str | None:
    """Return the form of the log that a command asks for."""
    return command[command.index("--log-format") + 1] if "--log-format" in command else None


@pytest.mark.parametrize(("variables", "form"), [({}, "colored"), ({"LOG_FORMAT": "json"}, "json")])
def test_containers_log_in_the_form_of_the_setting(variables: dict[str, str], form: str) -> None:
    services = load(variables)["services"]
    assert {format_in(services[name]["command"]) for name in OF_DAGSTER} == {form}
    assert {services[name]["environment"]["LOG_FORMAT"] for name in ("portal", "code-location")} == {form}


def test_tasks_on_amazon_log_in_json() -> None:
    assert {format_in(ROLES[name].command) for name in OF_DAGSTER} == {"json"}


def test_dev_hands_the_form_to_all_that_it_starts() -> None:
    commands = service_commands(Settings(log_format="json"), "127.0.0.1", 3000)
    assert {format_in(commands[name]) for name in ("webserver", "daemon")} == {"json"}


def test_dagsters_code_servers_read_the_variable() -> None:
    arguments = ["api", "grpc", "--port", "1", "--module-name", "none"]
    refused = CliRunner().invoke(cli, arguments, auto_envvar_prefix=ENV_PREFIX, env={LOG_FORMAT_OF_CODE_SERVERS: "x"})
    assert refused.exit_code == 2
    assert "--log-format" in refused.output
