"""The workflows of GitHub: what runs there is pinned, may do little, and deploys in order. They never ran from here."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from flightsched_pipelines_tests.servers.compose import ROOT

GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
SCRIPTS = sorted((GITHUB / "scripts").glob("*.sh"))
NOTES = GITHUB / "scripts" / "release_notes.sh"


def load(name: str) -> dict[str, Any]:
    return yaml.safe_load((GITHUB / "workflows" / f"{name}.yml").read_text())


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_pinned_by_commit_with_its_version_beside(workflow: Path) -> None:
    for used in re.findall(r"uses: (.+)", workflow.read_text()):
        assert used.startswith("./") or re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", used), used


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_nothing_is_permitted_but_what_a_job_asks_for(workflow: Path) -> None:
    described = yaml.safe_load(workflow.read_text())
    assert described["permissions"] == {}
    for job in described["jobs"].values():
        assert job["permissions"]
        assert "timeout-minutes" in job or job["uses"].startswith("./")


def test_production_is_deployed_after_development_and_that_after_all_checks() -> None:
    jobs = load("ci")["jobs"]
    checks = set(jobs) - {"development", "production"}
    assert set(jobs["development"]["needs"]) == checks
    assert "refs/heads/main" in jobs["development"]["if"]
    assert jobs["production"]["needs"] == ["development"]
    assert load("deploy")["jobs"]["deploy"]["environment"] == "${{ inputs.environment }}", "where the approval is asked"


def test_runs_are_drained_and_the_schema_migrated_before_the_services_are_replaced() -> None:
    steps = load("deploy")["jobs"]["deploy"]["steps"]
    commands = [str(step.get("run", "")) for step in steps]
    order = ["push_image.sh", "daemon.sh 0", "flightsched drain", "flightsched db upgrade", "cdk@2 deploy",
             "daemon.sh 1", "services-stable", "flightsched smoke"]  # fmt: skip
    places = [next(place for place, said in enumerate(commands) if words in said) for words in order]
    assert places == sorted(places)
    assert steps[places[order.index("daemon.sh 1")]]["if"] == "always()", "a failed deploy leaves a daemon"


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_can_be_parsed_and_stops_at_the_first_fault(script: Path) -> None:
    assert subprocess.run(["bash", "-n", str(script)], check=False).returncode == 0  # noqa: S603, S607, our own words
    assert "set -euo pipefail" in script.read_text()
    assert any(script.name in workflow.read_text() for workflow in WORKFLOWS)


def test_a_release_needs_the_packages_version_and_a_section_of_the_changelog(tmp_path: Path) -> None:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    changelog = tmp_path / "CHANGELOG.md"

    def notes(tag: str) -> tuple[int, str]:
        done = subprocess.run(  # noqa: S603, our own words
            ["bash", str(NOTES), tag],  # noqa: S607, bash
            cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout.strip()

    changelog.write_text("# Changelog\n\n## [Unreleased]\n\n- soon\n\n## [0.1.0]\n\n- first\n\n## [0.0.9]\n\n- old\n")
    assert notes("v0.1.0") == (0, "- first")
    assert notes("v9.9.9") == (
        1,
        "the tag is v9.9.9, and pyproject.toml has version 0.1.0; tag v0.1.0, or change the version",
    )
    changelog.write_text("# Changelog\n\n## [Unreleased]\n\n- soon\n")
    code, said = notes("v0.1.0")
    assert code == 1
    assert "has no section [0.1.0]" in said
