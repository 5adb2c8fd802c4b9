"""An embedded PostgreSQL that is killed."""

import time
from contextlib import suppress
from pathlib import Path

import psutil


def kill_server(home: Path) -> None:
    """Kill the postmaster and every process of its, and return when none of them runs."""
    pid = int((home / "postgres" / "data" / "postmaster.pid").read_text().split()[0])
    postmaster = psutil.Process(pid)
    postmaster.suspend()  # it starts no other while they are listed
    family = [*postmaster.children(recursive=True), postmaster]
    for process in family:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    for process in family:
        with suppress(psutil.NoSuchProcess):
            while process.status() != psutil.STATUS_ZOMBIE:  # where init reaps nothing it stays one
                time.sleep(0.01)
