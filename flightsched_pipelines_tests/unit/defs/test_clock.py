"""The clock, which everything that runs in Dagster is given: an hour ends when it says so."""

from pathlib import Path

import flightsched_pipelines.defs

DEFS = Path(flightsched_pipelines.defs.__path__[0])
BEFORE_ANY_RESOURCE = {"clock.py", "instance.py"}
"""The clock itself, and what is decided when the definitions are loaded."""


def test_only_the_clock_reads_the_time() -> None:
    sources = {file.relative_to(DEFS).as_posix(): file.read_text(encoding="utf-8") for file in DEFS.rglob("*.py")}
    reading = {name for name, source in sources.items() if "datetime.now(" in source or "utcnow(" in source}
    assert reading == BEFORE_ANY_RESOURCE
