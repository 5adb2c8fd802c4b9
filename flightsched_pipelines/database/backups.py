"""Back both databases up into a folder, and restore them into empty ones."""

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, inspect, make_url, text

from flightsched_pipelines.database import embedded, migrations, table_counts
from flightsched_pipelines.database.engine import application_url, dagster_url, ensure_dagster_database
from flightsched_pipelines.errors import PlainError
from flightsched_pipelines.settings import Settings

APPLICATION, DAGSTER, MANIFEST = "flightsched.dump", "dagster.dump", "manifest.json"


class BackupError(PlainError, ValueError):
    """A backup cannot be made or restored; the message contains the reason and the remedy."""


@dataclass(frozen=True, slots=True)
class Backup:
    """The content of a backup, as its manifest states it.

    ``made_at_utc`` is ISO 8601; ``rows`` counts the application's rows by table, of the same moment as the dump;
    ``sha256`` is the digest of each dump.
    """

    made_at_utc: str
    schema: str
    rows: Mapping[str, int]
    sha256: Mapping[str, str]


def back_up(engine: Engine, settings: Settings, folder: Path, now_utc: datetime) -> Backup:
    """Dump the application's and Dagster's database into a new folder, which only its owner can read.

    Raises:
        BackupError: the folder exists or cannot be written, or a database cannot be dumped; nothing is left of a
            folder that was begun.
    """
    begun = folder.with_name(f".{folder.name}.part")
    try:
        if folder.exists():
            raise BackupError(f"'{folder}' exists; give a folder that does not, and the backup makes it")
        shutil.rmtree(begun, ignore_errors=True)
        begun.mkdir(mode=0o700, parents=True)
        with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
            rows = table_counts.rows_of(connection)
            moment = str(connection.execute(text("SELECT pg_export_snapshot()")).scalar_one())
            _dump(application_url(settings), begun / APPLICATION, [f"--snapshot={moment}"])
        ensure_dagster_database(settings)
        _dump(dagster_url(settings), begun / DAGSTER)
        digests = {name: _digest(begun / name) for name in (APPLICATION, DAGSTER)}
        made = Backup(now_utc.isoformat(), str(migrations.status(engine).current), rows, digests)
        (begun / MANIFEST).write_text(json.dumps(asdict(made), indent=1) + "\n", encoding="utf-8")
        begun.rename(folder)
    except OSError as error:
        raise BackupError(
            f"'{folder}' cannot be written: {error.strerror}; give a folder in a place where you may write"
        ) from None
    finally:  # after an interrupt too: a folder that was only begun must not be taken for a backup
        shutil.rmtree(begun, ignore_errors=True)
    return made


def restore(engine: Engine, settings: Settings, folder: Path) -> Backup:
    """Restore a backup into databases that hold nothing, and count its rows again.

    Raises:
        BackupError: the folder is no whole backup, a database holds data, or cannot take the backup.
    """
    backup = read_manifest(folder)
    ensure_dagster_database(settings)
    with engine.connect() as connection:
        held = _held(connection)
    dagsters = create_engine(dagster_url(settings))
    with dagsters.connect() as connection:
        if inspect(connection).has_table("runs"):
            held |= {"Dagster's runs": count} if (count := _rows_of_runs(connection)) else {}
    dagsters.dispose()
    if held:
        raise BackupError(
            f"the databases hold {table_counts.in_words(held)}; restore into empty ones, which DATABASE_URL and "
            "DAGSTER_POSTGRES_URL name"
        )
    _restore(application_url(settings), folder / APPLICATION)
    _restore(dagster_url(settings), folder / DAGSTER)
    migrations.upgrade(engine)  # an older backup is brought up to date, and the analysts' role gets its rights
    if migrations.status(engine).newest == backup.schema:
        restored = table_counts.rows_of(engine)
        if restored != backup.rows:
            names = sorted(
                name for name in restored.keys() | backup.rows.keys() if restored.get(name) != backup.rows.get(name)
            )
            raise BackupError(f"the rows of {', '.join(names)} are not as many as the backup states; keep the backup")
    return backup


def read_manifest(folder: Path) -> Backup:
    """Return what a backup states of itself, once its dumps are found to be whole.

    Raises:
        BackupError: there is no backup, or a dump is not what was written.
    """
    try:
        backup = Backup(**json.loads((folder / MANIFEST).read_text(encoding="utf-8")))
        digests = {name: _digest(folder / name) for name in backup.sha256}
    except (OSError, ValueError, TypeError):
        raise BackupError(f"'{folder}' has no whole backup; give a folder that `flightsched db backup` made") from None
    if changed := [name for name, digest in digests.items() if digest != backup.sha256[name]]:
        raise BackupError(f"{', '.join(changed)} of '{folder}' is not what the backup wrote; take another backup")
    return backup


def _held(connection: Connection) -> dict[str, int]:
    rows = table_counts.rows_of(connection)
    hours = {name: count for name, count in rows.items() if name.startswith("pipeline.")}
    return table_counts.entered(connection) or hours


def _rows_of_runs(connection: Connection) -> int:
    return int(connection.execute(text("SELECT count(*) FROM runs")).scalar_one())


def _dump(url: str, file: Path, options: Sequence[str] = ()) -> None:
    _run("pg_dump", url, "--format=custom", f"--file={file}", *options)
    file.chmod(0o600)


def _restore(url: str, file: Path) -> None:
    """Replace the empty schema; rights are given anew, since a role belongs to a server and not to a database."""
    _run(
        "pg_restore", url, "--clean", "--if-exists", "--no-owner", "--no-privileges", "--exit-on-error",
        "--single-transaction", str(file),
    )  # fmt: skip


def _run(program: str, url: str, *options: str) -> None:
    """Run one of PostgreSQL's programs, the password in its environment and not among its words."""
    place = make_url(url).set(drivername="postgresql")
    environment = os.environ | {"PGPASSWORD": str(place.password or "")}
    address = place.set(password=None).render_as_string(hide_password=False)
    command = [embedded.program(program), f"--dbname={address}", *options]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        said = (done.stderr.splitlines() or ["it gave no reason"])[0]  # later lines may quote rows
        raise BackupError(f"{program} failed: {said}")


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
