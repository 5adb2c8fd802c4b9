"""The services by their commands: those of docker-compose.yml, their sizes, ports and health checks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from infrastructure.ports import CODE_PORT, PORTAL_PORT, UI_PORT


@dataclass(frozen=True, slots=True)
class Role:
    """A service by its command: its size, its port, and whether our own code runs in it."""

    command: Sequence[str]
    cpu: int
    megabytes: int
    port: int | None = None
    runs_our_code: bool = False
    health: Sequence[str] = ()
    health_seconds: int = 15


def _python(path: str, port: int) -> Sequence[str]:
    request = f"import urllib.request; urllib.request.urlopen('http://127.0.0.1:{port}{path}', timeout=5)"
    return ("CMD", "python", "-c", request)


_AS_JSON = ("--log-format", "json")
_UI = ("dagster-webserver", *_AS_JSON, "-h", "0.0.0.0", "-p", str(UI_PORT), "-w", "workspace.docker.yaml")  # noqa: S104, a task
_UI_HEALTH = _python("/server_info", UI_PORT)

ROLES: Mapping[str, Role] = MappingProxyType(
    {
        "code-location": Role(
            ("dagster", "api", "grpc", *_AS_JSON, "-h", "0.0.0.0", "-p", str(CODE_PORT), "-m",  # noqa: S104, a task
             "flightsched_pipelines.definitions", "-a", "defs"),
            cpu=0, megabytes=0, port=CODE_PORT, runs_our_code=True,
            health=("CMD", "dagster", "api", "grpc-health-check", "-h", "127.0.0.1", "-p", str(CODE_PORT)),
        ),
        "daemon": Role(
            ("dagster-daemon", "run", *_AS_JSON, "-w", "workspace.docker.yaml"), cpu=512, megabytes=2048,
            health=("CMD", "dagster-daemon", "liveness-check"), health_seconds=60,
        ),
        "webserver": Role(_UI, cpu=512, megabytes=2048, port=UI_PORT, health=_UI_HEALTH),
        "viewer": Role((*_UI, "--read-only"), cpu=512, megabytes=2048, port=UI_PORT, health=_UI_HEALTH),
        "portal": Role(
            ("flightsched", "portal", "--host", "0.0.0.0", "--port", str(PORTAL_PORT)),  # noqa: S104, a task
            cpu=512, megabytes=1024, port=PORTAL_PORT, runs_our_code=True, health=_python("/readyz", PORTAL_PORT),
        ),
    }
)  # fmt: skip

MIGRATE = Role(("sh", "-c", "flightsched db upgrade"), cpu=512, megabytes=2048, runs_our_code=True)
"""Run once before each deploy, and its exit code decides; also for commands such as `flightsched smoke`."""

RUN = "run"
"""The task of a run, where each has its own: the code location's without its server."""
