"""The names that the documentation has for stacks, services, alarms, logs, queues and secrets are in the templates."""

import re
from pathlib import Path
from typing import Any

import pytest

from flightsched_pipelines_tests.integration.infrastructure.assembly import Assembly
from flightsched_pipelines_tests.servers.compose import ROOT

PAGES = sorted((ROOT / "docs").rglob("*.md"))
ENVIRONMENT = r"(?:production|development|ENV|\{env\}|<ENVIRONMENT>)"
OF_AN_ENVIRONMENT = re.compile(rf"(?<![\w./#-])(/?[a-z][a-z/-]*[-/]{ENVIRONMENT}(?:/[a-z-]+)?)(?![\w-])")
NAMING = re.compile(r"(?:Name|Family|Identifier|Id)$")
NO_NAMES = {"/aws/lambda/weather-monitor-production"}
"""Names of the previous system."""

OF_OPTIONS = {
    "--service": "AWS::ECS::Service", "--services": "AWS::ECS::Service", "--service-name": "AWS::ECS::Service",
    "--alarm-name-prefix": "AWS::CloudWatch::Alarm",
}  # fmt: skip
"""Options whose names do not end with the environment, and whose type has the names, or names that begin so."""


@pytest.fixture
def names(production: Assembly) -> set[str]:
    """Return every name in the production's templates, those of its stacks and log streams too."""
    found = {file.name.removesuffix(".template.json") for file in production.files}
    for _, resource in production.resources():
        found |= _names(resource.get("Properties", {}))
    return found


def _names(properties: dict[str, Any]) -> set[str]:
    return {value for key, value in properties.items() if NAMING.search(key) and isinstance(value, str)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_name_of_an_environment_is_in_the_templates(page: Path, names: set[str]) -> None:
    said = set(OF_AN_ENVIRONMENT.findall(page.read_text(encoding="utf-8"))) - NO_NAMES
    assert {name for name in said if re.sub(ENVIRONMENT, "production", name) not in names} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_service_and_prefix_of_alarms_is_in_the_templates(page: Path, production: Assembly) -> None:
    for option, name in re.findall(r"(--[a-z-]+) ([a-z][a-z-]*)", page.read_text(encoding="utf-8")):
        if option in OF_OPTIONS:
            there = [one for properties in production.properties(OF_OPTIONS[option]) for one in _names(properties)]
            assert any(one == name or (option.endswith("-prefix") and one.startswith(name)) for one in there), name


def test_names_are_found(names: set[str]) -> None:
    said = {name for page in PAGES for name in OF_AN_ENVIRONMENT.findall(page.read_text(encoding="utf-8"))}
    assert len(said) > 20
    assert {"flightsched-production", "/flightsched/production", "heartbeat-production"} <= names
