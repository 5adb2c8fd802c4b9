"""Find free ports."""

import os
from functools import cache
from pathlib import Path
from tempfile import gettempdir

from flightsched_pipelines.database import embedded


def free_port() -> int:
    """Return a free port of loopback that no other test of the session is given."""
    while True:
        port = embedded.free_port()
        try:
            (_given() / str(port)).touch(exist_ok=False)
        except FileExistsError:
            continue
        return port


@cache
def _given() -> Path:
    """A folder with a file for each port that was given; the processes of a session share it."""
    folder = Path(os.environ.get("PYTEST_DEBUG_TEMPROOT", gettempdir())) / "ports"
    folder.mkdir(exist_ok=True)
    return folder
