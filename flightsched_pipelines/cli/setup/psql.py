"""Run psql on the database: as a shell in this process's place, or for one statement whose error is one sentence."""

import os
import subprocess
import sys

from flightsched_pipelines.cli.console import UsageError
from flightsched_pipelines.database import embedded

PLACED = "psql: error: "


def run(url: str, *, role: str | None, command: str | None, as_csv: bool) -> None:
    """Run the statement ``command``, or open a shell; with a role, with its rights and search path only.

    Raises:
        UsageError: the statement is wrong, or the role may not run it.
    """
    environment = dict(os.environ)
    if role is not None:
        environment["PGOPTIONS"] = f"-c role={role} -c search_path=analytics"
    words = [str(embedded.program("psql")), url]
    sys.stdout.flush()
    if command is None:
        os.execve(words[0], words, environment)  # noqa: S606, our own program and address
    words += ["--no-psqlrc", "--set=VERBOSITY=terse", *(("--csv",) if as_csv else ()), "--command", command]
    done = subprocess.run(words, env=environment, stderr=subprocess.PIPE, text=True, check=False)  # noqa: S603, as above
    if done.returncode:
        raise UsageError(_sentence(done.stderr, role))
    sys.stderr.write(done.stderr)


def _sentence(printed: str, role: str | None) -> str:
    """Return psql's error in one sentence, with the remedy where the role has too few rights."""
    lines = [line for line in printed.splitlines() if "ERROR:  " in line] or printed.splitlines() or ["psql failed"]
    words = lines[0].removeprefix(PLACED).rpartition("ERROR:  ")[2]
    if role is None:
        return words
    if "permission denied" in words:
        return f"{words}; role {role} reads the views of schema analytics: docs/reference/analytics.md lists them"
    if "does not exist" in words and "relation" in words:
        return f"{words}; docs/reference/analytics.md lists the views"
    return words
