"""An embedded PostgreSQL that is killed."""

import time
from contextlib import suppress
from pathlib import Path

import psutil


def kill_server(home: Path) -> None:
    """Kill the postmaster and every process of its."""
    pid = int((home / "postgres" / "data" / "postmaster.pid").read_text().split()[0])
    postmaster = psutil.Process(pid)
    for process in (postmaster, *postmaster.children(recursive=True)):
        process.kill()
    with suppress(psutil.NoSuchProcess):
        while postmaster.status() != psutil.STATUS_ZOMBIE:  # where init reaps nothing it stays one
            time.sleep(0.01)
