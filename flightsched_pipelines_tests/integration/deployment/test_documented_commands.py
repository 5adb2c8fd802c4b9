"""Every command of ours, of make, Docker, CDK and Amazon that a page gives exists, with its options."""

from pathlib import Path

import pytest

from flightsched_pipelines_tests.integration.deployment.commands import PAGES, commands_of, exists, words_of
from flightsched_pipelines_tests.servers.compose import ROOT


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_of_a_page_exists(page: Path) -> None:
    for command in commands_of(page):
        exists(words_of(command))


def test_commands_are_found() -> None:
    found = [command for page in PAGES for command in commands_of(page)]
    for program, least in {"flightsched": 150, "aws": 40, "make": 20, "docker compose": 15, "npx cdk": 4}.items():
        assert sum(command.startswith(f"{program} ") for command in found) >= least, program
