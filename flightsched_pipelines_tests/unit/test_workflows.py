"""The workflows of GitHub: what runs there is pinned, may do little, and deploys in order. They never ran from here."""

import json
import os
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


def test_a_run_that_waits_for_an_approval_holds_up_no_other() -> None:
    concurrency = load("ci")["concurrency"]
    assert concurrency["group"].endswith("github.event_name == 'pull_request' && github.ref || github.run_id }}")
    assert load("deploy")["concurrency"] == {"group": "deploy-${{ inputs.environment }}", "cancel-in-progress": False}


def test_the_tests_have_the_history_whose_code_they_run() -> None:
    checkout = load("ci")["jobs"]["test"]["steps"][0]
    assert checkout["with"]["fetch-depth"] == 0


def test_a_deploy_gets_its_secrets_and_a_missing_webhook_is_reported() -> None:
    jobs = load("ci")["jobs"]
    assert {jobs[name]["secrets"] for name in ("development", "production")} == {"inherit"}
    notify = load("deploy")["jobs"]["deploy"]["steps"][-1]
    done = subprocess.run(  # noqa: S603, our own words
        ["bash", "-e", "-c", notify["run"]],  # noqa: S607, bash
        env={"PATH": os.environ["PATH"], "WEBHOOK": "", "ENVIRONMENT": "production"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.startswith("::warning::nobody is notified: the environment production has no secret")


@pytest.mark.parametrize(("stored", "builds"), [("None", True), ("sha256:1", False)])
def test_an_image_is_built_once_for_a_tag(tmp_path: Path, stored: str, builds: bool) -> None:
    commands = {
        "aws": f"""case "$2" in
            describe-repositories) echo host/images ;; batch-get-image) echo {stored} ;;
            describe-image-scan-findings) echo None None ;; esac""",
        "docker": """case "$2" in
            build) touch built ;;
            imagetools) echo '{}' ;; esac""",
        "jq": """case "$*" in *containerimage*) echo sha256:1 ;; *) cat > /dev/null; echo sha256:2 ;; esac""",
    }
    for name, body in commands.items():
        (tmp_path / name).write_text(f"#!/usr/bin/env bash\n{body}\n")
        (tmp_path / name).chmod(0o755)
    done = subprocess.run(  # noqa: S603, our own words
        ["bash", str(GITHUB / "scripts" / "push_image.sh"), "images", "abc"],  # noqa: S607, bash
        cwd=tmp_path, env={"PATH": f"{tmp_path}:{os.environ['PATH']}"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "IMAGE=host/images@sha256:1\nDIGEST=sha256:1\n"
    assert (tmp_path / "built").exists() is builds


def test_the_command_cdk_is_pinned_by_its_hash() -> None:
    folder = ROOT / "infrastructure"
    (name, version), *others = json.loads((folder / "package.json").read_text())["devDependencies"].items()
    locked = json.loads((folder / "package-lock.json").read_text())["packages"]
    assert (name, others) == ("aws-cdk", [])
    assert re.fullmatch(r"\d+\.\d+\.\d+", version)
    assert locked.keys() == {"", "node_modules/aws-cdk"}
    assert locked["node_modules/aws-cdk"]["version"] == version
    assert locked["node_modules/aws-cdk"]["integrity"].startswith("sha512-")
    (deploy,) = [step["run"] for step in load("deploy")["jobs"]["deploy"]["steps"] if "npx" in step.get("run", "")]
    assert deploy.index("npm ci") < deploy.index("npx cdk deploy")
    assert not [page for page in [*ROOT.rglob("docs/**/*.md"), *WORKFLOWS, *SCRIPTS] if "aws-cdk@" in page.read_text()]


def test_runs_are_drained_and_the_schema_migrated_before_the_services_are_replaced() -> None:
    steps = load("deploy")["jobs"]["deploy"]["steps"]
    commands = [str(step.get("run", "")) for step in steps]
    order = ["push_image.sh", "daemon.sh 0", "flightsched drain", "flightsched db upgrade", "npx cdk deploy",
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
